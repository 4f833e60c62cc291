-- Archives of a file's: an entry and its event bear the same id.

-- name: entries_up_to
SELECT r.number, r.hash, r.at, r.user_id, r.on_behalf_of, r.channel, r.request_id, r.dates,
       r.changes, e.id
  FROM record AS r
  LEFT JOIN events AS e
    ON e.id = r.id AND e.district_id = r.district_id AND e.section_id = r.section_id
   AND e.number = r.number
 WHERE r.district_id = :district_id AND r.section_id = :section_id AND r.number <= :number
 ORDER BY r.number;

-- name: anchor_before_restorations
-- Of a file at schema 3 or 4, which knows none: the last one.
SELECT a.pruning_id, p.before, a.number, a.hash, a.at
  FROM anchors AS a
  JOIN prunings AS p ON p.district_id = a.district_id AND p.id = a.pruning_id
 WHERE a.district_id = :district_id AND a.section_id = :section_id
 ORDER BY a.pruning_id DESC
 LIMIT 1;
