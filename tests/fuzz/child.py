"""
One parser fuzzed in this process, which ends with it: `python -m fuzz.child NAME FOLDER OPTIONS`.

Nothing of ours may be imported before it can be instrumented.
"""

import shlex
import sys
import tempfile
from pathlib import Path

import atheris


def main(name: str, folder: str, options: list[str]) -> None:
    """Fuzz, with a house settled in *folder*; the options are libFuzzer's."""
    with atheris.instrument_imports(include=["rollbook"]):
        from fuzz import house, parsers

    where, parser = house.House(Path(tempfile.mkdtemp(dir=folder))), parsers.PARSERS[name]

    def one(data: bytes) -> None:
        parser(data, where)

    atheris.Setup([_myself(name, folder), *options], one)
    atheris.Fuzz()


def _myself(name: str, folder: str) -> str:
    """Return a program that does what this one does: to merge, libFuzzer starts it again."""
    program = Path(tempfile.mkdtemp(dir=folder)) / "child"
    words = shlex.join([sys.executable, "-m", "fuzz.child", name, folder])
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)
    return str(program)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
