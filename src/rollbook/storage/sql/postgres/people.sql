-- Keys and people: what PostgreSQL does in its own way.

-- name: take_role
-- From now on row security holds for this connection, whoever logged in, and nobody waits longer
-- for another's lock. Citus hides its shards from whoever looks through the catalog, at so much for
-- each row that asyncpg's looking up an array's type took seconds; elsewhere that means nothing.
SELECT set_config('role', CAST(:role AS text), false),
       set_config('lock_timeout', CAST(:milliseconds AS text), false),
       set_config('citus.override_table_visibility', 'off', false);

-- name: is_standby
SELECT pg_is_in_recovery();

-- name: work_for
-- From now on this connection sees the rows of one district.
SELECT set_config('rollbook.district', CAST(CAST(:district_id AS integer) AS text), false);

-- name: plan_once
-- From now on this connection plans each statement once. They go by a whole key, whose plan is the
-- same whatever the values are; left to itself PostgreSQL plans those with lists at each call,
-- which takes half as long as running them. Citus has to see the values: there it stays as it is.
SELECT set_config('plan_cache_mode', 'force_generic_plan', false)
 WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');

-- name: plan_by_values
-- Until the transaction ends: for what is run once, or goes by one key or another.
SET LOCAL plan_cache_mode TO auto;

-- name: key_home
SELECT district_id FROM key_homes WHERE key = :key;

-- name: add_key_home
INSERT INTO key_homes (key, district_id) VALUES (:key, :district_id);

-- name: key
SELECT key, district_id, user_id, sealed_secret, former_sealed_secret, former_until,
       name, read_only, created_at, expires_at, revoked_at, last_used_on
  FROM api_keys
 WHERE district_id = :district_id AND key = :key;

-- name: administer_alone
-- Of two who administer a district one waits for the other, so that what an act says was before is
-- what was before. Until the transaction ends.
SELECT pg_advisory_xact_lock(76552665, :district_id);

-- name: raise_people_version
UPDATE counters SET next = next + 1 WHERE noun = 'change of people';

-- name: durability
SELECT name, setting FROM pg_settings
 WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit');

-- name: has_migrations
SELECT to_regclass('migrations') IS NOT NULL;

-- name: create_migrations
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY,
    name text NOT NULL
);

-- name: migration_level
SELECT coalesce(max(number), 0) FROM migrations;

-- name: migration_floor
-- The last step that versions which do not know it cannot work with.
SELECT coalesce(max(number), 0) FROM migrations WHERE name LIKE '%.breaking.sql';

-- name: add_migration
INSERT INTO migrations (number, name) VALUES (:number, :name);

-- name: wait_for_no_table
-- Until the transaction ends: for a table that a long read has everybody else would wait too, behind
-- whoever waits to change it.
SET LOCAL lock_timeout TO '2s';

-- name: migrate_alone
SELECT pg_advisory_xact_lock(7655266524);
