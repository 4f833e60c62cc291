-- Taking a roster in: what only PostgreSQL understands.

-- name: create_staging
CREATE TEMP TABLE staged_schools (
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" PRIMARY KEY,
    title text NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE staged_periods (
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" PRIMARY KEY,
    title text NOT NULL,
    first_day date,
    last_day date
) ON COMMIT DROP;
CREATE TEMP TABLE staged_courses (
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" PRIMARY KEY,
    title text NOT NULL,
    course_code text NOT NULL,
    department text NOT NULL,
    school text COLLATE "C",
    school_id bigint
) ON COMMIT DROP;
CREATE TEMP TABLE staged_sections (
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" PRIMARY KEY,
    course text COLLATE "C",
    school text COLLATE "C",
    title text NOT NULL,
    section_code text NOT NULL,
    periods text NOT NULL,        -- a JSON list of sourced_ids
    meeting_days text NOT NULL,
    start_time text NOT NULL,
    end_time text NOT NULL,
    course_id bigint,
    school_id bigint,
    grading_periods text          -- a JSON list of ids
) ON COMMIT DROP;
CREATE TEMP TABLE staged_users (
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" PRIMARY KEY,
    role smallint NOT NULL,
    school text COLLATE "C",
    name_first text NOT NULL,
    name_last text NOT NULL,
    name_middle text NOT NULL,
    name_first_preferred text NOT NULL,
    username text NOT NULL,
    primary_email text NOT NULL,
    active boolean NOT NULL,
    school_id bigint
) ON COMMIT DROP;
CREATE TEMP TABLE staged_enrollments (
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" PRIMARY KEY,
    section text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    admin boolean NOT NULL,
    first_day date,
    last_day date,
    section_id bigint,
    user_id bigint
) ON COMMIT DROP;
CREATE TEMP TABLE leaving_schools (sourced_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE leaving_periods (sourced_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE leaving_courses (sourced_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE leaving_sections (sourced_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE leaving_users (sourced_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE leaving_enrollments (sourced_id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP;

-- name: analyze_staging
-- The planner knows nothing of temporary tables by itself.
ANALYZE staged_schools, staged_periods, staged_courses, staged_sections, staged_users,
        staged_enrollments;

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
                              ON p.district_id = :district_id AND p.sourced_id = named.value);

-- name: unresolved_sections
SELECT sourced_id, 'school', school, seq
  FROM staged_sections
 WHERE :all_schools AND school IS NOT NULL AND school_id IS NULL
   AND school NOT IN (SELECT sourced_id FROM leaving_schools)
UNION ALL
SELECT s.sourced_id, 'course', s.course, s.seq
  FROM staged_sections AS s
 WHERE :all_courses AND s.course IS NOT NULL
   AND s.course NOT IN (SELECT sourced_id FROM leaving_courses)
   AND NOT EXISTS (SELECT 1 FROM courses
                    WHERE district_id = :district_id AND sourced_id = s.course)
UNION ALL
SELECT s.sourced_id, 'grading period', named.value, s.seq
  FROM staged_sections AS s,
       json_array_elements_text(CAST(s.periods AS json)) AS named (value)
 WHERE :all_periods AND named.value NOT IN (SELECT sourced_id FROM leaving_periods)
   AND NOT EXISTS (SELECT 1 FROM periods
                    WHERE district_id = :district_id AND sourced_id = named.value)
 ORDER BY 4;
