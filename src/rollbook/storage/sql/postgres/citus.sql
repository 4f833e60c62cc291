-- Cutting the tables by district, where PostgreSQL is several servers (the extension Citus).

-- name: has_citus
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');

-- name: work_for_on_nodes
-- Until the end of the transaction; nodes are told what is set this way, and nothing else.
SET LOCAL citus.propagate_set_commands TO 'local';
SET LOCAL rollbook.district

-- name: allow_ties_to_the_cut
-- Until the end of the transaction a new table may have foreign keys to tables that are cut by
-- district already: `distribute` cuts it too, right after. Elsewhere the setting means nothing.
SET LOCAL citus.enable_local_reference_table_foreign_keys TO off;

-- name: distribute
-- Cuts whatever is not cut yet, after the migrations: a table whose key begins with its district by
-- that, beside all the others. Of the rest, what only the coordinator needs stays where it is, and
-- each node gets a copy of every other.
--
-- Citus takes a table with everything that foreign keys tie to it, and then cannot make some of
-- that shared and some cut: so these are set aside, and laid again when each is where it belongs.
-- Shards are changed one after another, because those keys tie them to shared tables.
--
-- A district moves to another node without being held up by way of the log, so all of it is logged.
-- The application's role must be let in on the nodes, where the coordinator comes in its name.
DO $$
DECLARE
    tie record;
    ties text[];
    loose regclass[];
    its_table regclass;
    relaid text;
    saving record;
BEGIN
    SET LOCAL citus.multi_shard_modify_mode TO 'sequential';
    SET LOCAL client_min_messages TO warning;
    SELECT coalesce(array_agg(CAST(c.oid AS regclass) ORDER BY c.oid), ARRAY[]::regclass[])
      INTO loose
      FROM pg_class AS c
     WHERE c.relnamespace = CAST(current_schema() AS regnamespace)
       AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname NOT IN ('migrations', 'limits')
       AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = c.oid);
    FOR tie IN
        SELECT CAST(conrelid AS regclass) AS its_table, conname,
               pg_get_constraintdef(oid) AS definition
          FROM pg_constraint
         WHERE contype = 'f' AND conparentid = 0
           AND (conrelid = ANY (loose) OR confrelid = ANY (loose))
         ORDER BY oid
    LOOP
        ties := ties || format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                               tie.its_table, tie.conname, tie.definition);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tie.its_table, tie.conname);
    END LOOP;
    FOREACH its_table IN ARRAY loose LOOP
        IF EXISTS (SELECT FROM pg_index AS i
                     JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                    WHERE i.indrelid = its_table AND i.indisprimary
                      AND a.attname = 'district_id')
        THEN
            IF (SELECT relpersistence FROM pg_class WHERE oid = its_table) = 'u' THEN
                EXECUTE format('ALTER TABLE %s SET LOGGED', its_table);
            END IF;
            PERFORM create_distributed_table(
                its_table, 'district_id', colocate_with =>
                coalesce((SELECT min(CAST(logicalrelid AS text)) FROM pg_dist_partition
                           WHERE partmethod = 'h'), 'none'));
        ELSE
            PERFORM create_reference_table(its_table);
        END IF;
    END LOOP;
    FOREACH relaid IN ARRAY coalesce(ties, ARRAY[]::text[]) LOOP
        EXECUTE relaid;
    END LOOP;
    FOR saving IN
        SELECT CAST(p.oid AS regprocedure) AS signature
          FROM pg_proc AS p
         WHERE p.pronamespace = CAST(current_schema() AS regnamespace)
           AND p.proargnames[1] = 'its_district'
           AND NOT EXISTS (SELECT FROM pg_dist_object AS o
                            WHERE o.classid = CAST('pg_proc' AS regclass) AND o.objid = p.oid
                              AND o.distribution_argument_index IS NOT NULL)
    LOOP
        PERFORM create_distributed_function(
            saving.signature, 'its_district', colocate_with => 'marks',
            force_delegation => true);  -- also within a transaction
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollbook_app' AND NOT rolcanlogin) THEN
        ALTER ROLE rollbook_app LOGIN;
    END IF;
END
$$;
