-- The floor of R on PostgreSQL: who was not present in a section's month, and nothing else.
\set section_id :first_section + random(0, :sections - 1)
\set first random(0, 30)
\set start :first / 5 * 7 + :first % 5
\set last :first + 29
\set end :last / 5 * 7 + :last % 5
SELECT enrollment_id, date, status, comment
  FROM marks
 WHERE district_id = 1 AND section_id = CAST(:section_id AS bigint)
   AND date BETWEEN date '2026-08-31' + CAST(:start AS integer)
                AND date '2026-08-31' + CAST(:end AS integer)
   AND status <> 1
 ORDER BY date, enrollment_id;
