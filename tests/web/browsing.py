"""A browser without scripts: pages, their forms, and sending them back."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx

ADDRESS = "https://rollbook.test"
_FORM = "application/x-www-form-urlencoded"


class Page(HTMLParser):
    """An answer, its text and the fields of its forms."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.status = answer.status_code
        self.headers = answer.headers
        self.html = answer.text
        self.forms: dict[str, dict[str, str]] = {}  # by action: what would be sent as it stands
        self._action: str | None = None
        self._words: list[str] = []
        self.feed(answer.text)

    @property
    def text(self) -> str:
        """What there is to read, in one line."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and fields."""
        given = dict(attrs)
        if tag == "form":
            self._action = given.get("action") or ""
            self.forms.setdefault(self._action, {})
        elif tag == "input" and self._action is not None and _is_sent(given):
            self.forms[self._action][str(given["name"])] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form."""
        if tag == "form":
            self._action = None

    def handle_data(self, data: str) -> None:
        """Note words."""
        self._words.append(data)


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _is_sent(given: Mapping[str, str | None]) -> bool:
    chosen = given.get("type") not in {"radio", "checkbox"} or "checked" in given
    return bool(given.get("name")) and chosen


class Browser:
    """Asks for pages and sends their forms, with what a browser tells of itself."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> Page:
        """Return a page, redirects followed."""
        answer = await self.client.get(path, headers=_told(headers), follow_redirects=True)
        return Page(answer)

    async def send(
        self, page: Page, action: str, changes: Mapping[str, str] = {}, **headers: str
    ) -> httpx.Response:
        """Send a page's form as it stands with some fields changed; no redirect is followed."""
        return await self.post(action, {**page.forms[action], **changes}, **headers)

    async def post(
        self, path: str, fields: Mapping[str, str], **headers: str
    ) -> httpx.Response:
        """Send fields as a browser does from one of our own pages."""
        told = {"content-type": _FORM, "origin": ADDRESS, "sec-fetch-site": "same-origin"}
        told |= _told(headers)
        return await self.client.post(path, content=urlencode(fields), headers=told)
