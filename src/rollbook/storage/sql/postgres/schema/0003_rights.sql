-- What the application may do, and between districts what it may see.
--
-- The tables belong to whoever runs the migrations. The application comes in the role
-- rollbook_app: it changes no table's shape, and of the record it can only add to the end.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollbook_app') THEN
        CREATE ROLE rollbook_app NOLOGIN;
    END IF;
END
$$;

GRANT SELECT ON migrations TO rollbook_app;
GRANT SELECT, INSERT ON
    districts, key_homes, schools, periods, courses, sections, users, enrollments,
    marks, rolls, record, events, api_keys, holds, prunings, anchors
TO rollbook_app;
GRANT UPDATE ON
    districts, schools, periods, courses, sections, users, enrollments,
    marks, rolls, api_keys, holds, prunings
TO rollbook_app;
GRANT SELECT, INSERT, UPDATE ON counters TO rollbook_app;

-- A forgotten WHERE finds nothing of another district: rows of a district are there only for a
-- connection that said it works for it. Saying nothing shows nothing.
DO $$
DECLARE
    its_name text;
BEGIN
    FOREACH its_name IN ARRAY ARRAY[
        'schools', 'periods', 'courses', 'sections', 'users', 'enrollments', 'marks', 'rolls',
        'record', 'events', 'api_keys', 'holds', 'prunings', 'anchors']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', its_name);
        EXECUTE format(
            'CREATE POLICY its_own_district ON %I TO rollbook_app USING (district_id = '
            'CAST(nullif(current_setting(''rollbook.district'', true), '''') AS integer))',
            its_name);
    END LOOP;
END
$$;
