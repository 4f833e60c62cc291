-- What administrators did: role given or taken, link made, key created, settings changed …
CREATE TABLE acts (
    id INTEGER PRIMARY KEY,
    district_id INTEGER NOT NULL REFERENCES districts (id),
    at TEXT NOT NULL,
    user_id INTEGER,              -- null: the operator, at the command line
    channel TEXT NOT NULL CHECK (channel IN ('api', 'web', 'import', 'cli')),
    request_id TEXT NOT NULL,
    what TEXT NOT NULL,           -- domain.acts.What
    person_id INTEGER,            -- whom it is about
    thing TEXT NOT NULL,          -- a key's first characters, a login: no secret
    turns TEXT NOT NULL           -- a JSON list of [field, before, after]
) STRICT;

CREATE INDEX acts_by_time ON acts (district_id, at);

-- Like the record of attendance it is written once; and nothing of it is ever removed.
CREATE TRIGGER acts_are_not_rewritten BEFORE UPDATE ON acts
BEGIN
    SELECT raise(ABORT, 'an act is not rewritten');
END;

CREATE TRIGGER acts_are_kept BEFORE DELETE ON acts
BEGIN
    SELECT raise(ABORT, 'an act is kept');
END;
