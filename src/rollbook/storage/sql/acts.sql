-- What administrators did. Parameters are bound in the order of their first appearance.

-- name: add_act
INSERT INTO acts (district_id, at, user_id, channel, request_id, what, person_id, thing, turns)
VALUES (:district_id, :at, :user_id, :channel, :request_id, :what, :person_id, :thing, :turns);

-- name: acts
-- The newest first, from a place in that order on.
SELECT id, at, user_id, channel, request_id, what, person_id, thing, turns
  FROM acts
 WHERE district_id = :district_id AND at >= :since AND at <= :at
   AND (at, id) < (:at, :id)
   AND (CAST(:by AS bigint) IS NULL OR user_id = :by)
   AND (CAST(:person_id AS bigint) IS NULL OR person_id = :person_id)
 ORDER BY at DESC, id DESC
 LIMIT :limit;
