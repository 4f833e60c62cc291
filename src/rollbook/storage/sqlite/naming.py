"""What an id that somebody wrote means: ours, or the roster's own."""

import apsw

from rollbook.domain.errors import BadRequest, NoSuchThing
from rollbook.domain.mark_files import IdColumn, ambiguous
from rollbook.storage.sqlite.statements import SQL

_DIGITS_MAX = 18  # of an id: what SQLite holds


def section(db: apsw.Connection, district_id: int, cell: str, column: IdColumn) -> int:
    """Return the id of a section; raises `NoSuchThing`, or `BadRequest` when it could be two."""
    found = set()
    ours = column.ours and _is_number(cell)
    if ours and db.execute(SQL.section_exists, (district_id, int(cell))).fetchone():
        found.add(int(cell))
    if column.rosters:
        found |= {row[0] for row in db.execute(SQL.section_of_school_code, (district_id, cell))}
    return _only("section", cell, found)


def user(db: apsw.Connection, district_id: int, cell: str) -> int:
    """Return the id of a person; raises `NoSuchThing`, or `BadRequest` when it could be two."""
    found = {row[0] for row in db.execute(SQL.user_of_sourced_id, (district_id, cell))}
    if _is_number(cell) and db.execute(SQL.user, (district_id, int(cell))).fetchone():
        found.add(int(cell))
    return _only("student", cell, found)


def _only(noun: str, cell: str, found: set[int]) -> int:
    if not found:
        raise NoSuchThing(noun, cell)
    if len(found) > 1:
        raise BadRequest(ambiguous(noun, cell))
    return found.pop()


def _is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) <= _DIGITS_MAX
