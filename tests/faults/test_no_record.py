"""Catalogue A20, on both databases: what cannot be recorded is not saved or acknowledged."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw
import pytest

from faults import figures
from faults.asking import Answer, Asking
from faults.ground import Ground
from faults.server import Server
from faults.storm import DAYS

NewServer = Callable[..., Server]
BREAKS = {"sqlite": "one transaction", "postgresql": "one transaction on PostgreSQL"}

on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


@contextmanager
def no_entries(ground: Ground) -> Iterator[Callable[[], int]]:
    """Let the database refuse every new entry of the record; yield how to count the marks."""
    if ground.postgres:
        book = ground.postgres
        book.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN RAISE ''no entries today''; END'"
        )
        book.sql(
            "CREATE TRIGGER no_entries BEFORE INSERT ON record "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        yield lambda: len(book.sql("SELECT 1 FROM marks"))
        book.sql("DROP TRIGGER no_entries ON record")
        return
    db = apsw.Connection(str(ground.database))
    db.set_busy_timeout(5000)
    db.execute(
        "CREATE TRIGGER no_entries BEFORE INSERT ON record "
        "BEGIN SELECT raise(ABORT, 'no entries today'); END"
    )
    yield lambda: len(db.execute("SELECT 1 FROM marks").fetchall())
    db.execute("DROP TRIGGER no_entries")
    db.close()


def save_without_a_record(ground: Ground, server: Server) -> tuple[list[Answer], int, Answer]:
    """Save while nothing can be recorded; return the answers, the marks then, and one after."""
    server.start()
    asking = Asking(server.port, ground.key)
    section, students = ground.students["w0"]
    with no_entries(ground) as count_marks:
        answers = [asking.put(section, {(DAYS[0], who): 2}) for who in students]
        marks = count_marks()
    return answers, marks, asking.put(section, {(DAYS[0], students[0]): 2})


@on_both
def test_what_cannot_be_recorded_is_not_acknowledged(
    ground: Ground, new_server: NewServer, database: str
) -> None:
    """
    No record, no write: 503 with when to try again, no mark in the file; then it saves again.
    """
    answers, marks, after = save_without_a_record(ground, new_server())
    figures.note(
        "A20",
        f"the record refuses every entry, {database}",
        sent=len(answers),
        acknowledged=sum(answer.status == 200 for answer in answers),
        marks_without_record=marks,
        put_max_s=max(answer.seconds for answer in answers),
    )

    assert {answer.status for answer in answers} == {503}
    assert all(answer.retry_after for answer in answers)
    assert (marks, after.status) == (0, 200)


@on_both
def test_marks_in_a_transaction_of_their_own_are_seen(
    ground: Ground, new_server: NewServer, database: str
) -> None:
    """
    The guard off: with two transactions for one, marks are there that nobody recorded.
    """
    _, marks, _ = save_without_a_record(ground, new_server(breaks=BREAKS[database]))

    assert marks > 0
