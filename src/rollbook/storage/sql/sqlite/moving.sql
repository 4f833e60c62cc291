-- Moving into a file.

-- name: forget_counters
-- Those of a new file: the ones that were counted come with the rest.
DELETE FROM counters;

-- name: add_counter
INSERT INTO counters (noun, next) VALUES (?, ?);

-- name: let_references_wait
-- Until the transaction ends: events come before their entries.
PRAGMA defer_foreign_keys = on;

-- name: create_moving_record
CREATE TEMP TABLE moving_record (
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    at TEXT NOT NULL,
    user_id INTEGER,
    on_behalf_of INTEGER,
    channel TEXT NOT NULL,
    request_id TEXT NOT NULL,
    dates TEXT NOT NULL,
    changes TEXT NOT NULL
) STRICT;

-- name: index_moving_record
CREATE INDEX temp.moving_record_by_entry ON moving_record (district_id, section_id, number);

-- name: settle_record
-- In the order of the events' ids, which an entry shares with its event.
INSERT INTO record (id, district_id, section_id, number, hash, at, user_id, on_behalf_of, channel,
                    request_id, dates, changes)
SELECT e.id, r.district_id, r.section_id, r.number, r.hash, r.at, r.user_id, r.on_behalf_of,
       r.channel, r.request_id, r.dates, r.changes
  FROM events AS e
 CROSS JOIN temp.moving_record AS r
    ON r.district_id = e.district_id AND r.section_id = e.section_id AND r.number = e.number
 ORDER BY e.id;

-- name: drop_moving_record
DROP TABLE temp.moving_record;
