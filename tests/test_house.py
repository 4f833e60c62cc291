"""The rules of the house: what may lean on what, where SQL is, how long things get."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
HOUSE = REPOSITORY / "src" / "rollbook"
MODULES = {
    ".".join(file.relative_to(HOUSE).with_suffix("").parts): file
    for file in HOUSE.rglob("*.py")
}

LINES_OF_A_MODULE = 410
LINES_OF_A_FUNCTION = 60

GROUND = {"domain"}
ROOMS = {
    "operations",
    "wire",
    "auth",
    "exchange",
    "watch",
}  # and `storage`, which nobody looks into
EVERYTHING = {module.partition(".")[0] for module in MODULES}

# What each package or module of the house may import of it, besides itself.
FLOORS: dict[str, set[str]] = {
    "__init__": set(),
    "domain": set(),
    "config": GROUND,
    **dict.fromkeys((*ROOMS, "storage"), GROUND),
    "api": GROUND | ROOMS,
    "web": GROUND | ROOMS,
    "cli": GROUND | ROOMS | {"config", "wiring", "upkeep", "archiving", "moving", "demo"},
    "demo": EVERYTHING,
    "edge": GROUND | {"watch", "wire"},
    "processes": GROUND | {"config", "storage", "watch"},
    "wiring": EVERYTHING,
    "upkeep": EVERYTHING,
    "archiving": EVERYTHING,
    "roster_process": GROUND | {"config", "exchange"},
    "moving": GROUND | {"config", "processes", "storage"},
    "__main__": {"cli"},
}

SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|PRAGMA\s"
    r"|(CREATE|DROP|ALTER)\s+(TEMP\s+)?(UNIQUE\s+)?(TABLE|INDEX|TRIGGER|VIEW)\s"
    r"|BEGIN(\s|$)|COMMIT\b|ROLLBACK\b|SAVEPOINT\s|ATTACH\s|VACUUM\b)"
)

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported(module: str) -> Iterator[str]:
    """Yield each module that one imports, wherever in it that stands."""
    for node in ast.walk(tree_of(module)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(source), level=0, names=names):
                if source == "rollbook":
                    yield from (f"rollbook.{alias.name}" for alias in names)
                else:
                    yield source
            case ast.ImportFrom():
                raise AssertionError(f"{module} imports relatively: say where from")


def room(module: str) -> str:
    """Return the package that a module is in, or its own name."""
    return module.partition(".")[0]


def imported_rooms(module: str) -> set[str]:
    """Return the packages and modules of the house that one imports."""
    ours = {name.split(".")[1] for name in imported(module) if name.startswith("rollbook.")}
    return ours & EVERYTHING  # the rest are names of the house itself, as its version


def functions(module: str) -> Iterator[tuple[str, Function]]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, Function):
            yield f"{module}.{node.name}", node


@pytest.mark.parametrize("module", MODULES)
def test_a_module_leans_only_on_lower_floors(module: str) -> None:
    """
    A package imports itself and lower floors, never a neighbour: the domain nothing of ours.
    """
    own = room(module)

    assert imported_rooms(module) - {own} <= FLOORS[own]


def test_every_room_has_its_floor() -> None:
    """
    Whoever adds a package says here what it may lean on; none is left that has gone.
    """
    assert set(FLOORS) == {room(module) for module in MODULES}


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) == "domain"])
def test_the_domain_needs_python_and_msgspec(module: str) -> None:
    """
    The rules run without a database, a network or a framework.
    """
    foreign = {room(name) for name in imported(module)} - {"rollbook", "msgspec"}

    assert foreign <= sys.stdlib_module_names


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) != "storage"])
def test_sql_is_in_the_cellar(module: str) -> None:
    """
    No module outside `storage` has a statement of SQL in it.
    """
    texts = [
        node.value
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]

    assert [text for text in texts if SQL.match(text)] == []


@pytest.mark.parametrize("module", MODULES)
def test_what_is_logged_is_a_fixed_text(module: str) -> None:
    """
    What varies in a line of the log stands in fields, where it can be told from the message.
    """
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    calls = [
        node.args
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in {("log", level) for level in levels}
    ]

    assert [
        args for args in calls if len(args) != 1 or not isinstance(args[0], ast.Constant)
    ] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_at_one_sitting(module: str) -> None:
    """
    No module outgrows what can be read at one sitting.
    """
    lines = MODULES[module].read_text(encoding="utf-8").splitlines()

    assert len(lines) <= LINES_OF_A_MODULE


@pytest.mark.parametrize("module", MODULES)
def test_a_function_can_be_seen_at_one_glance(module: str) -> None:
    """
    No function outgrows a screen: 60 lines.
    """
    long = [
        name
        for name, node in functions(module)
        if (node.end_lineno or 0) - node.lineno + 1 > LINES_OF_A_FUNCTION
    ]

    assert long == []


def test_what_is_installed_comes_from_no_address() -> None:
    """
    The pinned packages are named by version and hash; no file says from where, or another's.
    """
    files = [
        *REPOSITORY.glob("requirements*.txt"),
        *(REPOSITORY / "requirements").glob("*"),
        REPOSITORY / "pyproject.toml",
    ]
    addressed = [
        line
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if "://" in line or re.match(r"\s*(-e|--(index|extra-index|find-links|trusted))", line)
    ]

    assert len(files) > 2
    assert addressed == []


def test_every_pinned_package_has_its_hash() -> None:
    """
    Nothing is installed that is not, byte for byte, what was pinned.
    """
    for file in (REPOSITORY / "requirements").glob("*.txt"):
        pins = re.split(r"\n(?=\S)", file.read_text(encoding="utf-8").strip())
        bare = [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin]
        assert [line for line in bare if not line.startswith("#")] == []
