-- Reading from a standby: how far the database has come, and whether its copy has.

-- name: saved_up_to
-- The database, its timeline and how far its log is: every save that was acknowledged lies before.
-- It is what has been flushed, which is all that a standby is sent; where commits do not wait for
-- that, what has been written. No row where the tables are cut over several servers (Citus): the
-- log of one says nothing of the others.
SELECT CAST(system_identifier AS text) AS system,
       left(pg_walfile_name(pg_current_wal_flush_lsn()), 8) AS timeline,
       CAST(CASE current_setting('synchronous_commit')
                 WHEN 'off' THEN pg_current_wal_insert_lsn()
                 ELSE pg_current_wal_flush_lsn()
            END AS text) AS place
  FROM pg_control_system()
 WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');

-- name: has_come_up_to
-- Whether this is a standby of that database, on its timeline, and has replayed its log so far.
-- After a promotion, a standby that followed the former primary for too long could have come
-- further by number and still lack what was saved since: so it has to be on the new timeline.
SELECT pg_is_in_recovery()
       AND CAST(s.system_identifier AS text) = :system
       AND upper(lpad(to_hex(c.timeline_id), 8, '0')) = :timeline AS follows,
       coalesce(pg_last_wal_replay_lsn() >= CAST(CAST(:place AS text) AS pg_lsn), false)
  FROM pg_control_system() AS s
 CROSS JOIN pg_control_checkpoint() AS c;
