"""
One parser fuzzed in this process, which ends with it: `python -m fuzz.child NAME FOLDER OPTIONS`.

Nothing of ours may be imported before it can be instrumented.
"""

import sys
from pathlib import Path

import atheris


def main(name: str, folder: str, options: list[str]) -> None:
    """Fuzz, with a house settled in *folder*; the options are libFuzzer's."""
    with atheris.instrument_imports(include=["rollbook"]):
        from fuzz import house, parsers

    where, parser = house.House(Path(folder)), parsers.PARSERS[name]

    def one(data: bytes) -> None:
        parser(data, where)

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
