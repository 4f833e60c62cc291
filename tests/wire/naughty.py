"""Text and bytes that were collected because something broke on them."""

import json
from pathlib import Path

from conftest import corpus


def json_suite(prefix: str = "") -> list[Path]:
    """Return the bodies of the JSON test suite: n_ are none, y_ are, i_ is left open."""
    return sorted((corpus("json-testsuite") / "test_parsing").glob(f"{prefix}*.json"))


def strings() -> list[str]:
    """Return the big list of naughty strings."""
    found: list[str] = json.loads((corpus("blns") / "blns.json").read_bytes())
    return found


def byte_sequences() -> list[tuple[str, bytes, bool]]:
    """Return the UTF-8 test cases: their number, their bytes, and whether they are valid."""
    cases = []
    for line in (corpus("utf8tests") / "utf8tests.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            number, kind, given, *_ = line.split(":")
            is_hex = kind.strip().endswith("hex")
            data = bytes.fromhex(given) if is_hex else given.encode()
            cases.append((number, data, kind.strip().startswith("valid")))
    return cases


def xml_can_carry(text: str) -> bool:
    """Say whether each character is one of XML 1.0's (production 2), a second opinion."""
    return all(
        number in {0x9, 0xA, 0xD}
        or 0x20 <= number <= 0xD7FF
        or 0xE000 <= number <= 0xFFFD
        or 0x10000 <= number <= 0x10FFFF
        for number in map(ord, text)
    )
