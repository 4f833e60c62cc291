"""What is asked for in `make bench`, and how much of it is made ready."""

from benchmarks import asking
from benchmarks.asking import XML
from benchmarks.measuring import Kind

_APART = 20_000  # places between the readings of two runs that repeat nothing

R = Kind(name="R", most=30_000, requests=lambda g, host, _: asking.readings(g, host))
R_FIRST = Kind(
    name="R, first time",
    most=15_000,
    requests=lambda g, host, n: asking.first_readings(g, host, begin=n * _APART),
)
W = Kind(name="W", most=9_000, requests=asking.savings)
R_304 = Kind(
    name="R, 304",
    most=40_000,
    expect=304,
    requests=lambda g, host, _: asking.readings(g, host, known=True),
)
W_64 = Kind(
    name="W, 64 at once",
    most=9_000,
    connections=64,
    requests=lambda g, host, n: asking.savings(g, host, 100 + n),
)
OURS = (
    R,
    R_FIRST,
    R_304,
    Kind(
        name="R, XML",
        most=30_000,
        requests=lambda g, host, _: asking.readings(g, host, accept=XML),
    ),
    Kind(
        name="R, XML, first time",
        most=15_000,
        requests=lambda g, host, n: asking.first_readings(
            g, host, accept=XML, begin=n * _APART
        ),
    ),
    W,
    W_64,
    Kind(
        name="W, XML",
        most=9_000,
        requests=lambda g, host, n: asking.savings(g, host, 200 + n, content=XML),
    ),
)
