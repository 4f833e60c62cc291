"""What is read on a page in the browser: whether it is all ours, and what it says."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from playwright.async_api import Page

TEMPLATES = Path(__file__).resolve().parents[2] / "src" / "rollbook" / "web" / "templates"

# A selector, with an attribute after the @ or none for what there is to read, and what it finds.
Shown: TypeAlias = Mapping[str, Sequence[str]]


def ours() -> tuple[list[str], list[str]]:
    """Return the elements and the attributes that stand in our templates."""
    text = "".join(file.read_text() for file in TEMPLATES.glob("*.html"))
    tags = {"tbody", *re.findall(r"<([a-z][a-z0-9]*)", text)}
    names = {*re.findall(r"[ }]([a-z-]+)(?==\")", text), *re.findall(r" (data-[a-z-]+)", text)}
    alone = {"hidden", "checked", "selected", "disabled", "required", "open", "defer"}
    alone.add("autofocus")  # of the first field that is wrong
    return sorted(tags), sorted(names | alone)


# Whatever is in a document that is in no template, or leads anywhere but to a path of ours.
FOREIGN = """
(page, tags, names) => [...page.querySelectorAll("*")].filter((it) =>
  !tags.includes(it.localName)
  || [...it.attributes].some((one) => !names.includes(one.name)
    || ["href", "src", "action"].includes(one.name) && !/^[/#](?![/\\\\])/.test(one.value))
).map((it) => it.outerHTML.slice(0, 200))
"""
_READ = """
([selector, attribute]) => [...document.querySelectorAll(selector)].map((it) =>
  attribute ? it.getAttribute(attribute) : it.matches("input") ? it.value : it.textContent)
"""


async def foreign(page: Page) -> list[str]:
    """Return what is on a page that no template of ours has; and whether anything ran."""
    found: list[str] = await page.evaluate(
        f"([tags, names]) => ({FOREIGN})(document, tags, names)", [*map(list, ours())]
    )
    if await page.evaluate("window.ran"):
        found.append("a script ran")
    return found


async def missing(page: Page, shown: Shown) -> dict[str, Counter[str]]:
    """Return what should be read on a page, letter by letter, and is not."""
    found = {}
    for place, wanted in shown.items():
        selector, _, attribute = place.partition("@")
        read: list[str] = await page.evaluate(_READ, [selector, attribute])
        if lacks := Counter(wanted) - Counter(read):
            found[place] = lacks
    return found
