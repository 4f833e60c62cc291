-- Marks and rolls: what PostgreSQL does in its own way, for several who ask at once. Each part of a
-- statement says itself which district it means: only then does Citus hand the whole to one node.

-- name: section_versions
-- How many times each of these sections' attendance was saved; no row for one that is not there.
SELECT s.id, coalesce((SELECT max(number) FROM record
                        WHERE district_id = :district_id AND section_id = s.id), 0)
  FROM sections AS s
 WHERE s.district_id = :district_id AND s.id = ANY (CAST(:section_ids AS bigint[]));

-- name: listings
-- Of several sections at one moment, each from one day to another: the version, the marks that are
-- not PRESENT in the order of the index marks_not_present, and the days whose roll was taken.
SELECT asked.place,
       coalesce((SELECT max(number) FROM record
                  WHERE district_id = :district_id AND section_id = s.id), 0),
       m.enrollments, m.dates, m.statuses, m.comments,
       ARRAY(SELECT date
               FROM rolls
              WHERE district_id = :district_id AND section_id = s.id
                AND date BETWEEN asked.start AND asked.end
              ORDER BY date)
  FROM unnest(CAST(:section_ids AS bigint[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
       WITH ORDINALITY AS asked (section_id, start, "end", place)
  JOIN sections AS s ON s.district_id = :district_id AND s.id = asked.section_id
 CROSS JOIN LATERAL (
       SELECT array_agg(enrollment_id) AS enrollments, array_agg(date) AS dates,
              array_agg(status) AS statuses, array_agg(comment) AS comments
         FROM (SELECT enrollment_id, date, status, comment
                 FROM marks
                WHERE district_id = :district_id AND section_id = s.id
                  AND date BETWEEN asked.start AND asked.end
                  AND status <> 1
                ORDER BY date, enrollment_id) AS listed) AS m;

-- name: section_states
-- All that saves of these sections are judged by, from one moment: the counter of changes of
-- people, the record's last entry, the marks of the days in question, which of them have their roll,
-- and the places of those sections whose roster is unknown. Days come beside the section each is
-- asked of.
SELECT s.id, c.next, r.number, r.hash, m.dates, m.enrollments, m.statuses, m.comments, t.dates,
       p.ids, p.admins, p.statuses, p.first_days, p.last_days
  FROM sections AS s
 CROSS JOIN (SELECT next FROM counters WHERE noun = 'change of people') AS c
  LEFT JOIN LATERAL (
       SELECT number, hash
         FROM record
        WHERE district_id = :district_id AND section_id = s.id
        ORDER BY number DESC
        LIMIT 1) AS r ON true
 CROSS JOIN LATERAL (
       SELECT array_agg(marks.date) AS dates, array_agg(enrollment_id) AS enrollments,
              array_agg(status) AS statuses, array_agg(comment) AS comments
         FROM unnest(CAST(:day_sections AS bigint[]), CAST(:days AS date[]))
              AS asked (section_id, date)
         JOIN marks ON marks.district_id = :district_id AND marks.section_id = s.id
                   AND marks.date = asked.date
        WHERE asked.section_id = s.id) AS m
 CROSS JOIN LATERAL (
       SELECT array_agg(rolls.date) AS dates
         FROM unnest(CAST(:day_sections AS bigint[]), CAST(:days AS date[]))
              AS asked (section_id, date)
         JOIN rolls ON rolls.district_id = :district_id AND rolls.section_id = s.id
                   AND rolls.date = asked.date
        WHERE asked.section_id = s.id) AS t
 CROSS JOIN LATERAL (
       SELECT array_agg(id) AS ids, array_agg(admin) AS admins, array_agg(status) AS statuses,
              array_agg(first_day) AS first_days, array_agg(last_day) AS last_days
         FROM (SELECT id, admin, status, first_day, last_day
                 FROM enrollments
                WHERE district_id = :district_id AND section_id = s.id
                  AND s.id = ANY (CAST(:unknown AS bigint[]))
                ORDER BY id) AS listed) AS p
 WHERE s.district_id = :district_id AND s.id = ANY (CAST(:section_ids AS bigint[]));

-- name: seats_of_sections
SELECT section_id, id, admin, status, first_day, last_day
  FROM enrollments
 WHERE district_id = :district_id AND section_id = ANY (CAST(:section_ids AS bigint[]))
 ORDER BY section_id, id;

-- name: save_sections
SELECT save_sections(
    :district_id, :people, :at,
    :section_ids, :numbers, :follow, :user_ids, :on_behalf_of, :channels, :request_ids,
    :dates, :changes, :hashes,
    :mark_sections, :mark_dates, :mark_enrollments, :mark_statuses, :mark_comments,
    :roll_sections, :roll_dates, :roll_firsts, :roll_lasts);

-- name: try_writing
-- Nothing, but in the log and on the disk.
SELECT pg_logical_emit_message(true, 'rollbook', '');
