-- Workers remember who a key belongs to and how its user stands in a section, as long as this
-- number stays what it is. Triggers raise it, so that whoever changes any of it, by whatever way,
-- changes it for everybody at once: a key that is revoked is refused at the next request.
INSERT INTO counters (noun, next) VALUES ('change of people', 1);

CREATE TRIGGER districts_change AFTER UPDATE ON districts
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;

CREATE TRIGGER users_change AFTER UPDATE ON users
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;

CREATE TRIGGER api_keys_come AFTER INSERT ON api_keys
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;

CREATE TRIGGER api_keys_change AFTER UPDATE ON api_keys
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;

CREATE TRIGGER api_keys_go AFTER DELETE ON api_keys
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;

CREATE TRIGGER enrollments_come AFTER INSERT ON enrollments
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;

CREATE TRIGGER enrollments_change AFTER UPDATE ON enrollments
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;

CREATE TRIGGER enrollments_go AFTER DELETE ON enrollments
BEGIN
    UPDATE counters SET next = next + 1 WHERE noun = 'change of people';
END;
