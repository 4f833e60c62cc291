"""What tests say to the API over and over, and how they read its answers."""

import json
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree as ET

import httpx
import pytest

JSON, XML = "application/json", "text/xml"
in_both_formats = pytest.mark.parametrize("format_", [JSON, XML], ids=["json", "xml"])

EXAMPLES = Path(__file__).parent / "examples"

Tree: TypeAlias = tuple[str, Any]  # an element: its name, and its text or its children


def mark(enrollment_id: Any, date: Any, status: Any, comment: Any = None) -> dict[str, Any]:
    """Return an entry as a body holds it; a comment of None is left out."""
    entry = {"enrollment_id": enrollment_id, "date": date, "status": status}
    return entry if comment is None else {**entry, "comment": comment}


def marks_body(*entries: Any) -> dict[str, Any]:
    return {"attendances": {"attendance": list(entries)}}


class Listing:
    """A listing of either format: its records, its days and its totals in their order."""

    def __init__(self, response: httpx.Response) -> None:
        name, content = tree(response)
        assert name == "result"
        days = [children(content) for tag, content in content if tag == "date"]
        self.days = [day["date"] for day in days]
        self.statuses = {day["date"]: day["statuses"] for day in days}
        self.records = [
            tuple(text for _, text in record)
            for day in days
            for _, status in day["statuses"] or []
            for _, record in children(status)["attendances"]
        ]
        members = children(content)
        self.totals = {
            int(children(total)["status"]): int(children(total)["count"])
            for _, total in members["totals"] or []
        }
        self.links = dict(members.get("links", []))


class Attendance:
    """The attendance of one section, written and read in one format."""

    def __init__(
        self, client: httpx.AsyncClient, section_id: int, format_: str = JSON, **more: Any
    ) -> None:
        self.client = client
        self.section = f"sections/{section_id}"
        self.path = f"{self.section}/attendance"
        self.headers = {"Accept": format_, "Content-Type": format_}
        self._more = more  # such as auth=
        self._format = format_

    async def get(self, path: str = "", **query: Any) -> httpx.Response:
        """List it, or ask for another path with the same headers."""
        return await self.client.get(
            path or self.path, params=query or None, headers=self.headers, **self._more
        )

    async def put(self, *entries: Any, **query: Any) -> httpx.Response:
        """Save entries."""
        return await self.send(written(marks_body(*entries), self._format), **query)

    async def send(self, content: Any, **query: Any) -> httpx.Response:
        """Send a body as it is."""
        return await self.client.put(
            self.path, content=content, params=query or None, headers=self.headers, **self._more
        )

    async def take_roll(self, date: str, *entries: Any, **members: Any) -> httpx.Response:
        """Take a day's roll: the entries are its exceptions."""
        document = {**marks_body(*entries), **members}
        return await self.client.put(
            f"{self.section}/rolls/{date}",
            content=written(document, self._format),
            headers=self.headers,
            **self._more,
        )

    async def history(self) -> list[dict[str, Any]]:
        """Return every change there was."""
        response = await self.client.get(f"{self.path}/history", **self._more)
        changes: list[dict[str, Any]] = response.json()["change"]
        return changes

    async def listed(self, **query: Any) -> Listing:
        """List it, and return what was listed."""
        response = await self.get(**query)
        assert response.status_code == 200, response.text
        return Listing(response)


def children(content: Any) -> dict[str, Any]:
    return dict(content)


def tree(response: httpx.Response) -> Tree:
    """Return an answer of either format as a tree of elements."""
    if response.headers["Content-Type"] == JSON:
        return tree_of(response.json())
    return xml_tree(response.content)


def xml_tree(text: bytes | str) -> Tree:
    """Return XML as a tree; white space between elements is nobody's."""
    return _of_element(ET.fromstring(text))


def _of_element(element: ET.Element) -> Tree:
    inner = list(map(_of_element, element))
    return element.tag, inner or element.text or ""


def tree_of(document: Any, name: str = "result") -> Tree:
    """Return the tree that a JSON document is in XML, by the rules of the document."""
    if not isinstance(document, dict):
        return name, str(document)
    members = [
        tree_of(item, member)
        for member, value in document.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return name, members or ""


def written(document: Any, format_: str) -> bytes:
    """Return a document as a client writes it."""
    if format_ == JSON:
        return json.dumps(document).encode()
    text = ET.tostring(_element(tree_of(document)), encoding="unicode")
    return text.replace("\r", "&#13;").encode()


def _element(node: Tree) -> ET.Element:
    name, content = node
    element = ET.Element(name)
    if isinstance(content, str):
        element.text = content
    else:
        element.extend(map(_element, content))
    return element


def example(name: str) -> bytes:
    """Return one of the document's own examples."""
    return (EXAMPLES / name).read_bytes()
