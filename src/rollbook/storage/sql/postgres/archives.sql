-- Archives of a database's: events are found by their entries.

-- name: entries_up_to
SELECT r.number, r.hash, r.at, r.user_id, r.on_behalf_of, r.channel, r.request_id, r.dates,
       r.changes, e.id
  FROM record AS r
  LEFT JOIN events AS e
    ON e.district_id = r.district_id AND e.section_id = r.section_id AND e.number = r.number
 WHERE r.district_id = :district_id AND r.section_id = :section_id AND r.number <= :number
 ORDER BY r.number;
