"""Catalogue A11: two hundred save at once, and nobody finds the file locked."""

from collections import Counter
from collections.abc import Callable

from faults import figures
from faults.asking import Answer, body_of
from faults.flood import Errand, flood
from faults.ground import Ground
from faults.server import Server
from faults.storm import DAYS

NewServer = Callable[..., Server]
CLIENTS = 200


def crowd(ground: Ground, server: Server, times: int) -> list[Answer]:
    """Let 200 clients, each with a student of its own, save so many marks each."""
    everybody = [
        (section, student)
        for section, students in ground.students.values()
        for student in students
    ]

    def plan(client: int, number: int) -> Errand:
        section, student = everybody[client]
        marks = {(DAYS[0], student): 1 + number % 4}
        return Errand("PUT", section, body_of(marks.items(), str(number)))

    return flood(server.port, ground.key, plan, clients=CLIENTS, times=times)


def test_nobody_finds_the_file_locked(ground: Ground, new_server: NewServer) -> None:
    """
    200 clients save at once, again and again, and every one of them is answered with 200.
    """
    server, times = new_server(), figures.long_or_short(100, 5)
    server.start()
    answers = crowd(ground, server, times)
    seconds = [answer.seconds for answer in answers]
    said = server.log().lower()
    figures.note(
        "A11",
        "200 clients",
        saved=sum(answer.status == 200 for answer in answers),
        refused=sum(answer.status != 200 for answer in answers),
        locked=said.count("locked") + said.count("busy"),
        put_p50_s=figures.share(seconds, 0.5),
        put_p99_s=figures.share(seconds, 0.99),
    )

    assert Counter(answer.status for answer in answers) == {200: CLIENTS * times}
    assert "locked" not in said
    assert "busy" not in said


@figures.only_long
def test_writers_that_compete_find_it_locked(ground: Ground, new_server: NewServer) -> None:
    """
    The guard off: workers that write themselves, in deferred transactions, are refused.
    """
    server = new_server(breaks="one writer")
    server.start()
    answers = crowd(ground, server, 5)

    assert {answer.status for answer in answers} == {200, 503}
    assert "locked" in server.log()
