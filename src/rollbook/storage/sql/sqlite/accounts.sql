-- Accounts: what SQLite does in its own way.

-- name: account
SELECT district_id, user_id, login, password_hash, subject, created_at, disabled_at
  FROM accounts
 WHERE login = :login;

-- name: account_of_subject
SELECT district_id, user_id, login, password_hash, subject, created_at, disabled_at
  FROM accounts
 WHERE subject = :subject;
