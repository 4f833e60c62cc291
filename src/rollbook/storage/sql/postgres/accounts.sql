-- Accounts: what PostgreSQL does in its own way.

-- name: account
SELECT district_id, user_id, login, password_hash, subject, created_at, disabled_at
  FROM accounts
 WHERE district_id = :district_id AND login = :login;

-- name: account_of_subject
SELECT district_id, user_id, login, password_hash, subject, created_at, disabled_at
  FROM accounts
 WHERE district_id = :district_id AND subject = :subject;

-- name: login_home
SELECT district_id FROM login_homes WHERE login = :login;

-- name: subject_home
SELECT district_id FROM subject_homes WHERE subject = :subject;

-- name: add_login_home
INSERT INTO login_homes (login, district_id) VALUES (:login, :district_id);

-- name: add_subject_home
INSERT INTO subject_homes (subject, district_id) VALUES (:subject, :district_id);

-- name: drop_login_home
DELETE FROM login_homes WHERE login = :login;

-- name: drop_subject_home
DELETE FROM subject_homes WHERE subject = :subject;
