-- Many saves in one call: a trip and a commit for all of them, though each section's are there or
-- are not for themselves. It takes the place of save_section, which saved one, and which stays for
-- machines that still run the version before: both give way to each other.
--
-- The application judged each save by its section as it read it, a further one of the same section
-- by what the one before makes of it. They are written provided that this is still how things
-- stand: nobody changed a roster (the counter of changes of people), and a section's entries take
-- the places after its last one, the first of which only one of two writers can have. The answer
-- is the sections that were written; read the others again, judge again.
--
-- Nobody can wait for somebody who waits for them: the first entries are written first, in the
-- order of the sections, and only one writer of a section gets past its own.
--
-- The long lists of numbers and days, those of the marks, come as text: drivers look at each item
-- of a list.
CREATE FUNCTION save_sections(
    its_district integer, known_people bigint, moment text,
    entry_sections bigint[], entry_numbers bigint[], entry_follows boolean[],
    entry_users bigint[], entry_on_behalf bigint[], entry_channels text[],
    entry_requests text[], entry_dates text[], entry_changes text[], entry_hashes bytea[],
    mark_sections text, mark_dates text, mark_enrollments text, mark_statuses text,
    mark_comments text[],
    roll_sections bigint[], roll_dates date[], roll_firsts bigint[], roll_lasts bigint[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    written bigint[];
BEGIN
    PERFORM 1 FROM counters WHERE noun = 'change of people' AND next = known_people;
    IF NOT FOUND THEN
        RETURN ARRAY[]::bigint[];
    END IF;
    WITH added AS (
        INSERT INTO record (district_id, section_id, number, at, user_id, on_behalf_of,
                            channel, request_id, dates, changes, hash)
        SELECT its_district, section_id, number, moment, user_id, on_behalf_of,
               channel, request_id, dates, changes, hash
          FROM unnest(entry_sections, entry_numbers, entry_follows, entry_users,
                      entry_on_behalf, entry_channels, entry_requests, entry_dates,
                      entry_changes, entry_hashes)
               AS given (section_id, number, follows, user_id, on_behalf_of, channel,
                         request_id, dates, changes, hash)
         WHERE NOT follows
         ORDER BY section_id
        ON CONFLICT (district_id, section_id, number) DO NOTHING
        RETURNING section_id)
    SELECT coalesce(array_agg(section_id), ARRAY[]::bigint[]) INTO written FROM added;
    IF true = ANY (entry_follows) THEN
        INSERT INTO record (district_id, section_id, number, at, user_id, on_behalf_of,
                            channel, request_id, dates, changes, hash)
        SELECT its_district, section_id, number, moment, user_id, on_behalf_of,
               channel, request_id, dates, changes, hash
          FROM unnest(entry_sections, entry_numbers, entry_follows, entry_users,
                      entry_on_behalf, entry_channels, entry_requests, entry_dates,
                      entry_changes, entry_hashes)
               AS given (section_id, number, follows, user_id, on_behalf_of, channel,
                         request_id, dates, changes, hash)
         WHERE follows AND section_id = ANY (written);
    END IF;
    INSERT INTO marks (district_id, section_id, date, enrollment_id, status, comment)
    SELECT its_district, section_id, date, enrollment_id, status, comment
      FROM unnest(CAST(mark_sections AS bigint[]), CAST(mark_dates AS date[]),
                  CAST(mark_enrollments AS bigint[]), CAST(mark_statuses AS smallint[]),
                  mark_comments)
           AS given (section_id, date, enrollment_id, status, comment)
     WHERE section_id = ANY (written)
    ON CONFLICT (district_id, section_id, date, enrollment_id) DO UPDATE
       SET status = excluded.status,
           comment = excluded.comment;
    INSERT INTO rolls (district_id, section_id, date,
                       first_taken_at, first_taken_by, last_taken_at, last_taken_by)
    SELECT its_district, section_id, date, moment, first, moment, last
      FROM unnest(roll_sections, roll_dates, roll_firsts, roll_lasts)
           AS given (section_id, date, first, last)
     WHERE section_id = ANY (written)
    ON CONFLICT (district_id, section_id, date) DO UPDATE
       SET last_taken_at = excluded.last_taken_at,
           last_taken_by = excluded.last_taken_by;
    INSERT INTO events (district_id, section_id, number)
    SELECT its_district, section_id, number
      FROM unnest(entry_sections, entry_numbers) AS given (section_id, number)
     WHERE section_id = ANY (written);
    RETURN written;
END
$$;
