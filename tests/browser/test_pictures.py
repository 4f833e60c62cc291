"""The pictures of the README, taken of the demonstration: `make pictures`."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser

from browser.chromium import Window, new_window
from faults.server import Server

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(
        os.environ.get("ROLLBOOK_PICTURES") != "1", reason="`make pictures` takes them anew"
    ),
]

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE_MAX = 150_000  # bytes


class Demo(Server):
    """`rollbook demo`, with what it says of its district."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "beside.db")
        self.folder = folder / "district"
        place = ("--folder", str(self.folder), "--port", str(self.port))
        self.command = [sys.executable, "-m", "rollbook", "demo", *place]

    @property
    def shown(self) -> dict[str, str]:
        """What there is to see."""
        return msgspec.json.decode(
            (self.folder / "shown.json").read_bytes(), type=dict[str, str]
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demonstration, running."""
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.start()
    yield demo
    demo.stop()


async def come_in(browser: Browser, demo: Demo, login: str, width: int, height: int) -> Window:
    """Open a window with somebody of the demonstration in it."""
    window = await new_window(
        browser,
        f"http://127.0.0.1:{demo.port}",
        viewport={"width": width, "height": height},
        device_scale_factor=1.5,
    )
    await window.log_in(login, demo.shown["password"])
    return window


@pytest.mark.parametrize(
    ("name", "login", "size", "where"),
    [
        ("sheet", "teacher", (390, 720), "/sections/{section}/roll/{last_day}"),
        ("month", "teacher", (960, 600), "/sections/{section}/month/{month}"),
        ("office", "office", (960, 600), "/office?day={last_day}"),
    ],
)
async def test_a_picture_is_taken(
    browser: Browser, demo: Demo, name: str, login: str, size: tuple[int, int], where: str
) -> None:
    """
    The page as it stands on the screen, in a file small enough for a README.
    """
    window = await come_in(browser, demo, login, *size)
    shown = demo.shown
    path = where.format(month=shown["last_day"][:7], **shown)
    page = await window.open(path)
    await page.screenshot(path=PICTURES / f"{name}.png")
    await window.context.close()

    assert (PICTURES / f"{name}.png").stat().st_size < SIZE_MAX
