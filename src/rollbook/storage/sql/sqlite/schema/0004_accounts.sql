-- Who comes in at the pages, and how a district has them set.

ALTER TABLE districts ADD COLUMN lock_days INTEGER CHECK (lock_days >= 0);  -- null: no lock
ALTER TABLE districts ADD COLUMN status_looks TEXT NOT NULL DEFAULT '[]';   -- a JSON list

CREATE TABLE accounts (
    district_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    login TEXT NOT NULL UNIQUE,   -- in the whole installation: at the door nothing else is known
    password_hash TEXT,           -- argon2id, with its parameters; null: no password
    subject TEXT UNIQUE,          -- whom a provider of identities says this is
    created_at TEXT NOT NULL,
    disabled_at TEXT,
    PRIMARY KEY (district_id, user_id),
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
) STRICT, WITHOUT ROWID;

-- Browsers that somebody came in with. Whoever reads this table cannot come in with what is here.
CREATE TABLE sessions (
    district_id INTEGER NOT NULL,
    digest BLOB NOT NULL,         -- SHA-256 of the token that the browser has
    user_id INTEGER NOT NULL,
    begun_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,        -- to the minute
    PRIMARY KEY (district_id, digest),
    FOREIGN KEY (district_id, user_id) REFERENCES accounts (district_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (district_id, user_id);

-- Links that set a password, once.
CREATE TABLE links (
    district_id INTEGER NOT NULL,
    digest BLOB NOT NULL,         -- SHA-256 of the token that the link has
    user_id INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    expires_at TEXT NOT NULL,
    used_at TEXT,
    PRIMARY KEY (district_id, digest),
    FOREIGN KEY (district_id, user_id) REFERENCES accounts (district_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX links_by_user ON links (district_id, user_id);
