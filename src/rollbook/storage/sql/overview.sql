-- What administrators look up. Parameters are bound in the order of their first appearance.

-- name: district_record
-- The newest first, from a place in that order on.
SELECT section_id, number, at, user_id, on_behalf_of, channel, request_id, dates, changes, hash
  FROM record
 WHERE district_id = :district_id AND at >= :since AND at <= :at
   AND (at, section_id, number) < (:at, :section_id, :number)
 ORDER BY at DESC, section_id DESC, number DESC
 LIMIT :limit;
