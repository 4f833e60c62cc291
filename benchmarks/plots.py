"""
The plots of docs/performance.md, drawn from the last results.

    python -m benchmarks.plots [--folder bench-data] [--to docs/pictures]

They have no background of their own and no black or white in them: a reader's page may be light
or dark.
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter

from benchmarks import results
from benchmarks.results import Bench, Growth, Nation

_INK = "#808890"
_OURS, _FLOOR, _PEER, _OTHER = "#2f81c7", "#9aa4ae", "#d9822b", "#2f9e6e"

# What is shown of `make bench`: a word for it, its row, its floor's and the peer's.
_BARS = (
    ("a month\nread", "R", "floor of R", "peer R"),
    ("for the\nfirst time", "R, first time", "floor of R", "peer R"),
    ("unchanged\n(304)", "R, 304", "floor of R, 304", ""),
    ("as XML", "R, XML", "floor of R, XML", ""),
    ("a roll\nsaved", "W", "floor of W, 16 a commit", "peer W"),
    ("as XML", "W, XML", "floor of W, 16 a commit", ""),
)


def bars(found: Bench) -> Any:
    """Draw each rate beside its floor and the peer's."""
    figure, axes = plt.subplots(figsize=(8, 4.2))
    series = (("floor", 2, _FLOOR), ("Rollbook", 1, _OURS), ("Django REST framework", 3, _PEER))
    width = 0.27
    for place, (label, column, colour) in enumerate(series):
        points = [
            (group + (place - 1) * width, found.rows[names[column]].rate)
            for group, names in enumerate(_BARS)
            if names[column] in found.rows
        ]
        drawn = axes.bar(*zip(*points, strict=True), width * 0.92, label=label, color=colour)
        axes.bar_label(drawn, [_short(rate) for _, rate in points], padding=2, fontsize=8)
    axes.set_yscale("log")
    axes.set_ylabel("requests a second (logarithmic)")
    axes.set_xticks(range(len(_BARS)), [names[0] for names in _BARS])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.margins(y=0.15)
    _legend(axes, columns=3)
    return figure


def growth(found: Growth) -> Any:
    """Draw the rates against how many marks there are."""
    figure, axes = plt.subplots(figsize=(8, 3.8))
    marks = [size.marks / 1e6 for size in found.sizes]
    for name, label, colour in (("R", "a month read", _OURS), ("W", "a roll saved", _OTHER)):
        rates = [size.rows[name].rate for size in found.sizes]
        axes.plot(marks, rates, marker="o", color=colour, label=label)
        axes.axhline(0.8 * rates[0], color=colour, linewidth=1, linestyle=":")
        for x, y in zip(marks, rates, strict=True):
            axes.annotate(
                f"{y:,.0f}", (x, y), (0, 7), textcoords="offset points", ha="center", fontsize=8
            )
    axes.set_xscale("log")
    axes.set_xticks(marks, [f"{million:,.0f}" for million in marks])
    axes.set_xlabel("million marks stored")
    axes.set_ylabel("requests a second")
    axes.xaxis.minorticks_off()
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    _legend(axes, columns=2, title="dotted: 0.8 of the first")
    return figure


def nation(found: Nation) -> Any:
    """Draw the nation's roll call over its time."""
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8, 4.8), sharex=True, height_ratios=(2, 1)
    )
    at = [0.0, *(each.at for each in found.course)]
    saved = [0, *(each.saved for each in found.course)]
    rates = [(saved[n] - saved[n - 1]) / (at[n] - at[n - 1]) for n in range(1, len(at))]
    above.stairs(rates, at, color=_OURS, linewidth=1.8, label="rolls a second")
    above.axhline(
        5_600, color=_PEER, linewidth=1, linestyle=":", label="5,600: 50 million in 5 minutes"
    )
    above.set_ylabel("rolls a second")
    above.set_ylim(0, 1.15 * max(5_600, *rates))
    _legend(above, columns=2)
    for name, colour in (("p50", _OTHER), ("p99", _OURS)):
        below.stairs(
            [getattr(each, name) for each in found.course], at, color=colour, label=name
        )
    below.set_ylabel("milliseconds")
    below.set_xlabel("seconds since the first request")
    below.set_ylim(bottom=0)
    _legend(below, columns=2)
    return figure


def _legend(axes: Any, *, columns: int, title: str = "") -> None:
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        frameon=False,
        title=title or None,
    )


def _short(rate: float) -> str:
    return f"{rate / 1000:.3g}k" if rate >= 1000 else f"{rate:.3g}"


def _style() -> None:
    names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    mpl.rcParams.update(dict.fromkeys(names, _INK))
    mpl.rcParams.update(
        {
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "axes.axisbelow": True,
            "grid.color": _INK,
            "grid.alpha": 0.25,
            "font.size": 9,
            "svg.fonttype": "none",  # the reader's own letters
            "svg.hashsalt": "rollbook",  # the same picture from the same figures
            "font.family": "sans-serif",
        }
    )


def main() -> None:
    """Draw what there are results of."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots", description=__doc__)
    parser.add_argument("--folder", type=Path, default=results.FOLDER, help="of the results")
    parser.add_argument(
        "--to", type=Path, default=Path("docs/pictures"), help="of the pictures"
    )
    given = parser.parse_args()
    _style()
    given.to.mkdir(parents=True, exist_ok=True)
    if bench := results.latest(given.folder, Bench):
        _draw(bars(bench), given.to / "bench.svg")
    if grown := results.latest(given.folder, Growth):
        _draw(growth(grown), given.to / "growth.svg")
    if called := results.latest(given.folder, Nation):
        _draw(nation(called), given.to / "nation.svg")


def _draw(figure: Any, place: Path) -> None:
    figure.savefig(place, transparent=True, bbox_inches="tight", metadata={"Date": None})
    print(place)


if __name__ == "__main__":
    main()
