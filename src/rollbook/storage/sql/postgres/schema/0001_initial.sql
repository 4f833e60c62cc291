-- A district's book on PostgreSQL: the tables of the embedded store, cut by district.
--
-- Every table of a district begins its key with district_id, so that nothing can point from one
-- district into another, row security can keep them apart, and a distributed database can put
-- each on a node of its own. Three small tables are everybody's: districts, counters, key_homes.
--
-- Days are dates. Moments are the text that the record's hashes are made of, compared as bytes.

-- Ids are given out by these counters; a number is never used twice, also across districts. The
-- last one is no noun: it is raised whenever keys, people, districts or enrollments change, by the
-- statements that change them, and tells workers that what they remember of them is out of date.
CREATE TABLE counters (
    noun text COLLATE "C" PRIMARY KEY,
    next bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO counters (noun, next)
VALUES ('district', 1), ('school', 1001), ('period', 2001), ('course', 300001),
       ('section', 400001), ('user', 5000001), ('enrollment', 60000001), ('change of people', 1);

CREATE TABLE districts (
    id integer PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    time_zone text NOT NULL,
    powerschool boolean NOT NULL DEFAULT false,
    created_at text COLLATE "C" NOT NULL
);

-- Which district's a key is: at the door nothing else is known yet.
CREATE TABLE key_homes (
    key text COLLATE "C" PRIMARY KEY,
    district_id integer NOT NULL REFERENCES districts (id)
);

CREATE TABLE schools (
    district_id integer NOT NULL REFERENCES districts (id),
    id bigint NOT NULL,
    sourced_id text COLLATE "C",
    title text NOT NULL,
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id)
);

CREATE TABLE periods (
    district_id integer NOT NULL REFERENCES districts (id),
    id bigint NOT NULL,
    sourced_id text COLLATE "C",
    title text NOT NULL,
    first_day date,
    last_day date,
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id)
);

CREATE TABLE courses (
    district_id integer NOT NULL REFERENCES districts (id),
    id bigint NOT NULL,
    sourced_id text COLLATE "C",
    title text NOT NULL,
    course_code text NOT NULL DEFAULT '',
    department text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    school_id bigint,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id),
    FOREIGN KEY (district_id, school_id) REFERENCES schools (district_id, id)
);

CREATE TABLE sections (
    district_id integer NOT NULL REFERENCES districts (id),
    id bigint NOT NULL,
    course_id bigint NOT NULL,
    school_id bigint,
    school_code text COLLATE "C",         -- its sourced_id: the API calls it section_school_code
    title text NOT NULL,
    section_code text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    grading_periods text NOT NULL DEFAULT '[]',  -- a JSON list of the ids in periods
    meeting_days text NOT NULL DEFAULT '',
    start_time text NOT NULL DEFAULT '',
    end_time text NOT NULL DEFAULT '',
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, school_code),
    FOREIGN KEY (district_id, course_id) REFERENCES courses (district_id, id),
    FOREIGN KEY (district_id, school_id) REFERENCES schools (district_id, id)
);

-- Serves courses/{id}/sections.
CREATE INDEX sections_by_course ON sections (district_id, course_id);

CREATE TABLE users (
    district_id integer NOT NULL REFERENCES districts (id),
    id bigint NOT NULL,
    sourced_id text COLLATE "C",          -- the API calls it school_uid
    school_id bigint,
    role smallint NOT NULL CHECK (role BETWEEN 1 AND 5),
    name_title text NOT NULL DEFAULT '',
    name_first text NOT NULL,
    name_first_preferred text NOT NULL DEFAULT '',
    name_middle text NOT NULL DEFAULT '',
    name_last text NOT NULL,
    username text NOT NULL DEFAULT '',
    primary_email text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (district_id, id),
    UNIQUE (district_id, sourced_id),
    FOREIGN KEY (district_id, school_id) REFERENCES schools (district_id, id)
);

CREATE TABLE enrollments (
    district_id integer NOT NULL,
    section_id bigint NOT NULL,
    id bigint NOT NULL,
    sourced_id text COLLATE "C",
    user_id bigint NOT NULL,
    admin boolean NOT NULL DEFAULT false,
    status smallint NOT NULL DEFAULT 1 CHECK (status BETWEEN 1 AND 5),
    first_day date,                       -- null: since always
    last_day date,                        -- null: until further notice
    PRIMARY KEY (district_id, section_id, id),
    UNIQUE (district_id, sourced_id),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id),
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
);

-- Serves the front door (how does this user stand in that section?) and users/{id}/sections.
CREATE INDEX enrollments_by_user ON enrollments (district_id, user_id, section_id)
    INCLUDE (admin, status);

