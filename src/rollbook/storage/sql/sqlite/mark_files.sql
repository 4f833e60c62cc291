-- What an import of marks puts aside, in a nameless file of its own.

-- name: create_blocks
CREATE TABLE blocks (
    section_id INTEGER NOT NULL,
    month TEXT NOT NULL,
    entries BLOB NOT NULL         -- in the order of the lines, as msgpack
) STRICT;

-- name: add_block
INSERT INTO blocks (section_id, month, entries) VALUES (?, ?, ?);

-- name: sort_blocks
CREATE INDEX blocks_by_month ON blocks (section_id, month);

-- name: blocks
-- Of one section and month, in the order in which they were added.
SELECT section_id, month, entries FROM blocks ORDER BY section_id, month, rowid;
