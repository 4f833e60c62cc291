-- Taking a roster in: what only SQLite understands.

-- name: create_staging
CREATE TEMP TABLE staged_schools (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE staged_periods (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    title TEXT NOT NULL,
    first_day TEXT,
    last_day TEXT,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE staged_courses (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    title TEXT NOT NULL,
    course_code TEXT NOT NULL,
    department TEXT NOT NULL,
    school TEXT,
    school_id INTEGER,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE staged_sections (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    course TEXT,
    school TEXT,
    title TEXT NOT NULL,
    section_code TEXT NOT NULL,
    periods TEXT NOT NULL,        -- a JSON list of sourced_ids
    meeting_days TEXT NOT NULL,
    start_time TEXT NOT NULL,
    end_time TEXT NOT NULL,
    course_id INTEGER,
    school_id INTEGER,
    grading_periods TEXT,         -- a JSON list of ids
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE staged_users (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    role INTEGER NOT NULL,
    school TEXT,
    name_first TEXT NOT NULL,
    name_last TEXT NOT NULL,
    name_middle TEXT NOT NULL,
    name_first_preferred TEXT NOT NULL,
    username TEXT NOT NULL,
    primary_email TEXT NOT NULL,
    active INTEGER NOT NULL,
    school_id INTEGER,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE staged_enrollments (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    section TEXT NOT NULL,
    person TEXT NOT NULL,
    admin INTEGER NOT NULL,
    first_day TEXT,
    last_day TEXT,
    section_id INTEGER,
    user_id INTEGER,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE leaving_schools (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE leaving_periods (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE leaving_courses (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE leaving_sections (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE leaving_users (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE leaving_enrollments (
    district_id INTEGER NOT NULL,
    sourced_id TEXT NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
) STRICT, WITHOUT ROWID;

-- name: drop_staging
DROP TABLE IF EXISTS temp.staged_schools;
DROP TABLE IF EXISTS temp.staged_periods;
DROP TABLE IF EXISTS temp.staged_courses;
DROP TABLE IF EXISTS temp.staged_sections;
DROP TABLE IF EXISTS temp.staged_users;
DROP TABLE IF EXISTS temp.staged_enrollments;
DROP TABLE IF EXISTS temp.leaving_schools;
DROP TABLE IF EXISTS temp.leaving_periods;
DROP TABLE IF EXISTS temp.leaving_courses;
DROP TABLE IF EXISTS temp.leaving_sections;
DROP TABLE IF EXISTS temp.leaving_users;
DROP TABLE IF EXISTS temp.leaving_enrollments;

-- name: stage_school
INSERT INTO temp.staged_schools (district_id, seq, sourced_id, title) VALUES (?, ?, ?, ?);

-- name: stage_period
INSERT INTO temp.staged_periods (district_id, seq, sourced_id, title, first_day, last_day)
VALUES (?, ?, ?, ?, ?, ?);

-- name: stage_course
INSERT INTO temp.staged_courses (district_id, seq, sourced_id, title, course_code, department,
                                 school)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: stage_section
INSERT INTO temp.staged_sections (district_id, seq, sourced_id, course, school, title,
                                  section_code, periods, meeting_days, start_time, end_time)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: resolve_sections
-- A section whose course is named nowhere keeps the course of its own that it may have: one that
-- has no sourced_id.
UPDATE temp.staged_sections AS s
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
       grading_periods = (SELECT json_group_array(p.id ORDER BY named.key)
                            FROM json_each(s.periods) AS named
                           CROSS JOIN periods AS p
                              ON p.district_id = :district_id AND p.sourced_id = named.value)
 WHERE s.district_id = :district_id;

-- name: unresolved_sections
SELECT sourced_id, 'school', school, seq
  FROM temp.staged_sections
 WHERE district_id = :district_id AND :all_schools AND school NOT NULL AND school_id IS NULL
   AND school NOT IN (SELECT sourced_id FROM temp.leaving_schools
                       WHERE district_id = :district_id)
UNION ALL
SELECT s.sourced_id, 'course', s.course, s.seq
  FROM temp.staged_sections AS s
 WHERE s.district_id = :district_id AND :all_courses AND s.course NOT NULL
   AND s.course NOT IN (SELECT sourced_id FROM temp.leaving_courses
                         WHERE district_id = :district_id)
   AND NOT EXISTS (SELECT 1 FROM courses
                    WHERE district_id = :district_id AND sourced_id = s.course)
UNION ALL
SELECT s.sourced_id, 'grading period', named.value, s.seq
  FROM temp.staged_sections AS s, json_each(s.periods) AS named
 WHERE s.district_id = :district_id AND :all_periods
   AND named.value NOT IN (SELECT sourced_id FROM temp.leaving_periods
                            WHERE district_id = :district_id)
   AND NOT EXISTS (SELECT 1 FROM periods
                    WHERE district_id = :district_id AND sourced_id = named.value)
 ORDER BY 4, 2;

-- name: change_own_courses
-- The plus keeps SQLite from looking, for each section, through all courses without sourced_id.
UPDATE courses AS t
   SET title = s.title, school_id = s.school_id
  FROM temp.staged_sections AS s
 WHERE s.district_id = :district_id
   AND t.district_id = :district_id AND t.id = s.course_id AND +t.sourced_id IS NULL
   AND (t.title, t.school_id) IS NOT (s.title, s.school_id);

-- name: stage_user
INSERT INTO temp.staged_users (district_id, seq, sourced_id, role, school, name_first,
                               name_last, name_middle, name_first_preferred, username,
                               primary_email, active)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: stage_enrollment
INSERT INTO temp.staged_enrollments (district_id, seq, sourced_id, section, person, admin,
                                     first_day, last_day)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: imports_so_far
SELECT coalesce(max(next), 0)
  FROM counters
 WHERE noun = 'import into ' || :district_id;

-- name: count_import
INSERT INTO counters (noun, next)
VALUES ('import into ' || :district_id, 1)
ON CONFLICT (noun) DO UPDATE SET next = counters.next + 1;
