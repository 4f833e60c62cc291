-- Taking a roster in. Every statement binds by name: district_id, today, first (the first of the
-- ids that were taken for new rows), and all_schools, all_periods, all_courses.
--
-- A school, a course or a period that something names and that is not there is an error only when
-- the roster brings all of them. Otherwise it is left out: a delta file names, for example, the
-- district itself as somebody's organisation, and it is no school.
--
-- staged_x holds the lines of the file, seq their order; leaving_x the sourced_ids of those who
-- leave, known here or not: what a delta file says ended, and what a bulk file no longer has. Both
-- carry their district, so that each statement concerns one district, and on several servers one.

-- name: district_exists
SELECT 1 FROM districts WHERE id = :district_id;

-- name: count_active_enrollments
SELECT count(*) FROM enrollments WHERE district_id = :district_id AND status = 1;

-- ---------------------------------------------------------------- schools

-- name: leaving_school
INSERT INTO leaving_schools (district_id, sourced_id)
VALUES (:district_id, :sourced_id) ON CONFLICT DO NOTHING;

-- name: missing_schools
INSERT INTO leaving_schools (district_id, sourced_id)
SELECT district_id, sourced_id
  FROM schools AS t
 WHERE district_id = :district_id AND sourced_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM staged_schools
                    WHERE district_id = :district_id AND sourced_id = t.sourced_id)
ON CONFLICT DO NOTHING;

-- name: change_schools
UPDATE schools AS t
   SET title = s.title
  FROM staged_schools AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.sourced_id = s.sourced_id
   AND t.title <> s.title;

-- name: count_staged_schools
SELECT count(*),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM schools
                                           WHERE district_id = :district_id
                                             AND sourced_id = s.sourced_id))
  FROM staged_schools AS s
 WHERE s.district_id = :district_id;

-- name: add_schools
INSERT INTO schools (district_id, id, sourced_id, title)
SELECT s.district_id, CAST(:first AS bigint) - 1 + row_number() OVER (ORDER BY seq),
       sourced_id, title
  FROM staged_schools AS s
 WHERE s.district_id = :district_id
   AND NOT EXISTS (SELECT 1 FROM schools
                    WHERE district_id = :district_id AND sourced_id = s.sourced_id);

-- ---------------------------------------------------------------- grading periods

-- name: leaving_period
INSERT INTO leaving_periods (district_id, sourced_id)
VALUES (:district_id, :sourced_id) ON CONFLICT DO NOTHING;

-- name: missing_periods
INSERT INTO leaving_periods (district_id, sourced_id)
SELECT district_id, sourced_id
  FROM periods AS t
 WHERE district_id = :district_id AND sourced_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM staged_periods
                    WHERE district_id = :district_id AND sourced_id = t.sourced_id)
ON CONFLICT DO NOTHING;

-- name: change_periods
UPDATE periods AS t
   SET title = s.title, first_day = s.first_day, last_day = s.last_day
  FROM staged_periods AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.sourced_id = s.sourced_id
   AND (t.title, t.first_day, t.last_day) IS DISTINCT FROM (s.title, s.first_day, s.last_day);

-- name: count_staged_periods
SELECT count(*),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM periods
                                           WHERE district_id = :district_id
                                             AND sourced_id = s.sourced_id))
  FROM staged_periods AS s
 WHERE s.district_id = :district_id;

-- name: add_periods
INSERT INTO periods (district_id, id, sourced_id, title, first_day, last_day)
SELECT s.district_id, CAST(:first AS bigint) - 1 + row_number() OVER (ORDER BY seq),
       sourced_id, title, first_day, last_day
  FROM staged_periods AS s
 WHERE s.district_id = :district_id
   AND NOT EXISTS (SELECT 1 FROM periods
                    WHERE district_id = :district_id AND sourced_id = s.sourced_id);

-- ---------------------------------------------------------------- courses

-- name: leaving_course
INSERT INTO leaving_courses (district_id, sourced_id)
VALUES (:district_id, :sourced_id) ON CONFLICT DO NOTHING;

-- name: missing_courses
INSERT INTO leaving_courses (district_id, sourced_id)
SELECT district_id, sourced_id
  FROM courses AS t
 WHERE district_id = :district_id AND sourced_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM staged_courses
                    WHERE district_id = :district_id AND sourced_id = t.sourced_id)
ON CONFLICT DO NOTHING;

-- name: resolve_courses
UPDATE staged_courses AS s
   SET school_id = (SELECT id FROM schools
                     WHERE district_id = :district_id AND sourced_id = s.school)
 WHERE s.district_id = :district_id;

