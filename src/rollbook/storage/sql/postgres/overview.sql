-- What administrators look up: what PostgreSQL does in its own way.

-- name: find_people
-- With the collation "C" `lower` knows the letters A to Z and leaves the others as they are.
SELECT id, role, name_first, name_last, sourced_id, school_id, name_title,
       name_first_preferred, name_middle, username, primary_email, active
  FROM users
 WHERE district_id = :district_id
   AND (substr(lower(name_last COLLATE "C"), 1, CAST(:length AS integer))
           IN (:first, :second, :third)
        OR substr(lower(username COLLATE "C"), 1, CAST(:length AS integer))
           IN (:first, :second, :third)
        OR substr(lower(primary_email COLLATE "C"), 1, CAST(:length AS integer))
           IN (:first, :second, :third)
        OR sourced_id = :text)
 ORDER BY name_last COLLATE "C", name_first COLLATE "C", id
 LIMIT :limit;

-- name: section_record
SELECT section_id, number, at, user_id, on_behalf_of, channel, request_id, dates, changes, hash
  FROM record
 WHERE district_id = :district_id AND section_id = :of_section AND at >= :since
   AND (at, section_id, number) < (:at, :section_id, :number)
 ORDER BY at DESC, number DESC
 LIMIT :limit;
