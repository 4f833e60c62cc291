"""The roster as an administrator sends it in: read, looked at, taken in."""

import asyncio
import html
import io
import os
import time
import zipfile
from pathlib import Path

import httpx
import msgspec
import pytest

from cast import Cast, let_in
from rollbook.config import Config
from rollbook.domain.acts import ActQuery, Deed, Turn, What
from rollbook.domain.errors import Unavailable
from rollbook.domain.people import Role
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import Page as Part
from rollbook.domain.store import Store
from rollbook.exchange.outcome import Outcome
from rollbook.roster_process import RosterProcess
from rollbook.web import uploads
from rollbook.web.rosters import KEPT_FOR, Rosters
from web.browsing import ADDRESS, Browser, Page
from web.conftest import Visiting

PATH, APPLY = "/admin/roster", "/admin/roster/apply"
PEOPLE = "sourcedId,orgSourcedIds,role,givenName,familyName,status\n"
NINA = PEOPLE + "nina,school,student,Nina,Neu,active\n"


def zipped(delta: bool = True, **files: str) -> bytes:
    """Return a set as it is sent; a bulk one ends whoever it does not have."""
    mode = "delta" if delta else "bulk"
    manifest = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
    for name in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments"):
        manifest += f"file.{name},{mode if name in files else 'absent'}\n"
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("manifest.csv", manifest)
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return body.getvalue()


async def send(
    browser: Browser, content: bytes, name: str = "../../roster.zip", **fields: str
) -> httpx.Response:
    """Send a file as a browser does from the page."""
    page = await browser.get(PATH)
    return await browser.client.post(
        PATH,
        data={"token": page.forms[PATH]["token"]} | fields,
        files={"file": (name, content, "application/zip")},
        headers={"origin": ADDRESS, "sec-fetch-site": "same-origin"},
    )


async def settled(browser: Browser, path: str = PATH) -> Page:
    """Return the page once nothing is under way."""
    for _ in range(200):
        page = await browser.get(path)
        if 'http-equiv="refresh"' not in page.html:
            return page
        await asyncio.sleep(0.01)
    raise AssertionError(page.text)


async def names(store: Store, cast: Cast) -> set[str]:
    """Return the last names of the district's people."""
    return {user.name_last for user in (await store.users(cast.district.id, Part(0, 99))).items}


async def test_a_roster_is_looked_at_and_taken_in(
    visit: Visiting, store: Store, cast: Cast, tmp_path: Path
) -> None:
    """
    Sending it changes nothing but shows what would change; the second button does it.
    """
    alice = await visit("alice")
    answer = await send(alice, zipped(users=NINA))
    page = await settled(alice, answer.headers["location"])

    assert answer.status_code == 303
    assert "people 1 0 0 0" in page.text
    assert "Neu" not in await names(store, cast)
    (tmp_path / "rosters").stat()
    files = list((tmp_path / "rosters").iterdir())
    assert (tmp_path / "rosters").stat().st_mode & 0o777 == 0o700
    assert sorted(file.suffix for file in files) == [".json", ".zip"]

    answer = await alice.send(page, APPLY, {"apply": ""})
    done = await settled(alice, answer.headers["location"])
    assert "The roster was taken in." in done.text
    assert "Neu" in await names(store, cast)
    assert [file.suffix for file in (tmp_path / "rosters").iterdir()] == [".json"]


async def test_what_is_wrong_is_told_by_file_line_and_column(visit: Visiting) -> None:
    """
    A set with faults is not taken in, and the file does not wait.
    """
    alice = await visit("alice")
    await send(alice, zipped(users=NINA + "otto,school,student,Otto,,dead\n"))
    page = await settled(alice)

    assert "Nothing was changed" in page.text
    assert "users.csv, line 3, status" in page.text
    assert APPLY not in page.forms


async def test_the_last_administrator_is_not_taken_away(
    visit: Visiting, store: Store, cast: Cast
) -> None:
    """
    A roster that would leave nobody who may come in to administer the district is refused as soon
    as it is read.
    """
    await let_in(store, cast, "alice")
    alice = await visit("alice")
    await send(alice, zipped(users=PEOPLE + "alice,school,teacher,Alice,Keller,active\n"))
    page = await settled(alice)

    assert "This is the last administrator who may come in" in page.text
    assert APPLY not in page.forms
    assert (await store.user(cast.district.id, cast.users["alice"])).role is Role.ADMINISTRATOR


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../roster.zip", "roster.zip"),
        ("C:\\Users\\ava\\matrícula.zip", "matrícula.zip"),
        ("<b>{file}.zip", "<b>{file}.zip"),
        ("a\u202epiz.exe\u200b", "apiz.exe"),
        ("x" * 300 + " fall.zip", "x" * 67 + "…xxx fall.zip"),
    ],
)
async def test_no_zip_is_told(visit: Visiting, name: str, shown: str) -> None:
    """
    Whatever else is sent is refused in a sentence, which calls it as whoever sent it does: without
    its folders and what cannot be seen, and not endless.
    """
    alice = await visit("alice")
    await send(alice, b"no zip at all", name)
    page = await settled(alice)

    assert "Nothing was changed" in page.text
    assert f"{html.escape(shown)} cannot be read: File is not a zip file" in page.html


