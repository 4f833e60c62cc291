-- Marks from files and into them. Parameters are bound in the order of their first appearance.

-- name: places
-- Who is enrolled in a section, with all by which a file may name them.
SELECT e.id, e.admin, e.status, e.first_day, e.last_day, e.sourced_id, e.user_id, u.sourced_id
  FROM enrollments AS e
  JOIN users AS u ON u.district_id = e.district_id AND u.id = e.user_id
 WHERE e.district_id = :district_id AND e.section_id = :section_id;

-- name: section_codes
SELECT id, school_code FROM sections WHERE district_id = :district_id ORDER BY id;

-- name: user_of_sourced_id
SELECT id FROM users WHERE district_id = :district_id AND sourced_id = :sourced_id;

-- name: all_places_of_user
SELECT section_id, id
  FROM enrollments
 WHERE district_id = :district_id AND user_id = :user_id;

-- name: marks_to_export
-- statuses has the bit 1 << status for each that is asked for.
SELECT date, enrollment_id, status, comment
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id
   AND date BETWEEN :start AND :end
   AND (:statuses & (1 << status)) <> 0
 ORDER BY date, enrollment_id;
