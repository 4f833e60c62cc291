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
