-- The last day, in UTC, on which a key was used; null: not since this column is there.
ALTER TABLE api_keys ADD COLUMN last_used_on TEXT;

-- That a key was used changes nothing that workers remember: they go on remembering it.
DROP TRIGGER api_keys_change;

CREATE TRIGGER api_keys_change
AFTER UPDATE OF user_id, name, sealed_secret, former_sealed_secret, former_until, read_only,
                expires_at, revoked_at ON api_keys
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;
