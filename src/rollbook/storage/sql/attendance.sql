-- Marks, rolls and their record. Parameters are bound in the order of their first appearance.

-- name: section_version
-- How many times the section's attendance was saved; no row when the section is not there.
SELECT coalesce((SELECT max(number) FROM record
                  WHERE district_id = :district_id AND section_id = :section_id), 0)
  FROM sections
 WHERE district_id = :district_id AND id = :section_id;

-- name: record_head
SELECT number, hash
  FROM record
 WHERE district_id = :district_id AND section_id = :section_id
 ORDER BY number DESC
 LIMIT 1;

-- name: marks_not_present
-- In the order of the partial index marks_not_present, which answers it alone.
SELECT enrollment_id, date, status, comment
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id
   AND date BETWEEN :start AND :end
   AND status <> 1
 ORDER BY date, enrollment_id;

-- name: marks_of_every_status
SELECT enrollment_id, date, status, comment
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id
   AND date BETWEEN :start AND :end
 ORDER BY date, enrollment_id;

-- name: marks_on_day
SELECT enrollment_id, status, comment
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id AND date = :date;

-- name: statuses_in_range
SELECT date, enrollment_id, status
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id
   AND date BETWEEN :start AND :end;

-- name: taken_days
SELECT date
  FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id
   AND date BETWEEN :start AND :end
 ORDER BY date;

-- name: save_mark
-- One mark for each enrollment and day: a second save replaces the first.
INSERT INTO marks (district_id, section_id, date, enrollment_id, status, comment)
VALUES (:district_id, :section_id, :date, :enrollment_id, :status, :comment)
ON CONFLICT (district_id, section_id, date, enrollment_id) DO UPDATE
   SET status = excluded.status,
       comment = excluded.comment;

-- name: save_roll
-- The first who took it stays; the last is whoever took it now.
INSERT INTO rolls (district_id, section_id, date,
                   first_taken_at, first_taken_by, last_taken_at, last_taken_by)
VALUES (:district_id, :section_id, :date, :at, :by, :at, :by)
ON CONFLICT (district_id, section_id, date) DO UPDATE
   SET last_taken_at = excluded.last_taken_at,
       last_taken_by = excluded.last_taken_by;

-- name: roll_is_taken
SELECT 1
  FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id AND date = :date;

-- name: rolls
SELECT date, first_taken_at, first_taken_by, last_taken_at, last_taken_by
  FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id
   AND date BETWEEN :start AND :end
 ORDER BY date
 LIMIT :limit;

-- name: count_rolls
SELECT count(*)
  FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id
   AND date BETWEEN :start AND :end;

-- name: add_to_record
INSERT INTO record (district_id, section_id, number, at, user_id, on_behalf_of, channel,
                    request_id, dates, changes, hash)
VALUES (:district_id, :section_id, :number, :at, :user_id, :on_behalf_of, :channel,
        :request_id, :dates, :changes, :hash);

-- name: add_event
INSERT INTO events (district_id, section_id, number)
VALUES (:district_id, :section_id, :number);

-- name: record_entries
-- From one entry on, as many as asked for.
SELECT number, at, user_id, on_behalf_of, channel, request_id, dates, changes, hash
  FROM record
 WHERE district_id = :district_id AND section_id = :section_id AND number >= :number
 ORDER BY number
 LIMIT :limit;
