"""Debian's Chromium, and what is watched in it: what no page of ours may ever do."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    Browser,
    BrowserContext,
    Dialog,
    Page,
    Playwright,
    Request,
    ViewportSize,
)

CHROMIUM = Path("/usr/bin/chromium")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"

PHONE = ViewportSize(width=390, height=844)
LAPTOP = ViewportSize(width=1200, height=800)
SMALLEST = ViewportSize(width=320, height=640)

_PATIENCE = 10_000  # milliseconds that a page may take on a busy machine

# Our policy would report these nowhere: the page itself says so here, where it is listened to.
_TELL_OF_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("against the policy: " + event.violatedDirective + " " + event.blockedURI));
"""


async def launch(playwright: Playwright) -> Browser:
    """Start it, with a sandbox where it may have one."""
    return await playwright.chromium.launch(
        executable_path=CHROMIUM, chromium_sandbox=os.geteuid() != 0
    )


class Window:
    """A browser's window with nothing of anybody else in it, at one server."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        """Watch everything that happens in it."""
        self.context = context
        self.url = url
        self.faults: list[str] = []
        context.set_default_timeout(_PATIENCE)
        context.on("request", self._asked)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("console", lambda message: self._said(message.text))
        context.on("dialog", self._was_interrupted)

    async def open(self, path: str, page: Page | None = None) -> Page:
        """Show a page, in a new tab unless there is one."""
        page = page or await self.context.new_page()
        await page.goto(self.url + path)
        return page

    async def log_in(self, login: str, password: str) -> Page:
        """Come in by the form."""
        page = await self.open("/login")
        await page.fill("#login", login)
        await page.fill("#password", password)
        await page.click(".go")
        await page.wait_for_url(re.compile(r"/(today|office)"))
        return page

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.faults.append(f"another host: {request.url}")

    async def _was_interrupted(self, dialog: Dialog) -> None:
        self.faults.append(f"a dialog: {dialog.message}")
        await dialog.dismiss()

    def _said(self, text: str) -> None:
        # What was refused, or offline, is as it is; that a logout cleared something is good.
        if not text.startswith(("Failed to load resource", "Clear-Site-Data")):
            self.faults.append(f"console: {text}")


async def new_window(browser: Browser, url: str, **options: Any) -> Window:
    """Open one; *options* are playwright's, as the `viewport` and the `locale`."""
    context = await browser.new_context(**{"locale": "en-US"} | options)
    await context.add_init_script(_TELL_OF_VIOLATIONS)
    return Window(context, url)


async def shoot(page: Page, name: str) -> None:
    """Keep a picture of a page, whole, to be looked at after the run."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


async def barriers(page: Page, *only: str) -> list[str]:
    """
    Return what axe-core finds that shuts somebody out of a page: the rule, and where.

    *only*: tags of the rules to look at, as `cat.color`.
    """
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(only)} if only else {})
    found = (await Axe().run(page, options=options)).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in found
        for node in rule["nodes"]
    ]
