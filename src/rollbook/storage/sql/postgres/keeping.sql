-- Checking and pruning: what PostgreSQL does in its own way.

-- name: look_after_alone
SELECT pg_advisory_xact_lock(7655266525);

-- name: may_remove
SELECT has_table_privilege('record', 'DELETE');

-- name: foreign_keys
-- Each, with the statement that counts a district's rows whose parent is not there.
SELECT CAST(CAST(k.conrelid AS regclass) AS text), CAST(CAST(k.confrelid AS regclass) AS text),
       format('SELECT count(*) FROM %s AS c WHERE c.district_id = $1 AND %s'
              ' AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)',
              CAST(k.conrelid AS regclass),
              string_agg(format('c.%I IS NOT NULL', c.attname), ' AND '),
              CAST(k.confrelid AS regclass),
              string_agg(format('p.%I = c.%I', p.attname, c.attname), ' AND '))
  FROM pg_constraint AS k
 CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (own, other)
  JOIN pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = pair.own
  JOIN pg_attribute AS p ON p.attrelid = k.confrelid AND p.attnum = pair.other
 WHERE k.contype = 'f' AND k.conparentid = 0 AND k.connamespace = CAST(current_schema() AS regnamespace)
   AND EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = k.conrelid AND attname = 'district_id')
 GROUP BY k.oid, k.conrelid, k.confrelid
 ORDER BY 1, 2;

-- name: entries_without_event
SELECT r.section_id, r.number
  FROM record AS r
 WHERE r.district_id = :district_id
   AND NOT EXISTS (SELECT FROM events AS e
                    WHERE e.district_id = r.district_id AND e.section_id = r.section_id
                      AND e.number = r.number)
 ORDER BY r.section_id, r.number;

-- name: events_too_many
SELECT section_id, number
  FROM events
 WHERE district_id = :district_id
 GROUP BY section_id, number
HAVING count(*) > 1
 ORDER BY section_id, number;
