-- Accounts, sessions, links. Parameters are bound in the order of their first appearance.

-- name: account_of_user
SELECT district_id, user_id, login, password_hash, subject, created_at, disabled_at
  FROM accounts
 WHERE district_id = :district_id AND user_id = :user_id;

-- name: accounts
SELECT district_id, user_id, login, password_hash, subject, created_at, disabled_at
  FROM accounts
 WHERE district_id = :district_id
 ORDER BY login;

-- name: count_administrators
-- How many may come in (domain.accounts.Account.state) to administer the district (role 1).
SELECT count(*)
  FROM accounts AS a
  JOIN users AS u ON u.district_id = a.district_id AND u.id = a.user_id
 WHERE a.district_id = :district_id
   AND a.disabled_at IS NULL AND (a.password_hash IS NOT NULL OR a.subject IS NOT NULL)
   AND u.role = 1 AND u.active;

-- name: create_account
INSERT INTO accounts (district_id, user_id, login, password_hash, subject, created_at,
                      disabled_at)
VALUES (:district_id, :user_id, :login, :password_hash, :subject, :created_at, :disabled_at);

-- name: change_account
-- Only while it is as whoever changes it has read it.
UPDATE accounts
   SET login = :login, password_hash = :password_hash, subject = :subject,
       disabled_at = :disabled_at
 WHERE district_id = :district_id AND user_id = :user_id
   AND login = :old_login
   AND password_hash IS NOT DISTINCT FROM :old_password_hash
   AND subject IS NOT DISTINCT FROM :old_subject
   AND disabled_at IS NOT DISTINCT FROM :old_disabled_at
RETURNING user_id;

-- name: visitor
SELECT s.digest, s.district_id, s.user_id, s.begun_at, s.seen_at,
       a.district_id, a.user_id, a.login, a.password_hash, a.subject, a.created_at,
       a.disabled_at,
       u.id, u.role, u.name_first, u.name_last, u.sourced_id, u.school_id, u.name_title,
       u.name_first_preferred, u.name_middle, u.username, u.primary_email, u.active,
       d.id, d.name, d.time_zone, d.powerschool, d.lock_days, d.status_looks
  FROM sessions AS s
  JOIN accounts AS a ON a.district_id = s.district_id AND a.user_id = s.user_id
  JOIN users AS u ON u.district_id = s.district_id AND u.id = s.user_id
  JOIN districts AS d ON d.id = s.district_id
 WHERE s.district_id = :district_id AND s.digest = :digest
   AND a.disabled_at IS NULL AND u.active;

-- name: open_session
INSERT INTO sessions (digest, district_id, user_id, begun_at, seen_at)
VALUES (:digest, :district_id, :user_id, :begun_at, :seen_at);

-- name: touch_session
UPDATE sessions
   SET seen_at = :seen_at
 WHERE district_id = :district_id AND digest = :digest;

-- name: close_session
DELETE FROM sessions WHERE district_id = :district_id AND digest = :digest;

-- name: close_sessions
DELETE FROM sessions WHERE district_id = :district_id AND user_id = :user_id;

-- name: sweep_sessions
DELETE FROM sessions
 WHERE district_id = :district_id AND (seen_at < :idle_since OR begun_at < :begun_before);

-- name: create_link
INSERT INTO links (digest, district_id, user_id, purpose, expires_at, used_at)
VALUES (:digest, :district_id, :user_id, :purpose, :expires_at, :used_at);

-- name: link
SELECT digest, district_id, user_id, purpose, expires_at, used_at
  FROM links
 WHERE district_id = :district_id AND digest = :digest;

-- name: use_link
UPDATE links
   SET used_at = :now
 WHERE district_id = :district_id AND digest = :digest
   AND used_at IS NULL AND expires_at > :now
RETURNING digest, district_id, user_id, purpose, expires_at, used_at;

-- name: replace_links
-- A new invitation takes the place of an old one, and leaves a reset alone.
DELETE FROM links
 WHERE district_id = :district_id AND user_id = :user_id AND purpose = :purpose;

-- name: drop_links
DELETE FROM links WHERE district_id = :district_id AND user_id = :user_id;

-- name: sweep_links
DELETE FROM links WHERE district_id = :district_id AND expires_at <= :now;
