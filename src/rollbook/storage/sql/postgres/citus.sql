-- Cutting the tables by district, where PostgreSQL is several servers (the extension Citus).

-- name: has_citus
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');

-- name: is_distributed
SELECT EXISTS (SELECT FROM pg_dist_partition
                WHERE logicalrelid = CAST('marks' AS regclass) AND partmethod = 'h');

-- name: distribute
-- Once, in a transaction after the migrations'. Citus takes a table with everything that keys tie to it, and
-- then cannot make some of that shared and some cut: so the foreign keys are set aside, and laid
-- again when every table is where it belongs. Shards are changed one after another, because those
-- keys tie them to the shared tables.
--
-- The application's role must be let in on the nodes, where the coordinator comes in its name.
-- Row security asks a setting of the connection, which the nodes are not told: it is off here.
DO $$
DECLARE
    tie record;
    ties text[] := ARRAY[]::text[];
    its_name text;
BEGIN
    SET LOCAL citus.multi_shard_modify_mode TO 'sequential';
    SET LOCAL client_min_messages TO warning;
    FOR tie IN
        SELECT CAST(conrelid AS regclass) AS its_table, conname,
               pg_get_constraintdef(oid) AS definition
          FROM pg_constraint
         WHERE contype = 'f' AND connamespace = CAST(current_schema() AS regnamespace)
         ORDER BY oid
    LOOP
        ties := ties || format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                               tie.its_table, tie.conname, tie.definition);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tie.its_table, tie.conname);
    END LOOP;
    FOREACH its_name IN ARRAY ARRAY['districts', 'counters', 'key_homes'] LOOP
        PERFORM create_reference_table(its_name);
    END LOOP;
    PERFORM create_distributed_table('schools', 'district_id', colocate_with => 'none');
    FOREACH its_name IN ARRAY ARRAY[
        'periods', 'courses', 'sections', 'users', 'enrollments', 'marks', 'rolls', 'record',
        'events', 'api_keys', 'holds', 'prunings', 'anchors', 'nonce_books', 'nonces']
    LOOP
        PERFORM create_distributed_table(its_name, 'district_id', colocate_with => 'schools');
    END LOOP;
    FOREACH its_name IN ARRAY ties LOOP
        EXECUTE its_name;
    END LOOP;
    FOREACH its_name IN ARRAY ARRAY[
        'schools', 'periods', 'courses', 'sections', 'users', 'enrollments', 'marks', 'rolls',
        'record', 'events', 'api_keys', 'holds', 'prunings', 'anchors', 'nonce_books', 'nonces']
    LOOP
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', its_name);
    END LOOP;
    ALTER ROLE rollbook_app LOGIN;
    PERFORM create_distributed_function(
        CAST(oid AS regprocedure), 'its_district', colocate_with => 'marks')
      FROM pg_proc
     WHERE proname = 'save_section'
       AND pronamespace = CAST(current_schema() AS regnamespace);
END
$$;