-- name: unresolved_courses
SELECT sourced_id, 'school', school
  FROM staged_courses
 WHERE district_id = :district_id
   AND :all_schools AND school IS NOT NULL AND school_id IS NULL
   AND school NOT IN (SELECT sourced_id FROM leaving_schools
                       WHERE district_id = :district_id)
 ORDER BY seq;

-- name: change_courses
UPDATE courses AS t
   SET title = s.title, course_code = s.course_code, department = s.department,
       school_id = s.school_id, active = TRUE
  FROM staged_courses AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.sourced_id = s.sourced_id
   AND (t.title, t.course_code, t.department, t.school_id, t.active)
       IS DISTINCT FROM (s.title, s.course_code, s.department, s.school_id, TRUE);

-- name: count_staged_courses
SELECT count(*),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM courses
                                           WHERE district_id = :district_id
                                             AND sourced_id = s.sourced_id))
  FROM staged_courses AS s
 WHERE s.district_id = :district_id;

-- name: add_courses
INSERT INTO courses (district_id, id, sourced_id, title, course_code, department, school_id)
SELECT s.district_id, CAST(:first AS bigint) - 1 + row_number() OVER (ORDER BY seq),
       sourced_id, title, course_code, department, school_id
  FROM staged_courses AS s
 WHERE s.district_id = :district_id
   AND NOT EXISTS (SELECT 1 FROM courses
                    WHERE district_id = :district_id AND sourced_id = s.sourced_id);

-- name: end_courses
UPDATE courses
   SET active = FALSE
 WHERE district_id = :district_id AND active = TRUE
   AND sourced_id IN (SELECT sourced_id FROM leaving_courses
                       WHERE district_id = :district_id);

-- ---------------------------------------------------------------- sections

-- name: leaving_section
INSERT INTO leaving_sections (district_id, sourced_id)
VALUES (:district_id, :sourced_id) ON CONFLICT DO NOTHING;

-- name: missing_sections
INSERT INTO leaving_sections (district_id, sourced_id)
SELECT district_id, school_code
  FROM sections AS t
 WHERE district_id = :district_id AND school_code IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM staged_sections
                    WHERE district_id = :district_id AND sourced_id = t.school_code)
ON CONFLICT DO NOTHING;

-- name: new_own_courses
SELECT count(*)
  FROM staged_sections
 WHERE district_id = :district_id AND course_id IS NULL;

-- name: number_own_courses
UPDATE staged_sections AS s
   SET course_id = CAST(:first AS bigint) + own.place
  FROM (SELECT sourced_id, row_number() OVER (ORDER BY seq) - 1 AS place
          FROM staged_sections
         WHERE district_id = :district_id AND course_id IS NULL) AS own
 WHERE s.district_id = :district_id AND s.sourced_id = own.sourced_id;

-- name: add_own_courses
INSERT INTO courses (district_id, id, title, school_id)
SELECT district_id, course_id, title, school_id
  FROM staged_sections
 WHERE district_id = :district_id AND course_id >= CAST(:first AS bigint)
 ORDER BY course_id;

-- name: change_own_courses
UPDATE courses AS t
   SET title = s.title, school_id = s.school_id
  FROM staged_sections AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.id = s.course_id AND t.sourced_id IS NULL
   AND (t.title, t.school_id) IS DISTINCT FROM (s.title, s.school_id);

-- name: change_sections
UPDATE sections AS t
   SET course_id = s.course_id, school_id = s.school_id, title = s.title,
       section_code = s.section_code, active = TRUE, grading_periods = s.grading_periods,
       meeting_days = s.meeting_days, start_time = s.start_time, end_time = s.end_time
  FROM staged_sections AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.school_code = s.sourced_id
   AND (t.course_id, t.school_id, t.title, t.section_code, t.active, t.grading_periods,
        t.meeting_days, t.start_time, t.end_time)
       IS DISTINCT FROM (s.course_id, s.school_id, s.title, s.section_code, TRUE, s.grading_periods,
               s.meeting_days, s.start_time, s.end_time);

-- name: count_staged_sections
SELECT count(*),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM sections
                                           WHERE district_id = :district_id
                                             AND school_code = s.sourced_id))
  FROM staged_sections AS s
 WHERE s.district_id = :district_id;

-- name: add_sections
INSERT INTO sections (district_id, id, course_id, school_id, school_code, title, section_code,
                      grading_periods, meeting_days, start_time, end_time)
