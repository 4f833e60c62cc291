-- Archives: what they hold of a section, and what coming back writes. Parameters are bound in the
-- order of their first appearance.

-- name: about_section
-- What an archive says of a section: nothing of it comes back.
SELECT s.school_code, s.title, s.section_code, s.course_id, c.course_code, c.title,
       s.school_id, h.title
  FROM sections AS s
  JOIN courses AS c ON c.district_id = s.district_id AND c.id = s.course_id
  LEFT JOIN schools AS h ON h.district_id = s.district_id AND h.id = s.school_id
 WHERE s.district_id = :district_id AND s.id = :section_id;

-- name: places_in_section
SELECT e.id, e.sourced_id, e.user_id, u.sourced_id, CAST(e.admin AS integer), e.status,
       e.first_day, e.last_day
  FROM enrollments AS e
  JOIN users AS u ON u.district_id = e.district_id AND u.id = e.user_id
 WHERE e.district_id = :district_id AND e.section_id = :section_id
 ORDER BY e.id;

-- name: old_marks
SELECT date, enrollment_id, status, comment
  FROM marks
 WHERE district_id = :district_id AND section_id = :section_id AND date < :before
 ORDER BY date, enrollment_id;

-- name: old_rolls
SELECT date, first_taken_at, first_taken_by, last_taken_at, last_taken_by
  FROM rolls
 WHERE district_id = :district_id AND section_id = :section_id AND date < :before
 ORDER BY date;

-- name: add_restoration
INSERT INTO restorations (district_id, section_id, pruning_id, restored_at, restored_by)
VALUES (:district_id, :section_id, :pruning_id, :at, :by);
