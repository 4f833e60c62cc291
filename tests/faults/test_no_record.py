"""Catalogue A20: what cannot be recorded is not saved, and not acknowledged."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from faults import figures
from faults.asking import Answer, Asking
from faults.ground import Ground
from faults.server import Server
from faults.storm import DAYS

NewServer = Callable[..., Server]


@contextmanager
def no_entries(database: Path) -> Iterator[None]:
    """Let the database refuse every new entry of the record, whoever writes it."""
    db = apsw.Connection(str(database))
    db.set_busy_timeout(5000)
    db.execute(
        "CREATE TRIGGER no_entries BEFORE INSERT ON record "
        "BEGIN SELECT raise(ABORT, 'no entries today'); END"
    )
    try:
        yield
    finally:
        db.execute("DROP TRIGGER no_entries")
        db.close()


def save_without_a_record(ground: Ground, server: Server) -> tuple[list[Answer], int, Answer]:
    """Save while nothing can be recorded; return the answers, the marks then, and one after."""
    server.start()
    asking = Asking(server.port, ground.key)
    section, students = ground.students["w0"]
    with no_entries(ground.database):
        answers = [asking.put(section, {(DAYS[0], who): 2}) for who in students]
        db = apsw.Connection(str(ground.database))
        marks = len(db.execute("SELECT 1 FROM marks").fetchall())
        db.close()
    return answers, marks, asking.put(section, {(DAYS[0], students[0]): 2})


def test_what_cannot_be_recorded_is_not_acknowledged(
    ground: Ground, new_server: NewServer
) -> None:
    """
    No record, no write: 503 with when to try again, no mark in the file; then it saves again.
    """
    answers, marks, after = save_without_a_record(ground, new_server())
    figures.note(
        "A20",
        "the record refuses every entry",
        sent=len(answers),
        acknowledged=sum(answer.status == 200 for answer in answers),
        marks_without_record=marks,
        put_max_s=max(answer.seconds for answer in answers),
    )

    assert {answer.status for answer in answers} == {503}
    assert all(answer.retry_after for answer in answers)
    assert (marks, after.status) == (0, 200)


def test_marks_in_a_transaction_of_their_own_are_seen(
    ground: Ground, new_server: NewServer
) -> None:
    """
    The guard off: with two transactions for one, marks are there that nobody recorded.
    """
    _, marks, _ = save_without_a_record(ground, new_server(breaks="one transaction"))

    assert marks > 0
