-- Checking and pruning a file: what goes by the order in which rows were written.

-- name: record_in_order
SELECT district_id, section_id, number FROM record ORDER BY id;

-- name: events_in_order
SELECT district_id, section_id, number FROM events ORDER BY id;

-- name: remove_events_beside
-- An entry and its event are written together, so they bear the same id: no index is needed. Where
-- they do not, remove_events_up_to finds them, by reading every event there is.
DELETE FROM events
 WHERE id IN (SELECT id FROM record
               WHERE district_id = :district_id AND section_id = :section_id
                 AND number <= :number)
   AND district_id = :district_id AND section_id = :section_id;
