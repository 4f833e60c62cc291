-- Marks and rolls: what PostgreSQL does in its own way.

-- name: section_state
-- All that a save is judged by, from one moment: the counter of changes of people, the record's
-- last entry, the marks of the days in question and which of them have their roll. Each part says
-- itself which district it means: only then does Citus hand the whole to one node.
SELECT c.next, r.number, r.hash, m.dates, m.enrollments, m.statuses, m.comments, t.dates
  FROM sections AS s
 CROSS JOIN (SELECT next FROM counters WHERE noun = 'change of people') AS c
  LEFT JOIN LATERAL (
       SELECT number, hash
         FROM record
        WHERE district_id = :district_id AND section_id = :section_id
        ORDER BY number DESC
        LIMIT 1) AS r ON true
  LEFT JOIN LATERAL (
       SELECT array_agg(date) AS dates, array_agg(enrollment_id) AS enrollments,
              array_agg(status) AS statuses, array_agg(comment) AS comments
         FROM marks
        WHERE district_id = :district_id AND section_id = :section_id
          AND date = ANY (CAST(:days AS date[]))) AS m ON true
  LEFT JOIN LATERAL (
       SELECT array_agg(date) AS dates
         FROM rolls
        WHERE district_id = :district_id AND section_id = :section_id
          AND date = ANY (CAST(:days AS date[]))) AS t ON true
 WHERE s.district_id = :district_id AND s.id = :section_id;

-- name: save_section
SELECT save_section(
    :district_id, :section_id, :people, :number, :mark_dates, :mark_enrollments,
    :mark_statuses, :mark_comments, :roll_dates, :at, :acting, :user_id, :on_behalf_of,
    :channel, :request_id, :dates, :changes, :hash);

-- name: try_writing
-- Nothing, but in the log and on the disk.
SELECT pg_logical_emit_message(true, 'rollbook', '');
