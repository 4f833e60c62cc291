"""The real server on a real port, one for all the tests that only talk to it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import World
from live.house import House


@pytest.fixture(scope="session")
def house(settled: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running server that no test may stop."""
    database = tmp_path_factory.mktemp("live") / "rollbook.db"
    shutil.copy(settled.path, database)
    house = House(database, settled.lindenhof)
    house.start()
    yield house
    assert house.stop() == 0, house.log()


@pytest.fixture
def new_house(world: World) -> Iterator[Callable[..., House]]:
    """Makes servers on the test's own file, for it to do with as it likes."""
    made: list[House] = []

    def make(database: Path = world.path, **settings: str) -> House:
        made.append(House(database, world.lindenhof, **settings))
        return made[-1]

    yield make
    for house in made:
        if house.process is not None:
            house.kill()