-- One mark for each enrollment and day. Its id is made of its key (domain.attendance.mark_id).
CREATE TABLE marks (
    district_id integer NOT NULL,
    date date NOT NULL,                   -- beside the other four bytes: nothing is padded
    section_id bigint NOT NULL,
    enrollment_id bigint NOT NULL,
    status smallint NOT NULL CHECK (status BETWEEN 1 AND 4),
    comment text NOT NULL DEFAULT '',
    PRIMARY KEY (district_id, section_id, date, enrollment_id),
    FOREIGN KEY (district_id, section_id, enrollment_id)
        REFERENCES enrollments (district_id, section_id, id)
);

-- Serves the listing, which never shows PRESENT (status 1): nine marks in ten.
CREATE INDEX marks_not_present ON marks (district_id, section_id, date, enrollment_id)
    WHERE status <> 1;

-- That a roll was taken is a fact of its own: it tells "all present" from "nobody asked".
CREATE TABLE rolls (
    district_id integer NOT NULL,
    date date NOT NULL,
    section_id bigint NOT NULL,
    first_taken_by bigint,                -- null: the operator, at the command line
    last_taken_by bigint,
    first_taken_at text COLLATE "C" NOT NULL,
    last_taken_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, section_id, date),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id)
);

-- The record: an entry for each save, with every change that it made.
CREATE TABLE record (
    district_id integer NOT NULL,
    section_id bigint NOT NULL,
    number bigint NOT NULL,               -- 1, 2, 3 … in the section: its attendance's version
    user_id bigint,                       -- null: the operator, at the command line
    on_behalf_of bigint,
    hash bytea NOT NULL,                  -- domain.record.chain_hash
    at text COLLATE "C" NOT NULL,
    channel text NOT NULL CHECK (channel IN ('api', 'web', 'import', 'cli')),
    request_id text NOT NULL,
    dates text NOT NULL,                  -- a JSON list of the days whose roll this took
    changes text NOT NULL,                -- a JSON list of [enrollment, day, old status, new
                                          --          status, old comment, new comment]
    PRIMARY KEY (district_id, section_id, number),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id)
);

-- What subscribers have to be told: written with the marks, delivered later from here.
CREATE TABLE events (
    district_id integer NOT NULL,
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    section_id bigint NOT NULL,
    number bigint NOT NULL,               -- of the record's entry: what happened
    PRIMARY KEY (district_id, id),
    FOREIGN KEY (district_id, section_id, number)
        REFERENCES record (district_id, section_id, number)
);

-- What that foreign key looks for when an entry is removed by a pruning.
CREATE INDEX events_by_entry ON events (district_id, section_id, number);

CREATE TABLE api_keys (
    district_id integer NOT NULL,
    key text COLLATE "C" NOT NULL REFERENCES key_homes (key),
    user_id bigint NOT NULL,
    name text NOT NULL DEFAULT '',
    sealed_secret bytea NOT NULL,         -- encrypted under the master key, which is not here
    former_sealed_secret bytea,           -- still good until former_until, after a rotation
    former_until text COLLATE "C",
    read_only boolean NOT NULL DEFAULT false,
    created_at text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C",
    revoked_at text COLLATE "C",
    PRIMARY KEY (district_id, key),
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
);

-- Old years of whatever a hold names stay until it is lifted. Rows are never removed: that there
-- was a hold is itself a thing to answer for.
CREATE TABLE holds (
    district_id integer NOT NULL REFERENCES districts (id),
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    section_id bigint,                    -- null, with user_id null as well: the whole district
    enrollment_id bigint,                 -- with its section
    user_id bigint,                       -- a student: every section they ever had a place in
    reason text NOT NULL CHECK (reason <> ''),
    placed_at text COLLATE "C" NOT NULL,
    placed_by text NOT NULL,              -- the operator's name on the machine
    lifted_at text COLLATE "C",
    lifted_by text,
    PRIMARY KEY (district_id, id),
    CHECK (section_id IS NULL OR user_id IS NULL),
    CHECK (enrollment_id IS NULL OR section_id IS NOT NULL),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id),
    FOREIGN KEY (district_id, section_id, enrollment_id)
        REFERENCES enrollments (district_id, section_id, id),
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
);

-- Each time that old years were removed, and what that came to.
CREATE TABLE prunings (
    district_id integer NOT NULL REFERENCES districts (id),
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    before date NOT NULL,                 -- days before this one were removed
    begun_at text COLLATE "C" NOT NULL,
    begun_by text NOT NULL,               -- the operator's name on the machine
    ended_at text COLLATE "C",            -- null: under way, or interrupted
    sections bigint NOT NULL DEFAULT 0,
    marks bigint NOT NULL DEFAULT 0,
    rolls bigint NOT NULL DEFAULT 0,
    entries bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (district_id, id)
);

-- Where a pruned section's record begins now: the last entry that was removed.
CREATE TABLE anchors (
    district_id integer NOT NULL,
    section_id bigint NOT NULL,
    pruning_id bigint NOT NULL,
    number bigint NOT NULL,               -- 0: no entry was removed, only marks and rolls
    hash bytea NOT NULL,
    at text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, section_id, pruning_id),
    FOREIGN KEY (district_id, pruning_id) REFERENCES prunings (district_id, id),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id)
);
