"""
A process that claims nonces, for the tests: it does what its standard input says, line by line.

`claim TIMESTAMP NONCE TIMES` claims a nonce so many times and answers how often it was fresh;
`hold` takes the book's write lock and keeps it.
"""

import sys
from pathlib import Path

from rollbook.auth.nonces import NonceBook


def claim(book: NonceBook, timestamp: int, *parts: str, now: float) -> bool:
    """Claim a nonce in a book that never waits: no loop is needed."""
    claiming = book.claim(1, timestamp, *parts, now=now)
    try:
        claiming.send(None)
    except StopIteration as done:
        return bool(done.value)
    raise AssertionError("it waited")


def main(folder: str, now: float) -> None:
    book = NonceBook(Path(folder), now=now, map_bytes=1 << 24)
    answer("ready")
    held = []
    for line in sys.stdin:
        order, *given = line.split()
        if order == "hold":
            held.append(book._env.begin(write=True))
            answer("held")
        else:
            timestamp, nonce, times = given
            claims = [
                claim(book, int(timestamp), "key", "", nonce, now=now)
                for _ in range(int(times))
            ]
            answer(sum(claims))


def answer(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
