-- The last day, in UTC, on which a key was used; null: not since this column is there.
ALTER TABLE api_keys ADD COLUMN last_used_on date;
