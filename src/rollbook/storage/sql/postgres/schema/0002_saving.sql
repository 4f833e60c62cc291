-- A whole save in one call: it is there, or it is not.
--
-- The application judges a save by the section as it read it: its roster, its last entry in the
-- record, the marks of the days. Here all of it is written, provided that this is still how things
-- stand: nobody changed a roster (the counter of changes of people), and the entry takes the place
-- after the last one, which only one of two writers can have. Otherwise nothing is written and the
-- answer is false: read again, judge again.
--
-- Nobody can wait for somebody who waits for them: the entry is written first, and only one writer
-- of a section gets past it.
CREATE FUNCTION save_section(
    its_district integer, its_section bigint, known_people bigint, entry bigint,
    mark_dates date[], mark_enrollments bigint[], mark_statuses smallint[], mark_comments text[],
    roll_dates date[], moment text, acting bigint,
    by_user bigint, for_user bigint, by_channel text, by_request text,
    its_dates text, its_changes text, its_hash bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM counters WHERE noun = 'change of people' AND next = known_people;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO record (district_id, section_id, number, user_id, on_behalf_of, hash, at,
                        channel, request_id, dates, changes)
    VALUES (its_district, its_section, entry, by_user, for_user, its_hash, moment,
            by_channel, by_request, its_dates, its_changes)
    ON CONFLICT (district_id, section_id, number) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO marks (district_id, section_id, date, enrollment_id, status, comment)
    SELECT its_district, its_section, date, enrollment_id, status, comment
      FROM unnest(mark_dates, mark_enrollments, mark_statuses, mark_comments)
           AS given (date, enrollment_id, status, comment)
    ON CONFLICT (district_id, section_id, date, enrollment_id) DO UPDATE
       SET status = excluded.status,
           comment = excluded.comment;
    INSERT INTO rolls (district_id, section_id, date,
                       first_taken_at, first_taken_by, last_taken_at, last_taken_by)
    SELECT its_district, its_section, date, moment, acting, moment, acting
      FROM unnest(roll_dates) AS given (date)
    ON CONFLICT (district_id, section_id, date) DO UPDATE
       SET last_taken_at = excluded.last_taken_at,
           last_taken_by = excluded.last_taken_by;
    INSERT INTO events (district_id, section_id, number)
    VALUES (its_district, its_section, entry);
    RETURN true;
END
$$;
