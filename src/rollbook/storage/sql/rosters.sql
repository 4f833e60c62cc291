-- Courses, sections, enrollments.

-- name: seats
SELECT id, admin, status, first_day, last_day
  FROM enrollments
 WHERE district_id = :district_id AND section_id = :section_id
 ORDER BY id;

-- name: courses
SELECT id, title, course_code, department, description, school_id, sourced_id
  FROM courses
 WHERE district_id = :district_id
 ORDER BY id
 LIMIT :limit OFFSET :offset;

-- name: count_courses
SELECT count(*) FROM courses WHERE district_id = :district_id;

-- name: course
SELECT id, title, course_code, department, description, school_id, sourced_id
  FROM courses
 WHERE district_id = :district_id AND id = :course_id;

-- name: section
SELECT s.id, s.course_id, c.title, c.course_code, s.title, s.school_id, s.section_code,
       coalesce(s.school_code, ''), s.description, s.active, s.grading_periods,
       s.meeting_days, s.start_time, s.end_time
  FROM sections AS s
  JOIN courses AS c ON c.district_id = s.district_id AND c.id = s.course_id
 WHERE s.district_id = :district_id AND s.id = :section_id;

-- name: section_exists
SELECT 1 FROM sections WHERE district_id = :district_id AND id = :section_id;

-- name: sections_of_course
SELECT id
  FROM sections
 WHERE district_id = :district_id AND course_id = :course_id
 ORDER BY id;

-- name: sections_of_user
-- Those in which the user has an active enrollment.
SELECT DISTINCT section_id
  FROM enrollments
 WHERE district_id = :district_id AND user_id = :user_id AND status = 1
 ORDER BY section_id;

-- name: section_of_school_code
SELECT id FROM sections WHERE district_id = :district_id AND school_code = :school_code;

-- name: section_ids
SELECT id FROM sections WHERE district_id = :district_id ORDER BY id;

-- name: enrollments
SELECT e.id, e.section_id, e.user_id, e.admin, e.status, e.first_day, e.last_day, e.sourced_id,
       u.id, u.role, u.name_first, u.name_last, u.sourced_id, u.school_id, u.name_title,
       u.name_first_preferred, u.name_middle, u.username, u.primary_email, u.active
  FROM enrollments AS e
  JOIN users AS u ON u.district_id = e.district_id AND u.id = e.user_id
 WHERE e.district_id = :district_id AND e.section_id = :section_id
 ORDER BY e.id;
