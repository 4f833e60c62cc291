"""What an id that somebody wrote means: ours, or the roster's own."""

from rollbook.domain.errors import BadRequest, NoSuchThing, Thing
from rollbook.domain.mark_files import ambiguous

_DIGITS_MAX = 18  # of an id: what the databases hold


def only(noun: Thing, cell: str, found: set[int]) -> int:
    """Return the one that was found; none is `NoSuchThing`, two are `BadRequest`."""
    if not found:
        raise NoSuchThing(noun, cell)
    if len(found) > 1:
        raise BadRequest(ambiguous(noun, cell))
    return found.pop()


def is_number(cell: str) -> bool:
    """Say whether a cell can be one of our ids."""
    return cell.isascii() and cell.isdigit() and len(cell) <= _DIGITS_MAX
