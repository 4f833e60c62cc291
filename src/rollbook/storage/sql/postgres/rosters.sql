-- Sections, and how users stand in them, for several at once.

-- name: footings
-- Of each section and the user beside it: the section's school, and the user's own enrollments in
-- it, a row each; one row without any where there is none, and no row for a section that is not
-- there.
SELECT asked.place, s.school_id, e.id, e.admin, e.status
  FROM unnest(CAST(:section_ids AS bigint[]), CAST(:user_ids AS bigint[]))
       WITH ORDINALITY AS asked (section_id, user_id, place)
  JOIN sections AS s ON s.district_id = :district_id AND s.id = asked.section_id
  LEFT JOIN enrollments AS e ON e.district_id = :district_id AND e.section_id = s.id
                            AND e.user_id = asked.user_id;

-- name: sections_by_id
SELECT s.id, s.course_id, c.title, c.course_code, s.title, s.school_id, s.section_code,
       coalesce(s.school_code, ''), s.description, s.active, s.grading_periods,
       s.meeting_days, s.start_time, s.end_time
  FROM sections AS s
  JOIN courses AS c ON c.district_id = s.district_id AND c.id = s.course_id
 WHERE s.district_id = :district_id AND s.id = ANY (CAST(:section_ids AS bigint[]))
 ORDER BY s.id;
