-- A day of the school, and a student's days. Parameters are bound in the order of their first
-- appearance.
--
-- The sections of a day are a school's, or those that somebody teaches; with neither given, all
-- of the district. From a section its rows of the day are found by their key: CROSS JOIN is how
-- SQLite is told to go in that order, and not to begin with every mark of the district.

-- name: sections_taught
SELECT s.id, s.course_id, c.title, c.course_code, s.title, s.school_id, s.section_code,
       coalesce(s.school_code, ''), s.description, s.active, s.grading_periods,
       s.meeting_days, s.start_time, s.end_time
  FROM sections AS s
  JOIN courses AS c ON c.district_id = s.district_id AND c.id = s.course_id
 WHERE s.district_id = :district_id AND s.active
   AND s.id IN (SELECT section_id FROM enrollments
                 WHERE district_id = :district_id AND user_id = :user_id
                   AND admin AND status = 1)
 ORDER BY s.id;

-- name: sections_of_day
SELECT s.id, s.course_id, c.title, c.course_code, s.title, s.school_id, s.section_code,
       coalesce(s.school_code, ''), s.description, s.active, s.grading_periods,
       s.meeting_days, s.start_time, s.end_time,
       r.date, r.first_taken_at, r.first_taken_by, r.last_taken_at, r.last_taken_by
  FROM sections AS s
  JOIN courses AS c ON c.district_id = s.district_id AND c.id = s.course_id
  LEFT JOIN rolls AS r ON r.district_id = s.district_id AND r.section_id = s.id
                      AND r.date = :date
 WHERE s.district_id = :district_id AND s.active
   AND (CAST(:school_id AS bigint) IS NULL OR s.school_id = :school_id)
   AND (CAST(:teacher_id AS bigint) IS NULL
        OR s.id IN (SELECT section_id FROM enrollments
                     WHERE district_id = :district_id AND user_id = :teacher_id
                       AND admin AND status = 1))
 ORDER BY s.id;

-- name: places_of_day
-- How many places of each kind, and how they are marked: most of a section are of one kind.
SELECT e.section_id, e.admin, e.status, e.first_day, e.last_day, m.status, count(*)
  FROM sections AS s
 CROSS JOIN enrollments AS e
  LEFT JOIN marks AS m ON m.district_id = e.district_id AND m.section_id = e.section_id
                      AND m.date = :date AND m.enrollment_id = e.id
 WHERE s.district_id = :district_id AND s.active
   AND e.district_id = s.district_id AND e.section_id = s.id
   AND (CAST(:school_id AS bigint) IS NULL OR s.school_id = :school_id)
   AND (CAST(:teacher_id AS bigint) IS NULL
        OR s.id IN (SELECT section_id FROM enrollments
                     WHERE district_id = :district_id AND user_id = :teacher_id
                       AND admin AND status = 1))
 GROUP BY e.section_id, e.admin, e.status, e.first_day, e.last_day, m.status;

-- name: marks_of_day
SELECT m.section_id, m.enrollment_id, m.status, m.comment,
       u.id, u.role, u.name_first, u.name_last, u.sourced_id, u.school_id, u.name_title,
       u.name_first_preferred, u.name_middle, u.username, u.primary_email, u.active
  FROM sections AS s
 CROSS JOIN marks AS m
  JOIN enrollments AS e ON e.district_id = m.district_id AND e.section_id = m.section_id
                       AND e.id = m.enrollment_id
  JOIN users AS u ON u.district_id = e.district_id AND u.id = e.user_id
 WHERE m.district_id = s.district_id AND m.section_id = s.id
   AND m.date = :date AND m.status <> 1
   AND s.district_id = :district_id AND s.active
   AND (CAST(:school_id AS bigint) IS NULL OR s.school_id = :school_id)
   AND (CAST(:teacher_id AS bigint) IS NULL
        OR s.id IN (SELECT section_id FROM enrollments
                     WHERE district_id = :district_id AND user_id = :teacher_id
                       AND admin AND status = 1))
 ORDER BY m.section_id, m.enrollment_id;

-- name: places_of_student
-- In no order. Through the index of users alone, or SQLite reads every enrollment of the district.
SELECT e.id, e.section_id, e.user_id, e.admin, e.status, e.first_day, e.last_day, e.sourced_id,
       s.id, s.course_id, c.title, c.course_code, s.title, s.school_id, s.section_code,
       coalesce(s.school_code, ''), s.description, s.active, s.grading_periods,
       s.meeting_days, s.start_time, s.end_time
  FROM enrollments AS own
 CROSS JOIN enrollments AS e
  JOIN sections AS s ON s.district_id = e.district_id AND s.id = e.section_id
  JOIN courses AS c ON c.district_id = s.district_id AND c.id = s.course_id
 WHERE e.district_id = own.district_id AND e.section_id = own.section_id AND e.id = own.id
   AND own.district_id = :district_id AND own.user_id = :user_id;

-- name: marks_of_student
SELECT m.enrollment_id, m.date, m.status, m.comment
  FROM enrollments AS e
 CROSS JOIN marks AS m
 WHERE m.district_id = e.district_id AND m.section_id = e.section_id
   AND m.date BETWEEN :first AND :last AND m.enrollment_id = e.id
   AND e.district_id = :district_id AND e.user_id = :user_id
 ORDER BY m.date;
