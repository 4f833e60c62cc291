-- How a user stands in a section.

-- name: school_of_section
SELECT school_id FROM sections WHERE district_id = :district_id AND id = :section_id;

-- name: places_of_user
-- A user's own enrollments in a section: the index enrollments_by_user answers it alone.
SELECT id, admin, status
  FROM enrollments
 WHERE district_id = :district_id AND user_id = :user_id AND section_id = :section_id;
