-- The floor of W on PostgreSQL: the 30 upserts of a roll in one statement, one commit, nothing else.
\set section random(0, :sections - 1)
\set first_place :first_enrollment + :section * 30
\set section_id :first_section + :section
\set day random(0, 59)
\set offset :day / 5 * 7 + :day % 5
\set comment random(1, 2000000000)
INSERT INTO marks (district_id, section_id, date, enrollment_id, status, comment)
SELECT 1, CAST(:section_id AS bigint), date '2026-08-31' + CAST(:offset AS integer),
       CAST(:first_place AS bigint) + place,
       CASE WHEN random() < 0.9 THEN 1 ELSE 2 END, CAST(:comment AS text)
  FROM generate_series(0, 29) AS place
    ON CONFLICT (district_id, section_id, date, enrollment_id) DO UPDATE
   SET status = excluded.status,
       comment = excluded.comment;
