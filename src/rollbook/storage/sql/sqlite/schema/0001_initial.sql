-- A district's book. Every table that belongs to a district begins its key with district_id:
-- nothing can point from one district into another, and a distributed database can be cut there.
--
-- WITHOUT ROWID keeps a table in the order of its key, so that a section's marks, its roster and
-- its rolls are each one stretch of the file. STRICT makes SQLite hold columns to their types.

-- Ids are given out by these counters; a number is never used twice, also across districts, so a
-- program that mixes up two districts finds nothing instead of a stranger.
CREATE TABLE counters (
    noun TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (noun, next)
VALUES ('district', 1), ('school', 1001), ('period', 2001), ('course', 300001),
       ('section', 400001), ('user', 5000001), ('enrollment', 60000001);

CREATE TABLE districts (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    time_zone TEXT NOT NULL,
    powerschool INTEGER NOT NULL DEFAULT 0 CHECK (powerschool IN (0, 1)),
    created_at TEXT NOT NULL
) STRICT;

-- sourced_id is the district's own id of a thing, where a roster file brought it: unique in its
-- district and noun, and what a second import finds it by.
CREATE TABLE schools (
    district_id INTEGER NOT NULL REFERENCES districts (id),
    id INTEGER NOT NULL,
    sourced_id TEXT,
    title TEXT NOT NULL,
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE periods (
    district_id INTEGER NOT NULL REFERENCES districts (id),
    id INTEGER NOT NULL,
    sourced_id TEXT,
    title TEXT NOT NULL,
    first_day TEXT,
    last_day TEXT,
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE courses (
    district_id INTEGER NOT NULL REFERENCES districts (id),
    id INTEGER NOT NULL,
    sourced_id TEXT,
    title TEXT NOT NULL,
    course_code TEXT NOT NULL DEFAULT '',
    department TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    school_id INTEGER,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id),
    FOREIGN KEY (district_id, school_id) REFERENCES schools (district_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sections (
    district_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    course_id INTEGER NOT NULL,
    school_id INTEGER,
    school_code TEXT,             -- its sourced_id: the API calls it section_school_code
    title TEXT NOT NULL,
    section_code TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    grading_periods TEXT NOT NULL DEFAULT '[]',  -- a JSON list of the ids in periods
    meeting_days TEXT NOT NULL DEFAULT '',
    start_time TEXT NOT NULL DEFAULT '',
    end_time TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, school_code),
    FOREIGN KEY (district_id, course_id) REFERENCES courses (district_id, id),
    FOREIGN KEY (district_id, school_id) REFERENCES schools (district_id, id)
) STRICT, WITHOUT ROWID;

-- Serves courses/{id}/sections.
CREATE INDEX sections_by_course ON sections (district_id, course_id);

CREATE TABLE users (
    district_id INTEGER NOT NULL REFERENCES districts (id),
    id INTEGER NOT NULL,
    sourced_id TEXT,              -- the API calls it school_uid
    school_id INTEGER,
    role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 5),
    name_title TEXT NOT NULL DEFAULT '',
    name_first TEXT NOT NULL,
    name_first_preferred TEXT NOT NULL DEFAULT '',
    name_middle TEXT NOT NULL DEFAULT '',
    name_last TEXT NOT NULL,
    username TEXT NOT NULL DEFAULT '',
    primary_email TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id),
    FOREIGN KEY (district_id, school_id) REFERENCES schools (district_id, id)
) STRICT, WITHOUT ROWID;

-- The key begins with the section: its roster is read at each save.
CREATE TABLE enrollments (
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    sourced_id TEXT,
    user_id INTEGER NOT NULL,
    admin INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
    status INTEGER NOT NULL DEFAULT 1 CHECK (status BETWEEN 1 AND 5),
    first_day TEXT,               -- null: since always
    last_day TEXT,                -- null: until further notice
    PRIMARY KEY (district_id, section_id, id),
    UNIQUE (district_id, sourced_id),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id),
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
) STRICT, WITHOUT ROWID;

-- Serves the front door (how does this user stand in that section?) and users/{id}/sections.
CREATE INDEX enrollments_by_user ON enrollments (district_id, user_id, section_id, admin, status);

-- One mark for each enrollment and day: a second save replaces the first. A mark's id is made of
-- its key (domain.attendance.mark_id), so there is no column for it.
CREATE TABLE marks (
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    date TEXT NOT NULL,
    enrollment_id INTEGER NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
    comment TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (district_id, section_id, date, enrollment_id),
    FOREIGN KEY (district_id, section_id, enrollment_id)
        REFERENCES enrollments (district_id, section_id, id)
) STRICT, WITHOUT ROWID;

-- Serves the listing, which never shows PRESENT (status 1): nine marks in ten. It holds all that
-- the listing needs, in its order, so a month of a section is one stretch of this index.
CREATE INDEX marks_not_present ON marks
    (district_id, section_id, date, enrollment_id, status, comment)
    WHERE status <> 1;

-- That a roll was taken is a fact of its own: it tells "all present" from "nobody asked".
CREATE TABLE rolls (
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    date TEXT NOT NULL,
    first_taken_at TEXT NOT NULL,
    first_taken_by INTEGER,       -- null: the operator, at the command line
    last_taken_at TEXT NOT NULL,
    last_taken_by INTEGER,
    PRIMARY KEY (district_id, section_id, date),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id)
) STRICT, WITHOUT ROWID;

-- The record: an entry for each save, with every change that it made. Its id is the order in
-- which saves were committed, so it grows at its end and nowhere else.
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    number INTEGER NOT NULL,      -- 1, 2, 3 … in the section: the version of its attendance
    hash BLOB NOT NULL,           -- over the entry before and this one: domain.record.chain_hash;
                                  -- before the long columns, as each save reads the last one
    at TEXT NOT NULL,
    user_id INTEGER,              -- null: the operator, at the command line
    on_behalf_of INTEGER,
    channel TEXT NOT NULL CHECK (channel IN ('api', 'web', 'import', 'cli')),
    request_id TEXT NOT NULL,
    dates TEXT NOT NULL,          -- a JSON list of the days whose roll this took
    changes TEXT NOT NULL,        -- a JSON list of [enrollment, day, old status, new status,
                                  --                  old comment, new comment]
    UNIQUE (district_id, section_id, number),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id)
) STRICT;

-- History is written once. A job that must take old years out does so by a migration's hand.
CREATE TRIGGER record_is_not_rewritten BEFORE UPDATE ON record
BEGIN
    SELECT raise(ABORT, 'the record is not rewritten');
END;

-- What subscribers have to be told: written with the marks, delivered later from here.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    number INTEGER NOT NULL,      -- of the record's entry: what happened
    FOREIGN KEY (district_id, section_id, number)
        REFERENCES record (district_id, section_id, number)
) STRICT;

CREATE TABLE api_keys (
    key TEXT NOT NULL PRIMARY KEY,
    district_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    sealed_secret BLOB NOT NULL,  -- encrypted under the master key, which is not in this file
    former_sealed_secret BLOB,    -- still good until former_until, after a rotation
    former_until TEXT,
    read_only INTEGER NOT NULL DEFAULT 0 CHECK (read_only IN (0, 1)),
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_district ON api_keys (district_id, created_at);
