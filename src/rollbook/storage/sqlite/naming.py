"""Looking up what an id that somebody wrote means."""

import apsw

from rollbook.domain.mark_files import IdColumn
from rollbook.storage.naming import is_number, only
from rollbook.storage.sqlite.statements import SQL


def section(db: apsw.Connection, district_id: int, cell: str, column: IdColumn) -> int:
    """Return the id of a section; raises `NoSuchThing`, or `BadRequest` when it could be two."""
    found = set()
    ours = column.ours and is_number(cell)
    if ours and db.execute(SQL.section_exists, (district_id, int(cell))).fetchone():
        found.add(int(cell))
    if column.rosters:
        found |= {row[0] for row in db.execute(SQL.section_of_school_code, (district_id, cell))}
    return only("section", cell, found)


def user(db: apsw.Connection, district_id: int, cell: str) -> int:
    """Return the id of a person; raises `NoSuchThing`, or `BadRequest` when it could be two."""
    found = {row[0] for row in db.execute(SQL.user_of_sourced_id, (district_id, cell))}
    if is_number(cell) and db.execute(SQL.user, (district_id, int(cell))).fetchone():
        found.add(int(cell))
    return only("student", cell, found)
