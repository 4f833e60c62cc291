-- What administrators look up: what SQLite does in its own way.

-- name: find_people
-- Its `lower` knows the letters A to Z and leaves the others as they are.
SELECT id, role, name_first, name_last, sourced_id, school_id, name_title,
       name_first_preferred, name_middle, username, primary_email, active
  FROM users
 WHERE district_id = :district_id
   AND (substr(lower(name_last), 1, :length) IN (:first, :second, :third)
        OR substr(lower(username), 1, :length) IN (:first, :second, :third)
        OR substr(lower(primary_email), 1, :length) IN (:first, :second, :third)
        OR sourced_id = :text)
 ORDER BY name_last, name_first, id
 LIMIT :limit;

-- name: section_record
-- Through the key of its section: with `+` no index is asked for a time.
SELECT section_id, number, at, user_id, on_behalf_of, channel, request_id, dates, changes, hash
  FROM record
 WHERE district_id = :district_id AND section_id = :of_section AND +at >= :since
   AND (+at, section_id, number) < (:at, :section_id, :number)
 ORDER BY +at DESC, number DESC
 LIMIT :limit;
