-- What was archived, removed and brought back: of a section, which pruning was undone.
CREATE TABLE restorations (
    district_id INTEGER NOT NULL,
    section_id INTEGER NOT NULL,
    pruning_id INTEGER NOT NULL,
    restored_at TEXT NOT NULL,
    restored_by TEXT NOT NULL,    -- the operator's name on the machine
    PRIMARY KEY (district_id, section_id, pruning_id),
    FOREIGN KEY (district_id, section_id, pruning_id)
        REFERENCES anchors (district_id, section_id, pruning_id)
) STRICT, WITHOUT ROWID;

-- An anchor whose pruning was undone lets no entry go any more.
DROP TRIGGER record_is_only_pruned;

CREATE TRIGGER record_is_only_pruned BEFORE DELETE ON record
WHEN NOT EXISTS (
    SELECT 1 FROM anchors AS a
     WHERE a.district_id = OLD.district_id AND a.section_id = OLD.section_id
       AND a.number >= OLD.number
       AND NOT EXISTS (
           SELECT 1 FROM restorations AS r
            WHERE r.district_id = a.district_id AND r.section_id = a.section_id
              AND r.pruning_id = a.pruning_id))
BEGIN
    SELECT raise(ABORT, 'the record is only removed by pruning');
END;

CREATE TRIGGER restorations_are_not_rewritten BEFORE UPDATE ON restorations
BEGIN
    SELECT raise(ABORT, 'a restoration is not rewritten');
END;

CREATE TRIGGER restorations_are_kept BEFORE DELETE ON restorations
BEGIN
    SELECT raise(ABORT, 'a restoration is kept');
END;
