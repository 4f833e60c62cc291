-- How users stand in sections, for several who ask at once.

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