async def test_a_file_without_a_name_is_called_as_it_is_kept(visit: Visiting) -> None:
    """
    A browser that keeps the name for itself is no reason to refuse the file.
    """
    alice = await visit("alice")
    await send(alice, b"no zip at all", "/")

    assert ".zip cannot be read: File is not a zip file" in (await settled(alice)).text


async def test_what_ends_many_has_to_be_meant(
    visit: Visiting, store: Store, cast: Cast
) -> None:
    """
    A bulk file without anybody shows what it would do, and does it only when that is said.
    """
    alice = await visit("alice")
    await send(
        alice, zipped(False, enrollments="sourcedId,classSourcedId,userSourcedId,role\n")
    )
    page = await settled(alice)
    assert "more than a tenth" in page.text
    answer = await alice.send(page, APPLY, {"apply": ""})
    places = await store.footing(cast.district.id, cast.sections["maths"], cast.users["bob"])

    assert answer.status_code == 400
    assert "Say that this is meant" in Page(answer).text
    assert places.teaches
    await alice.send(page, APPLY, {"apply": "", "meant": "on"})
    assert "The roster was taken in." in (await settled(alice)).text
    places = await store.footing(cast.district.id, cast.sections["maths"], cast.users["bob"])
    assert not places.teaches


async def test_a_roster_is_seen_by_who_sent_it(visit: Visiting, rosters: Rosters) -> None:
    """
    Another district's administrator neither sees it nor can take it in.
    """
    alice, mallory = await visit("alice"), await visit("mallory")
    await send(alice, zipped(users=NINA))
    page = await settled(alice)
    waiting = page.forms[APPLY]["roster"]
    theirs = await mallory.get(f"{PATH}?roster={waiting}")
    fields = {"token": theirs.forms["/logout"]["token"], "roster": waiting, "apply": ""}
    await mallory.post(APPLY, fields)

    assert "no longer here" in theirs.text
    assert "What it would change" in (await settled(alice)).text
    answer = await alice.send(page, APPLY, {"drop": ""})
    dropped = await alice.get(answer.headers["location"])
    assert "The roster was dropped: nothing was changed." in dropped.text
    assert "What it would change" not in dropped.text


async def test_an_older_page_takes_nothing_in(
    visit: Visiting, store: Store, cast: Cast
) -> None:
    """
    Whoever sent another roster meanwhile is told that the first has gone.
    """
    alice = await visit("alice")
    await send(alice, zipped(users=NINA))
    first = await settled(alice)
    await send(alice, zipped(users=NINA.replace("Neu", "Alt")))
    await settled(alice)
    answer = await alice.send(first, APPLY, {"apply": ""})

    assert "no longer here" in (await settled(alice, answer.headers["location"])).text
    assert {"Neu", "Alt"} & await names(store, cast) == set()


