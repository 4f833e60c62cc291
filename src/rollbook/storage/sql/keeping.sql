-- Checking, heads, holds and prunings. Parameters are bound in the order of their first appearance.

-- name: district_ids
-- Of a book of any schema: also an older one is checked before it counts as a backup.
SELECT id FROM districts ORDER BY id;

-- name: sections_after
SELECT id
  FROM sections
 WHERE district_id = :district_id AND id > :section_id
 ORDER BY id
 LIMIT :limit;

-- name: count_sections
SELECT count(*) FROM sections WHERE district_id = :district_id;

-- name: all_marks
SELECT date, enrollment_id, status, comment
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id;

-- name: all_rolls
SELECT date, first_taken_at, first_taken_by, last_taken_at, last_taken_by
  FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id;

-- name: anchor
-- The last one whose pruning was not undone: where the section's record begins now.
SELECT a.pruning_id, p.before, a.number, a.hash, a.at
  FROM anchors AS a
  JOIN prunings AS p ON p.district_id = a.district_id AND p.id = a.pruning_id
 WHERE a.district_id = :district_id AND a.section_id = :section_id
   AND NOT EXISTS (
       SELECT 1 FROM restorations AS r
        WHERE r.district_id = a.district_id AND r.section_id = a.section_id
          AND r.pruning_id = a.pruning_id)
 ORDER BY a.pruning_id DESC
 LIMIT 1;

-- name: last_entry_before
-- The section's last entry that was written before a moment.
SELECT number, hash
  FROM record
 WHERE district_id = :district_id AND section_id = :section_id AND at < :end
 ORDER BY number DESC
 LIMIT 1;

-- name: add_hold
INSERT INTO holds (district_id, section_id, enrollment_id, user_id, reason, placed_at, placed_by)
VALUES (:district_id, :section_id, :enrollment_id, :user_id, :reason, :placed_at, :placed_by)
RETURNING id;

-- name: lift_hold
UPDATE holds
   SET lifted_at = :at, lifted_by = :by
 WHERE district_id = :district_id AND id = :id AND lifted_at IS NULL
RETURNING id;

-- name: holds
SELECT id, district_id, section_id, enrollment_id, user_id, reason,
       placed_at, placed_by, lifted_at, lifted_by
  FROM holds
 WHERE district_id = :district_id
 ORDER BY id;

-- name: section_of_enrollment
SELECT section_id
  FROM enrollments
 WHERE district_id = :district_id AND id = :enrollment_id;

-- name: is_held
-- A student's hold is on every section they ever had a place in, also when it ended.
SELECT 1
  FROM holds AS h
 WHERE h.district_id = :district_id AND h.lifted_at IS NULL
   AND (h.section_id = :section_id
        OR h.section_id IS NULL AND h.user_id IS NULL
        OR h.user_id IN (SELECT user_id FROM enrollments
                          WHERE district_id = :district_id AND section_id = :section_id))
 LIMIT 1;

-- name: prunings
SELECT id, district_id, before, begun_at, begun_by, ended_at, sections, marks, rolls, entries
  FROM prunings
 WHERE district_id = :district_id
 ORDER BY id;

-- name: begin_pruning
INSERT INTO prunings (district_id, before, begun_at, begun_by)
VALUES (:district_id, :before, :at, :by)
RETURNING id;

-- name: end_prunings
-- Those that were interrupted and are not gone on with, and the one that is done.
UPDATE prunings
   SET ended_at = :at
 WHERE district_id = :district_id AND ended_at IS NULL AND before IS DISTINCT FROM :but_not;

-- name: count_pruned
UPDATE prunings
   SET sections = sections + :sections, marks = marks + :marks,
       rolls = rolls + :rolls, entries = entries + :entries
 WHERE district_id = :district_id AND id = :id;

-- name: add_anchor
INSERT INTO anchors (district_id, section_id, pruning_id, number, hash, at)
VALUES (:district_id, :section_id, :pruning_id, :number, :hash, :at);

-- name: say_in_the_record
-- No row comes back when somebody's save has taken the number.
INSERT INTO record (district_id, section_id, number, at, user_id, on_behalf_of, channel,
                    request_id, dates, changes, hash)
VALUES (:district_id, :section_id, :number, :at, :user_id, :on_behalf_of, :channel,
        :request_id, :dates, :changes, :hash)
ON CONFLICT (district_id, section_id, number) DO NOTHING
RETURNING number;

-- name: count_old_marks
SELECT count(*)
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id AND date < :before;

-- name: count_old_rolls
SELECT count(*)
  FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id AND date < :before;

-- name: remove_old_marks
DELETE FROM marks
 WHERE district_id = :district_id AND section_id = :section_id AND date < :before;

-- name: remove_old_rolls
DELETE FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id AND date < :before;

-- name: remove_events_up_to
DELETE FROM events
 WHERE district_id = :district_id AND section_id = :section_id AND number <= :number;

-- name: remove_record_up_to
DELETE FROM record
 WHERE district_id = :district_id AND section_id = :section_id AND number <= :number;
