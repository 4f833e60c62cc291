-- Districts, schools, people and their keys.

-- name: take_numbers
-- Give out :count ids of a noun: the answer is the first one after them.
UPDATE counters SET next = next + :count WHERE noun = :noun RETURNING next;

-- name: people_version
-- Raised by triggers: see the schema.
SELECT next FROM counters WHERE noun = 'change of people';

-- name: districts
SELECT id, name, time_zone, powerschool, lock_days, status_looks FROM districts ORDER BY id;

-- name: district
SELECT id, name, time_zone, powerschool, lock_days, status_looks
  FROM districts
 WHERE id = :district_id;

-- name: create_district
INSERT INTO districts (id, name, time_zone, created_at) VALUES (:id, :name, :time_zone, :at);

-- name: change_district
UPDATE districts
   SET name = :name, time_zone = :time_zone, powerschool = :powerschool,
       lock_days = :lock_days, status_looks = :status_looks
 WHERE id = :id;

-- name: schools
SELECT id, title, sourced_id
  FROM schools
 WHERE district_id = :district_id
 ORDER BY id
 LIMIT :limit OFFSET :offset;

-- name: count_schools
SELECT count(*) FROM schools WHERE district_id = :district_id;

-- name: school
SELECT id, title, sourced_id FROM schools WHERE district_id = :district_id AND id = :school_id;

-- name: users
SELECT id, role, name_first, name_last, sourced_id, school_id, name_title,
       name_first_preferred, name_middle, username, primary_email, active
  FROM users
 WHERE district_id = :district_id
 ORDER BY id
 LIMIT :limit OFFSET :offset;

-- name: count_users
SELECT count(*) FROM users WHERE district_id = :district_id;

-- name: user
SELECT id, role, name_first, name_last, sourced_id, school_id, name_title,
       name_first_preferred, name_middle, username, primary_email, active
  FROM users
 WHERE district_id = :district_id AND id = :user_id;

-- name: create_user
INSERT INTO users (district_id, id, role, name_first, name_last, sourced_id, school_id,
                   name_title, name_first_preferred, name_middle, username, primary_email,
                   active)
VALUES (:district_id, :id, :role, :name_first, :name_last, :sourced_id, :school_id,
        :name_title, :name_first_preferred, :name_middle, :username, :primary_email,
        :active);

-- name: change_user
UPDATE users
   SET role = :role, name_first = :name_first, name_last = :name_last,
       sourced_id = :sourced_id, school_id = :school_id, name_title = :name_title,
       name_first_preferred = :name_first_preferred, name_middle = :name_middle,
       username = :username, primary_email = :primary_email, active = :active
 WHERE district_id = :district_id AND id = :id;

-- name: key
SELECT key, district_id, user_id, sealed_secret, former_sealed_secret, former_until,
       name, read_only, created_at, expires_at, revoked_at, last_used_on
  FROM api_keys
 WHERE key = :key;

-- name: keys
SELECT key, district_id, user_id, sealed_secret, former_sealed_secret, former_until,
       name, read_only, created_at, expires_at, revoked_at, last_used_on
  FROM api_keys
 WHERE district_id = :district_id
 ORDER BY created_at, key;

-- name: create_key
INSERT INTO api_keys (key, district_id, user_id, sealed_secret, former_sealed_secret,
                      former_until, name, read_only, created_at, expires_at, revoked_at)
VALUES (:key, :district_id, :user_id, :sealed_secret, :former_sealed_secret,
        :former_until, :name, :read_only, :created_at, :expires_at, :revoked_at);

-- name: change_key
-- A key that was revoked stays revoked, whatever whoever read it before that stores.
UPDATE api_keys
   SET sealed_secret = :sealed_secret, former_sealed_secret = :former_sealed_secret,
       former_until = :former_until, name = :name, read_only = :read_only,
       expires_at = :expires_at, revoked_at = coalesce(revoked_at, :revoked_at)
 WHERE district_id = :district_id AND key = :key
RETURNING key;

-- name: note_use_of_key
-- Whoever is the first on a day writes; all who come after find it written.
UPDATE api_keys
   SET last_used_on = :day
 WHERE district_id = :district_id AND key = :key
   AND (last_used_on IS NULL OR last_used_on < :day);
