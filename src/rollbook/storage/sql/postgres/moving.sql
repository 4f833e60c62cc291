-- Moving into PostgreSQL, and out of it.

-- name: forget_counters
-- Those of a new database: the ones that were counted come with the rest.
DELETE FROM counters;

-- name: sees_districts_apart
SELECT row_security_active('marks');

-- name: number_on
SELECT setval(pg_get_serial_sequence('events', 'id'), (SELECT max(id) FROM events)),
       setval(pg_get_serial_sequence('holds', 'id'), (SELECT max(id) FROM holds)),
       setval(pg_get_serial_sequence('prunings', 'id'), (SELECT max(id) FROM prunings)),
       setval(pg_get_serial_sequence('acts', 'id'), (SELECT max(id) FROM acts));
