"""
The picture of docs/reliability.md: how soon the server was there again after each kill.

    python -m faults.picture build/faults.json docs/pictures/restarts.svg
"""

import json
import sys
from pathlib import Path

_INK, _OURS = "#808890", "#2f81c7"  # as benchmarks/plots.py has them
_WIDTH, _HEIGHT, _LEFT = 640, 160, 40


def picture(restarts: list[float]) -> str:
    """Return a bar for each start, as SVG."""
    most = max(restarts)
    wide = (_WIDTH - _LEFT) / len(restarts)
    bars = "".join(
        f'<rect x="{_LEFT + number * wide:.2f}" y="{_HEIGHT * (1 - seconds / most):.1f}" '
        f'width="{wide * 0.85:.2f}" height="{_HEIGHT * seconds / most:.1f}" fill="{_OURS}"/>'
        for number, seconds in enumerate(restarts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -14 {_WIDTH} {_HEIGHT + 34}" '
        f'font-family="sans-serif" font-size="10" fill="{_INK}">'
        f'<text x="0" y="4">{most:.1f} s</text><text x="0" y="{_HEIGHT}">0 s</text>{bars}'
        f'<text x="{_LEFT}" y="{_HEIGHT + 14}">seconds until it answered, after each of '
        f"{len(restarts) - 1} kills</text></svg>\n"
    )


def main() -> None:
    """Draw what the last `make faults` noted of A1."""
    figures, place = map(Path, sys.argv[1:])
    noted = json.loads(figures.read_text())
    restarts = next(each["restarts"] for each in noted if "restarts" in each)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(picture(restarts))
    print(place)


if __name__ == "__main__":
    main()
