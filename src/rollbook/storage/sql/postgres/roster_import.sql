-- Taking a roster in: what only PostgreSQL understands.

-- name: resolve_sections
-- A section whose course is named nowhere keeps the course of its own that it may have: one that
-- has no sourced_id. The list of periods is written as the embedded store writes it.
UPDATE staged_sections AS s
   SET school_id = (SELECT id FROM schools
                     WHERE district_id = :district_id AND sourced_id = s.school),
       course_id = coalesce(
           (SELECT id FROM courses
             WHERE district_id = :district_id AND sourced_id = s.course),
           (SELECT c.id
              FROM sections AS t
              JOIN courses AS c ON c.district_id = t.district_id AND c.id = t.course_id
             WHERE t.district_id = :district_id AND t.school_code = s.sourced_id
               AND c.sourced_id IS NULL)),
       grading_periods = (SELECT '[' || coalesce(string_agg(CAST(p.id AS text), ','
                                                            ORDER BY named.place), '') || ']'
                            FROM json_array_elements_text(CAST(s.periods AS json))
                                 WITH ORDINALITY AS named (value, place)
                            JOIN periods AS p
                              ON p.district_id = :district_id AND p.sourced_id = named.value)
 WHERE s.district_id = :district_id;

-- name: unresolved_sections
SELECT sourced_id, 'school', school, seq
  FROM staged_sections
 WHERE district_id = :district_id AND :all_schools AND school IS NOT NULL AND school_id IS NULL
   AND school NOT IN (SELECT sourced_id FROM leaving_schools
                       WHERE district_id = :district_id)
UNION ALL
SELECT s.sourced_id, 'course', s.course, s.seq
  FROM staged_sections AS s
 WHERE s.district_id = :district_id AND :all_courses AND s.course IS NOT NULL
   AND s.course NOT IN (SELECT sourced_id FROM leaving_courses
                         WHERE district_id = :district_id)
   AND NOT EXISTS (SELECT 1 FROM courses
                    WHERE district_id = :district_id AND sourced_id = s.course)
UNION ALL
SELECT s.sourced_id, 'grading period', named.value, s.seq
  FROM staged_sections AS s,
       json_array_elements_text(CAST(s.periods AS json)) AS named (value)
 WHERE s.district_id = :district_id AND :all_periods
   AND named.value NOT IN (SELECT sourced_id FROM leaving_periods
                            WHERE district_id = :district_id)
   AND NOT EXISTS (SELECT 1 FROM periods
                    WHERE district_id = :district_id AND sourced_id = named.value)
 ORDER BY 4, 2;

-- name: imports_so_far
SELECT coalesce(max(number), 0) FROM imports WHERE district_id = :district_id;

-- name: count_import
INSERT INTO imports (district_id, number) VALUES (:district_id, 1)
ON CONFLICT (district_id) DO UPDATE SET number = imports.number + 1;
