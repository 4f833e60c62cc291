-- What machines have to know of each other: which nonces were used, and who asks too often.
--
-- Unlogged tables: nobody waits for a disk to use a nonce. A crash of the database empties them, and
-- a standby that takes its place finds them empty. So each district's book says when it was begun,
-- and is emptied with its nonces: in a new book whatever is dated before its beginning is refused.
CREATE UNLOGGED TABLE nonce_books (
    district_id integer PRIMARY KEY,
    begun bigint NOT NULL,                -- seconds since 1970, as timestamps are
    swept bigint NOT NULL DEFAULT 0       -- what is dated before was removed, or will be
) WITH (fillfactor = 50);

CREATE UNLOGGED TABLE nonces (
    district_id integer NOT NULL,
    at bigint NOT NULL,                   -- the request's timestamp
    digest bytea NOT NULL,                -- of key, token, timestamp and nonce
    PRIMARY KEY (district_id, at, digest)
);

-- When each key's and each address's share will be whole again, with what all workers let through.
-- On several servers it stays on the first one.
CREATE UNLOGGED TABLE limits (
    who text COLLATE "C" PRIMARY KEY,     -- and what of it, as `key 5ab0…` or `address 192.0.2.1`
    full_at double precision NOT NULL,    -- seconds since 1970, by the database's clock
    most double precision NOT NULL        -- seconds that this may be away
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON nonce_books TO rollbook_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON limits TO rollbook_app;
GRANT SELECT, INSERT, DELETE ON nonces TO rollbook_app;

INSERT INTO nonce_books (district_id, begun)
SELECT id, CAST(extract(epoch FROM now()) AS bigint) + 1 FROM districts;

DO $$
DECLARE
    its_name text;
BEGIN
    FOREACH its_name IN ARRAY ARRAY['nonce_books', 'nonces'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', its_name);
        EXECUTE format(
            'CREATE POLICY its_own_district ON %I TO rollbook_app USING (district_id = '
            'CAST(nullif(current_setting(''rollbook.district'', true), '''') AS integer))',
            its_name);
    END LOOP;
END
$$;
