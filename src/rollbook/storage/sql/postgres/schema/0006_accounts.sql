-- Who comes in at the pages, and how a district has them set.

ALTER TABLE districts ADD COLUMN lock_days integer CHECK (lock_days >= 0);  -- null: no lock
ALTER TABLE districts ADD COLUMN status_looks text NOT NULL DEFAULT '[]';   -- a JSON list

-- Which district's a login is, and a subject: at the door nothing else is known yet.
CREATE TABLE login_homes (
    login text COLLATE "C" PRIMARY KEY,
    district_id integer NOT NULL REFERENCES districts (id)
);
CREATE TABLE subject_homes (
    subject text COLLATE "C" PRIMARY KEY,
    district_id integer NOT NULL REFERENCES districts (id)
);

CREATE TABLE accounts (
    district_id integer NOT NULL,
    user_id bigint NOT NULL,
    login text COLLATE "C" NOT NULL REFERENCES login_homes (login),
    password_hash text,                   -- argon2id, with its parameters; null: no password
    subject text COLLATE "C" REFERENCES subject_homes (subject),
    created_at text COLLATE "C" NOT NULL,
    disabled_at text COLLATE "C",
    PRIMARY KEY (district_id, user_id),
    UNIQUE (district_id, login),
    UNIQUE (district_id, subject),
    FOREIGN KEY (district_id, user_id) REFERENCES users (district_id, id)
);

-- Browsers that somebody came in with. Whoever reads this table cannot come in with what is here.
CREATE TABLE sessions (
    district_id integer NOT NULL,
    digest bytea NOT NULL,                -- SHA-256 of the token that the browser has
    user_id bigint NOT NULL,
    begun_at text COLLATE "C" NOT NULL,
    seen_at text COLLATE "C" NOT NULL,    -- to the minute
    PRIMARY KEY (district_id, digest),
    FOREIGN KEY (district_id, user_id) REFERENCES accounts (district_id, user_id)
);

CREATE INDEX sessions_by_user ON sessions (district_id, user_id);

-- Links that set a password, once.
CREATE TABLE links (
    district_id integer NOT NULL,
    digest bytea NOT NULL,                -- SHA-256 of the token that the link has
    user_id bigint NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    expires_at text COLLATE "C" NOT NULL,
    used_at text COLLATE "C",
    PRIMARY KEY (district_id, digest),
    FOREIGN KEY (district_id, user_id) REFERENCES accounts (district_id, user_id)
);

CREATE INDEX links_by_user ON links (district_id, user_id);

-- Sessions and links end, and a login that was given up is free again: these rows may go.
GRANT SELECT, INSERT, DELETE ON login_homes, subject_homes TO rollbook_app;
GRANT SELECT, INSERT, UPDATE ON accounts TO rollbook_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, links TO rollbook_app;

DO $$
DECLARE
    its_name text;
BEGIN
    FOREACH its_name IN ARRAY ARRAY['accounts', 'sessions', 'links'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', its_name);
        EXECUTE format(
            'CREATE POLICY its_own_district ON %I TO rollbook_app USING (district_id = '
            'CAST(nullif(current_setting(''rollbook.district'', true), '''') AS integer))',
            its_name);
    END LOOP;
END
$$;
