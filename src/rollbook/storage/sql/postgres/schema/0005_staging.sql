-- Where a roster lies while it is taken in: lines beside the rows that they are compared with.
--
-- Tables like all others, and a district's lines in the key: so they lie where its rows do, also
-- where districts are spread over several servers, which compare no temporary table with a
-- distributed one. Nothing in them outlives the import's transaction: so no log is kept of them,
-- and no policy need hide what nobody else ever sees (with one, nothing could be copied in).

CREATE UNLOGGED TABLE staged_schools (
    district_id integer NOT NULL,
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE staged_periods (
    district_id integer NOT NULL,
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    first_day date,
    last_day date,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE staged_courses (
    district_id integer NOT NULL,
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    course_code text NOT NULL,
    department text NOT NULL,
    school text COLLATE "C",
    school_id bigint,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE staged_sections (
    district_id integer NOT NULL,
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
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
    grading_periods text,         -- a JSON list of ids
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE staged_users (
    district_id integer NOT NULL,
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    role smallint NOT NULL,
    school text COLLATE "C",
    name_first text NOT NULL,
    name_last text NOT NULL,
    name_middle text NOT NULL,
    name_first_preferred text NOT NULL,
    username text NOT NULL,
    primary_email text NOT NULL,
    active boolean NOT NULL,
    school_id bigint,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE staged_enrollments (
    district_id integer NOT NULL,
    seq bigint NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    section text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    admin boolean NOT NULL,
    first_day date,
    last_day date,
    section_id bigint,
    user_id bigint,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE leaving_schools (
    district_id integer NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE leaving_periods (
    district_id integer NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE leaving_courses (
    district_id integer NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE leaving_sections (
    district_id integer NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE leaving_users (
    district_id integer NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
);
CREATE UNLOGGED TABLE leaving_enrollments (
    district_id integer NOT NULL,
    sourced_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, sourced_id)
);

-- How many imports a district has had. Its row is also the door: one import at a time goes in.
CREATE TABLE imports (
    district_id integer PRIMARY KEY,
    number bigint NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON imports TO rollbook_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    staged_schools, staged_periods, staged_courses, staged_sections, staged_users,
    staged_enrollments, leaving_schools, leaving_periods, leaving_courses, leaving_sections,
    leaving_users, leaving_enrollments
TO rollbook_app;

ALTER TABLE imports ENABLE ROW LEVEL SECURITY;
CREATE POLICY its_own_district ON imports TO rollbook_app USING (district_id =
    CAST(nullif(current_setting('rollbook.district', true), '') AS integer));