SELECT s.district_id, CAST(:first AS bigint) - 1 + row_number() OVER (ORDER BY seq),
       course_id, school_id, sourced_id, title, section_code, grading_periods, meeting_days,
       start_time, end_time
  FROM staged_sections AS s
 WHERE s.district_id = :district_id
   AND NOT EXISTS (SELECT 1 FROM sections
                    WHERE district_id = :district_id AND school_code = s.sourced_id);

-- name: end_sections
UPDATE sections
   SET active = FALSE
 WHERE district_id = :district_id AND active = TRUE
   AND school_code IN (SELECT sourced_id FROM leaving_sections
                       WHERE district_id = :district_id);

-- ---------------------------------------------------------------- users

-- name: leaving_user
INSERT INTO leaving_users (district_id, sourced_id)
VALUES (:district_id, :sourced_id) ON CONFLICT DO NOTHING;

-- name: missing_users
INSERT INTO leaving_users (district_id, sourced_id)
SELECT district_id, sourced_id
  FROM users AS t
 WHERE district_id = :district_id AND sourced_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM staged_users
                    WHERE district_id = :district_id AND sourced_id = t.sourced_id)
ON CONFLICT DO NOTHING;

-- name: resolve_users
UPDATE staged_users AS s
   SET school_id = (SELECT id FROM schools
                     WHERE district_id = :district_id AND sourced_id = s.school)
 WHERE s.district_id = :district_id;

-- name: unresolved_users
SELECT sourced_id, 'school', school
  FROM staged_users
 WHERE district_id = :district_id
   AND :all_schools AND school IS NOT NULL AND school_id IS NULL
   AND school NOT IN (SELECT sourced_id FROM leaving_schools
                       WHERE district_id = :district_id)
 ORDER BY seq;

-- name: change_users
UPDATE users AS t
   SET role = s.role, school_id = s.school_id, name_first = s.name_first,
       name_last = s.name_last, name_middle = s.name_middle,
       name_first_preferred = s.name_first_preferred, username = s.username,
       primary_email = s.primary_email, active = s.active
  FROM staged_users AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.sourced_id = s.sourced_id
   AND (t.role, t.school_id, t.name_first, t.name_last, t.name_middle, t.name_first_preferred,
        t.username, t.primary_email, t.active)
       IS DISTINCT FROM (s.role, s.school_id, s.name_first, s.name_last, s.name_middle,
               s.name_first_preferred, s.username, s.primary_email, s.active);

-- name: count_staged_users
SELECT count(*),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM users
                                           WHERE district_id = :district_id
                                             AND sourced_id = s.sourced_id))
  FROM staged_users AS s
 WHERE s.district_id = :district_id;

-- name: add_users
INSERT INTO users (district_id, id, sourced_id, school_id, role, name_first,
                   name_first_preferred, name_middle, name_last, username, primary_email, active)
SELECT s.district_id, CAST(:first AS bigint) - 1 + row_number() OVER (ORDER BY seq),
       sourced_id, school_id, role, name_first, name_first_preferred, name_middle, name_last,
       username, primary_email, active
  FROM staged_users AS s
 WHERE s.district_id = :district_id
   AND NOT EXISTS (SELECT 1 FROM users
                    WHERE district_id = :district_id AND sourced_id = s.sourced_id);

-- name: end_users
UPDATE users
   SET active = FALSE
 WHERE district_id = :district_id AND active = TRUE
   AND sourced_id IN (SELECT sourced_id FROM leaving_users
                       WHERE district_id = :district_id);

-- ---------------------------------------------------------------- enrollments

-- name: leaving_enrollment
INSERT INTO leaving_enrollments (district_id, sourced_id)
VALUES (:district_id, :sourced_id) ON CONFLICT DO NOTHING;

-- name: missing_enrollments
INSERT INTO leaving_enrollments (district_id, sourced_id)
SELECT district_id, sourced_id
  FROM enrollments AS t
 WHERE district_id = :district_id AND sourced_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM staged_enrollments
                    WHERE district_id = :district_id AND sourced_id = t.sourced_id)
ON CONFLICT DO NOTHING;

-- name: settle_enrollments
-- Lines that say what is there already need no more than this look at them.
DELETE FROM staged_enrollments AS s
 WHERE s.district_id = :district_id AND EXISTS (
       SELECT 1
         FROM enrollments AS t
         JOIN sections AS k ON k.district_id = t.district_id AND k.id = t.section_id
         JOIN users AS u ON u.district_id = t.district_id AND u.id = t.user_id
        WHERE t.district_id = :district_id AND t.sourced_id = s.sourced_id
          AND t.status = 1 AND t.admin = s.admin
          AND t.first_day IS NOT DISTINCT FROM s.first_day AND t.last_day IS NOT DISTINCT FROM s.last_day
          AND k.school_code = s.section AND u.sourced_id = s.person);