async def test_two_presses_are_one(visit: Visiting, rosters: Rosters) -> None:
    """
    The second of two finds that somebody has begun, and does no harm.
    """
    alice = await visit("alice")
    await send(alice, zipped(users=NINA))
    page = await settled(alice)
    answers = [await alice.send(page, APPLY, {"apply": ""}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert "The roster was taken in." in (await settled(alice)).text


async def test_what_waits_too_long_is_removed(visit: Visiting, tmp_path: Path) -> None:
    """
    After an hour neither the file nor what was found in it is there.
    """
    alice = await visit("alice")
    answer = await send(alice, zipped(users=NINA))
    await settled(alice)
    for file in (tmp_path / "rosters").iterdir():
        os.utime(file, (time.time() - KEPT_FOR - 1,) * 2)
    page = await settled(alice, answer.headers["location"])

    assert "no longer here" in page.text
    assert list((tmp_path / "rosters").iterdir()) == []


async def test_a_form_that_is_not_ours_is_not_taken(visit: Visiting, tmp_path: Path) -> None:
    """
    Without the token, from elsewhere, by somebody else, or too large: no file is kept.
    """
    alice, bob = await visit("alice"), await visit("bob")
    assert (await send(alice, b"x", token="0" * 64)).status_code == 403
    token = (await bob.get("/today")).forms["/logout"]["token"]
    answer = await bob.client.post(
        PATH,
        data={"token": token},
        files={"file": b"x"},
        headers={"origin": ADDRESS, "sec-fetch-site": "same-origin"},
    )
    assert answer.status_code == 403
    assert not (tmp_path / "rosters").exists()


async def test_a_file_too_large_is_not_kept(
    visit: Visiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is over the limit is refused, whether its length was told or not.
    """
    monkeypatch.setattr(uploads, "FILE_MAX", 5000)
    alice = await visit("alice")
    page = await alice.get(PATH)
    told = {"origin": ADDRESS, "sec-fetch-site": "same-origin"}
    token = page.forms[PATH]["token"]
    head = f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'
    head += '--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'

    async def parts() -> object:
        yield head.encode()
        for _ in range(10):
            yield b"y" * 1000
        yield b"\r\n--x--\r\n"

    kind = {"content-type": "multipart/form-data; boundary=x"}
    unsaid = await alice.client.post(PATH, content=parts(), headers=told | kind)  # type: ignore[arg-type]
    assert (await send(alice, b"y" * 6000)).status_code == 413
    assert unsaid.status_code == 413
    assert list((tmp_path / "rosters").iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=x", b"", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--", 400),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=a",
            400,
        ),
        ("application/x-www-form-urlencoded", b"token=1", 415),
        ("", b"", 415),
    ],
)
async def test_what_is_no_form_is_told(
    visit: Visiting, kind: str, body: bytes, status: int
) -> None:
    """
    Nothing that a program may send is a fault of ours.
    """
    alice = await visit("alice")
    headers = {"origin": ADDRESS, "sec-fetch-site": "same-origin", "content-type": kind}

    assert (await alice.client.post(PATH, content=body, headers=headers)).status_code == status


async def test_no_file_was_chosen(visit: Visiting) -> None:
    """
    The form without a file is told so.
    """
    alice = await visit("alice")
    answer = await send(alice, b"")

    page = Page(answer)
    assert answer.status_code == 400
    assert "Choose a file first; an empty one has no roster in it." in page.text
    assert 'aria-invalid="true"' in page.html  # of the field, which is there to choose one
    assert PATH in page.forms


async def test_what_is_wrong_is_told_in_the_language(visit: Visiting) -> None:
    """
    Every fault is translated; what comes from the files stands in it as it is, and is escaped.
    """
    people = NINA + "<b>,school,student,Otto,,dead\n<i>,school,student,Ida,Il,\n" * 2
    places = "sourcedId,classSourcedId,userSourcedId,role,beginDate\n"
    places += "e1,<u>,nobody,student,2026-02-30\n"
    alice = await visit("alice")
    await send(alice, zipped(delta=False, users=people, enrollments=places))
    await settled(alice)
    page = await alice.get(PATH, accept_language="es")

    assert "se encontraron 5 errores en los archivos" in page.text
    assert "users.csv, línea 3, status: no es active ni inactive ni tobedeleted" in page.text
    assert "users.csv, línea 5, sourcedId: <b> está por segunda vez" in page.text
    assert "users.csv, línea 6, sourcedId: &lt;i&gt; está por segunda vez" in page.html
    assert "línea 2, userSourcedId: no hay nobody en users.csv" in page.text
    assert "línea 2, beginDate: no es un día del calendario" in page.text
    assert "<i>" not in page.html


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no zip", ".zip no se puede leer: el archivo no es un zip"),
        (zipped(), "no contiene ninguno de los archivos de OneRoster"),
        (
            zipped(
                enrollments="sourcedId,classSourcedId,userSourcedId,role\ne1,{c},nina,student\n"
            ),
            "inscripción e1: no hay clase {c}",
        ),
        (
            zipped(users="sourcedId,role\n"),
            "línea 1: al encabezado le falta la columna givenName",
        ),
    ],
    ids=["no zip", "nothing in it", "a reference", "a column"],
)
async def test_a_refusal_is_told_in_the_language(
    visit: Visiting, content: bytes, said: str
) -> None:
    """
    Also what is found before the first line is read, and what only the database finds.
    """
    alice = await visit("alice")
    await send(alice, content)
    await settled(alice)
    page = await alice.get(PATH, accept_language="es")

    assert "No se cambió nada" in page.text
    assert said in page.text


async def test_it_is_done_in_a_process_of_its_own(
    world: object, store: Store, cast: Cast, tmp_path: Path
) -> None:
    """
    The server runs the command that operators have: the same roster, the same answer.
    """
    path = tmp_path / "set.zip"
    path.write_bytes(zipped(users=NINA))
    take_in = RosterProcess(Config(database=str(world.path)))  # type: ignore[attr-defined]
    how = {"dry_run": False, "allow_ending": False}
    by = cast.users["alice"]
    done = await take_in(cast.district.id, path, by=by, **how)
    again = await take_in(cast.district.id, path, by=by, **how)
    (act,) = await store.acts(cast.district.id, ActQuery())

    assert [msgspec.structs.astuple(one) for one in done.summaries] == [("users", 1, 0, 0, 0)]
    assert [msgspec.structs.astuple(one) for one in again.summaries] == [("users", 0, 0, 0, 1)]
    assert "Neu" in await names(store, cast)
    assert isinstance(done, Outcome)
    assert act.author == Author(user_id=by, channel=Channel.WEB)
    assert act.deed == Deed(what=What.ROSTER_TAKEN_IN, turns=(Turn("users added", None, 1),))
    with pytest.raises(Unavailable, match="There is no district 99"):
        await take_in(99, path, by=by, **how)
