-- What is kept for longer, what was removed when its time was over, and by whom.

-- Old years of whatever a hold names stay until it is lifted. Rows are never removed: that there
-- was a hold is itself a thing to answer for.
CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    district_id INTEGER NOT NULL REFERENCES districts (id),
    section_id INTEGER,           -- null, with user_id null as well: the whole district
    enrollment_id INTEGER,        -- with its section
    user_id INTEGER,              -- a student: every section they ever had a place in
    reason TEXT NOT NULL CHECK (reason <> ''),
    placed_at TEXT NOT NULL,
    placed_by TEXT NOT NULL,      -- the operator's name on the machine
    lifted_at TEXT,
    lifted_by TEXT,
    CHECK (section_id IS NULL OR user_id IS NULL),
    CHECK (enrollment_id IS NULL OR section_id IS NOT NULL),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id),
    FOREIGN KEY (district_id, section_id, enrollment_id)
        REFERENCES enrollments (district_id, section_id, id),
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
) STRICT;

CREATE INDEX holds_by_district ON holds (district_id);

-- Each time that old years were removed, and what that came to.
CREATE TABLE prunings (
    id INTEGER PRIMARY KEY,
    district_id INTEGER NOT NULL REFERENCES districts (id),
    before TEXT NOT NULL,         -- days before this one were removed
    begun_at TEXT NOT NULL,
    begun_by TEXT NOT NULL,       -- the operator's name on the machine
    ended_at TEXT,                -- null: under way, or interrupted
    sections INTEGER NOT NULL DEFAULT 0,
    marks INTEGER NOT NULL DEFAULT 0,
    rolls INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX prunings_by_district ON prunings (district_id);

-- Where a pruned section's record begins now: the last entry that was removed. What is left still
-- follows from its hash, and an entry of the record itself says the same (domain.retention).
CREATE TABLE anchors (
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    pruning_id INTEGER NOT NULL REFERENCES prunings (id),
    number INTEGER NOT NULL,      -- 0: no entry was removed, only marks and rolls
    hash BLOB NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (district_id, section_id, pruning_id),
    FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id)
) STRICT, WITHOUT ROWID;

-- An entry is removed by a pruning or not at all: in the same transaction its anchor comes first.
CREATE TRIGGER record_is_only_pruned BEFORE DELETE ON record
WHEN NOT EXISTS (
    SELECT 1 FROM anchors
     WHERE district_id = OLD.district_id AND section_id = OLD.section_id
       AND number >= OLD.number)
BEGIN
    SELECT raise(ABORT, 'the record is only removed by pruning');
END;

CREATE TRIGGER anchors_are_not_rewritten BEFORE UPDATE ON anchors
BEGIN
    SELECT raise(ABORT, 'an anchor is not rewritten');
END;

CREATE TRIGGER anchors_are_kept BEFORE DELETE ON anchors
BEGIN
    SELECT raise(ABORT, 'an anchor is kept');
END;