-- name: enrollments_leave_with_others
-- A place in a section that ends, or of a user who leaves, ends too, whatever its line says.
DELETE FROM staged_enrollments
 WHERE district_id = :district_id
   AND (section IN (SELECT sourced_id FROM leaving_sections WHERE district_id = :district_id)
        OR person IN (SELECT sourced_id FROM leaving_users WHERE district_id = :district_id));

-- name: resolve_enrollments
UPDATE staged_enrollments AS s
   SET section_id = (SELECT id FROM sections
                      WHERE district_id = :district_id AND school_code = s.section),
       user_id = (SELECT id FROM users
                   WHERE district_id = :district_id AND sourced_id = s.person)
 WHERE s.district_id = :district_id;

-- name: unresolved_enrollments
SELECT sourced_id, 'section', section, seq
  FROM staged_enrollments
 WHERE district_id = :district_id AND section_id IS NULL
UNION ALL
SELECT sourced_id, 'user', person, seq
  FROM staged_enrollments
 WHERE district_id = :district_id AND user_id IS NULL
 ORDER BY 4, 2;

-- name: release_enrollments
-- An enrollment that now names another section or another person is another one: the old one ends
-- with its marks, under no sourced_id, so that nobody inherits what was marked for somebody else.
-- (Citus 13.2 loses what `CASE status WHEN` compares.)
UPDATE enrollments AS t
   SET sourced_id = NULL,
       last_day = CASE WHEN status <> 1 OR t.last_day < :today THEN t.last_day ELSE :today END,
       status = CASE WHEN status = 1 THEN 2 ELSE status END
  FROM staged_enrollments AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.sourced_id = s.sourced_id
   AND (t.section_id, t.user_id) IS DISTINCT FROM (s.section_id, s.user_id);

-- name: change_enrollments
UPDATE enrollments AS t
   SET admin = s.admin, status = 1, first_day = s.first_day, last_day = s.last_day
  FROM staged_enrollments AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.sourced_id = s.sourced_id
   AND (t.admin, t.status, t.first_day, t.last_day)
       IS DISTINCT FROM (s.admin, 1, s.first_day, s.last_day);

-- name: count_staged_enrollments
SELECT count(*),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM enrollments
                                           WHERE district_id = :district_id
                                             AND sourced_id = s.sourced_id))
  FROM staged_enrollments AS s
 WHERE s.district_id = :district_id;

-- name: add_enrollments
-- In the order of the key: neighbours in the file are written together.
INSERT INTO enrollments (district_id, section_id, id, sourced_id, user_id, admin, first_day,
                         last_day)
SELECT s.district_id, section_id,
       CAST(:first AS bigint) - 1 + row_number() OVER (ORDER BY seq) AS id,
       sourced_id, user_id, admin, first_day, last_day
  FROM staged_enrollments AS s
 WHERE s.district_id = :district_id
   AND NOT EXISTS (SELECT 1 FROM enrollments
                    WHERE district_id = :district_id AND sourced_id = s.sourced_id)
 ORDER BY section_id, id;

-- name: end_enrollments
UPDATE enrollments
   SET status = 2, last_day = CASE WHEN last_day < :today THEN last_day ELSE :today END
 WHERE district_id = :district_id AND status = 1
   AND sourced_id IN (SELECT sourced_id FROM leaving_enrollments
                       WHERE district_id = :district_id);

-- name: end_enrollments_of_sections
UPDATE enrollments
   SET status = 2, last_day = CASE WHEN last_day < :today THEN last_day ELSE :today END
 WHERE district_id = :district_id AND status = 1
   AND section_id IN (SELECT id FROM sections
                       WHERE district_id = :district_id
                         AND school_code IN (SELECT sourced_id FROM leaving_sections
                       WHERE district_id = :district_id));

-- name: end_enrollments_of_users
UPDATE enrollments
   SET status = 2, last_day = CASE WHEN last_day < :today THEN last_day ELSE :today END
 WHERE district_id = :district_id AND status = 1
   AND user_id IN (SELECT id FROM users
                    WHERE district_id = :district_id
                      AND sourced_id IN (SELECT sourced_id FROM leaving_users
                       WHERE district_id = :district_id));
