"""The Containerfile names what there is; no image is built here."""

import re
import shlex

from conftest import REPOSITORY

TEXT = (REPOSITORY / "deploy" / "Containerfile").read_text()
INSTRUCTIONS = [
    shlex.split(line)
    for line in re.sub(r"\\\n", " ", TEXT).splitlines()
    if line and not line.startswith("#")
]


def test_everything_that_is_copied_is_there() -> None:
    """
    Each COPY from the checkout names files that are in it.
    """
    sources = [
        source
        for word, *places in INSTRUCTIONS
        if word == "COPY" and not places[0].startswith("--from")
        for source in places[:-1]
    ]

    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    assert {"src", "requirements/runtime.txt"} <= set(sources)


def test_nobody_is_root_in_it() -> None:
    """
    The server runs as a user of its own, and what is installed is pinned by hash.
    """
    words = [instruction[0] for instruction in INSTRUCTIONS]
    users = [place for word, *place in INSTRUCTIONS if word == "USER"]

    assert users == [["rollbook"]]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "--require-hashes" in TEXT
