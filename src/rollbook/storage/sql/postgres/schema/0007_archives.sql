-- What was archived, removed and brought back: of a section, which pruning was undone.
CREATE TABLE restorations (
    district_id integer NOT NULL,
    section_id bigint NOT NULL,
    pruning_id bigint NOT NULL,
    restored_at text COLLATE "C" NOT NULL,
    restored_by text NOT NULL,            -- the operator's name on the machine
    PRIMARY KEY (district_id, section_id, pruning_id),
    FOREIGN KEY (district_id, section_id, pruning_id)
        REFERENCES anchors (district_id, section_id, pruning_id)
);

-- Only whoever runs the migrations brings anything back.
GRANT SELECT ON restorations TO rollbook_app;

ALTER TABLE restorations ENABLE ROW LEVEL SECURITY;

CREATE POLICY its_own_district ON restorations TO rollbook_app USING (district_id =
    CAST(nullif(current_setting('rollbook.district', true), '') AS integer));
