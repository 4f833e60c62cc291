"""Coming in by the district's accounts, at a real provider in a process of its own."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from cast import MASTER_KEY, Cast
from conftest import Clock
from rollbook.auth import oidc
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.oidc import Client, SignOn
from rollbook.auth.reception import Reception
from rollbook.domain.accounts import SignOnRefused
from rollbook.domain.store import Store
from rollbook.web.app import Pages, build_pages
from rollbook.web.rosters import Rosters
from web.browsing import ADDRESS, Browser, Page
from web.conftest import PASSWORD
from web.provider import CLIENT, SECRET
from web.test_headers import EVIL

EMAIL = "bob@school.example"
SESSION = "__Host-rollbook"
KEPT = "__Host-rollbook-sign-on"


class Provider:
    """The provider, as a test tells it what to say."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self.issuer = issuer
        self._now = int(clock().timestamp())

    def says(self, claims: Mapping[str, Any] = MappingProxyType({}), **more: Any) -> None:
        """Have it say of whoever comes next that it is Bob, with some of it changed."""
        bob = {
            "sub": "u-17",
            "email": EMAIL,
            "email_verified": True,
            "iat": self._now,
            "exp": self._now + 300,
        }
        httpx.post(f"{self.issuer}/next", json={"claims": {**bob, **claims}, **more})

    @property
    def seen(self) -> list[str]:
        """What it was asked for with GET since then."""
        return list(httpx.get(f"{self.issuer}/seen").json())


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of the provider's process."""
    program = Path(__file__).with_name("provider.py")
    process = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture
def provider(issuer: str, clock: Clock) -> Provider:
    """The provider, saying that it is Bob."""
    provider = Provider(issuer, clock)
    provider.says()
    return provider


@pytest.fixture
def issuer_set(issuer: str) -> str:
    """Which provider is set; another test has another."""
    return issuer


@pytest.fixture
def pages(
    store: Store,
    door: Door,
    reception: Reception,
    rosters: Rosters,
    clock: Clock,
    issuer_set: str,
) -> Pages:
    """The pages, with the provider set."""
    sign_on = SignOn(reception, Client(issuer_set, CLIENT, SECRET), MASTER_KEY, clock=clock)
    return build_pages(
        store, door, reception, Safe(MASTER_KEY), rosters, clock=clock, sign_on=sign_on
    )


@pytest.fixture
async def other(pages: Pages) -> AsyncIterator[Browser]:
    """Another browser in which nobody has logged in."""
    transport = httpx.ASGITransport(pages, client=("192.0.2.8", 5555))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield Browser(client)


@pytest.fixture
async def invited(reception: Reception, cast: Cast) -> str:
    """Bob, invited with the address that the provider has verified; the token of his link."""
    return await reception.invite(cast.district.id, cast.users["bob"], EMAIL)


async def go(browser: Browser, following: str = "/today") -> str:
    """Go to the provider, and return where it sends the browser back to, as a path of ours."""
    there = await browser.client.get(f"/login/oidc?next={following}")
    assert there.status_code == 303, there.text
    async with httpx.AsyncClient() as outside:
        back = await outside.get(there.headers["location"])
    place = urlsplit(back.headers["location"])
    assert f"{place.scheme}://{place.netloc}" == ADDRESS
    return f"{place.path}?{place.query}"


async def sign_on(browser: Browser, following: str = "/today") -> Page:
    """Sign on, and return the answer."""
    return Page(await browser.client.get(await go(browser, following)))


def refused(page: Page, why: SignOnRefused, status: int = 401) -> bool:
    """Say whether somebody was not let in, and was told why, beside the other way in."""
    no_session = not any(
        line.startswith(f"{SESSION}=") for line in page.headers.get_list("set-cookie")
    )
    return page.status == status and why in page.text and "Password" in page.text and no_session


# ---------------------------------------------------------------- who comes in


async def test_the_first_time_and_again(
    stranger: Browser, other: Browser, provider: Provider, invited: str
) -> None:
    """
    An invitation is used by whoever has its address; from then on only the subject counts.
    """
    assert "district’s account" in (await stranger.get("/login")).text
    page = await sign_on(stranger, "/today?a=1%2B2")
    assert (page.status, page.headers["location"]) == (303, "/today?a=1+2")
    assert "Bob O’Malley-Müller" in (await stranger.get("/today")).text
    assert (await stranger.get(f"/link/{invited}")).status == 404

    provider.says({"email": "somebody@else.example", "email_verified": False})
    assert (await sign_on(other)).status == 303
    assert "Bob O’Malley-Müller" in (await other.get("/today")).text


async def test_what_the_browser_keeps(
    stranger: Browser, provider: Provider, invited: str
) -> None:
    """
    Meanwhile a sealed cookie, gone when it was used; then a session that nobody prepared.
    """
    stranger.client.cookies.set(SESSION, "1-" + "x" * 43)
    there = await stranger.client.get("/login/oidc?next=//evil.example")
    (kept,) = [
        line for line in there.headers.get_list("set-cookie") if line.startswith(f"{KEPT}=")
    ]
    assert kept.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600")
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"][0] not in kept

    page = await sign_on(stranger, "//evil.example")
    cookies = page.headers.get_list("set-cookie")
    assert page.headers["location"] == "/"
    assert f"{KEPT}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0" in cookies
    assert not any("x" * 43 in line for line in cookies)


async def test_no_sign_on_leads_to_another_site(
    stranger: Browser, provider: Provider, invited: str
) -> None:
    """
    Neither when somebody comes in, nor on the page on which they are told why not, nor by what is
    added to the address to come back to.
    """
    for where in EVIL:
        provider.says()
        back = await go(stranger, quote(where, safe=""))
        page = await stranger.client.get(f"{back}&next={quote(where, safe='')}")
        assert (page.status_code, page.headers["location"]) == (303, "/"), where
        again = Page(await stranger.client.get(f"{back}&next={quote(where, safe='')}"))
        assert (again.status, again.forms["/login"]["next"]) == (401, "/"), where


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "nobody@school.example"},
        {"email": "bob@school.example\x00"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None, "email_verified": None},
        {"email": ["bob@school.example"]},
    ],
)
async def test_whom_nobody_invited(
    stranger: Browser, provider: Provider, invited: str, claims: dict[str, Any]
) -> None:
    """
    An address that is nobody's, or that the provider has not verified, brings nobody in.
    """
    provider.says(claims, info={"sub": "u-17"})

    assert refused(await sign_on(stranger), SignOnRefused.NOBODY)
    assert (await stranger.get(f"/link/{invited}")).status == 200


async def test_an_account_with_a_password_is_not_taken_over(
    stranger: Browser, reception: Reception, provider: Provider, invited: str
) -> None:
    """
    Only an invitation waits for the provider's word: who chose a password goes on with it.
    """
    await reception.set_password(invited, PASSWORD, None)

    assert refused(await sign_on(stranger), SignOnRefused.NOBODY)


async def test_an_account_is_one_subjects(
    stranger: Browser, other: Browser, provider: Provider, invited: str
) -> None:
    """
    Whoever gets the address of somebody later does not get their account.
    """
    assert (await sign_on(stranger)).status == 303
    provider.says({"sub": "u-18"})

    assert refused(await sign_on(other), SignOnRefused.NOBODY)


@pytest.mark.parametrize("known", [True, False])
async def test_who_is_kept_out(
    stranger: Browser,
    other: Browser,
    reception: Reception,
    cast: Cast,
    provider: Provider,
    invited: str,
    *,
    known: bool,
) -> None:
    """
    A disabled account is, with the provider's word as with a password; also the first time.
    """
    if known:
        assert (await sign_on(stranger)).status == 303
    await reception.disable(cast.district.id, cast.users["bob"])

    assert refused(await sign_on(other), SignOnRefused.NOBODY)


async def test_an_address_that_only_the_userinfo_tells(
    stranger: Browser, other: Browser, provider: Provider, invited: str
) -> None:
    """
    Some providers tell the address only there; it counts if it is of the same person.
    """
    hidden = {"email": None, "email_verified": None}
    info = {"email": EMAIL, "email_verified": True}
    provider.says(hidden, info={**info, "sub": "u-18"})
    assert refused(await sign_on(stranger), SignOnRefused.NOT_BELIEVED)

    provider.says(hidden, info={**info, "sub": "u-17"})
    assert (await sign_on(other)).status == 303


# ---------------------------------------------------------------- what is not believed


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": [CLIENT, "another-client"]},
        {"azp": "another-client"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_795_420_800 - 60},  # the clock of the tests, and what clocks may differ
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 17},
        {"sub": "u\x0017"},
        {"sub": "u" * 256},
    ],
)
async def test_tokens_of_others(
    stranger: Browser, provider: Provider, invited: str, claims: dict[str, Any]
) -> None:
    """
    A token of another issuer, for another client or sign-on, or of before brings nobody in.
    """
    provider.says(claims)

    assert refused(await sign_on(stranger), SignOnRefused.NOT_BELIEVED)


@pytest.mark.parametrize(
    "made",
    [
        {"signed_with": "other"},
        {"signed_with": "other", "kid": "own"},
        {"alg": "HS256"},
        {"about": {"issuer": "https://elsewhere.example"}},
    ],
)
async def test_tokens_that_others_signed(
    stranger: Browser, provider: Provider, invited: str, made: dict[str, Any]
) -> None:
    """
    A key that is not the provider's, or a signature that our own secret could make, is none.
    """
    known = "about" not in made
    back = await go(stranger) if known else ""
    provider.says(**made)
    answer = await stranger.client.get(back or "/login/oidc")

    assert refused(Page(answer), SignOnRefused.NOT_BELIEVED)


async def test_new_keys(
    stranger: Browser, other: Browser, provider: Provider, invited: str
) -> None:
    """
    What the provider tells of itself is kept, and read again when it signs with a new key.
    """
    assert (await sign_on(stranger)).status == 303
    provider.says()
    assert (await sign_on(other)).status == 303
    assert "/keys" not in provider.seen

    provider.says(key="other")
    assert (await sign_on(other)).status == 303
    assert "/keys" in provider.seen


async def test_a_state_of_another_browser(
    stranger: Browser, other: Browser, provider: Provider, invited: str
) -> None:
    """
    Whoever is given the way back of another's sign-on does not come in by it, begun or not.
    """
    stolen = await go(stranger)
    assert refused(Page(await other.client.get(stolen)), SignOnRefused.NOT_BEGUN)
    await go(other)
    assert refused(Page(await other.client.get(stolen)), SignOnRefused.NOT_BEGUN)

    other.client.cookies.set(KEPT, "AAAA", domain="rollbook.test", path="/")
    assert refused(Page(await other.client.get(stolen)), SignOnRefused.NOT_BEGUN)


async def test_a_code_works_with_its_own_browser_only(
    stranger: Browser, other: Browser, provider: Provider, invited: str
) -> None:
    """
    A code in another sign-on lacks its verifier (PKCE), and once used it is worth nothing.
    """
    stolen = parse_qs(urlsplit(await go(stranger)).query)["code"][0]
    own = await go(other)
    code = parse_qs(urlsplit(own).query)["code"][0]
    answer = await other.client.get(own.replace(code, stolen))

    assert refused(Page(answer), SignOnRefused.NOT_BELIEVED)


async def test_too_late(
    stranger: Browser, clock: Clock, provider: Provider, invited: str
) -> None:
    """
    After ten minutes one has to begin again, whatever the browser still keeps.
    """
    back = await go(stranger)
    clock.advance(minutes=10)
    provider.says({"exp": 2_000_000_000})

    assert refused(Page(await stranger.client.get(back)), SignOnRefused.NOT_BEGUN)


async def test_who_declines(stranger: Browser, provider: Provider) -> None:
    """
    What the provider gives as its reason is not shown, only that it did not let them in.
    """
    back = await go(stranger)
    state = parse_qs(urlsplit(back).query)["state"][0]
    answer = await stranger.client.get(
        f"/login/oidc/back?state={state}&error=access_denied&error_description=<b>x"
    )

    assert refused(Page(answer), SignOnRefused.DECLINED)
    assert "<b>x" not in answer.text


# ---------------------------------------------------------------- when it is not there


@pytest.mark.parametrize(
    ("token_answer", "why", "status"),
    [
        ([500, "oh"], SignOnRefused.AWAY, 503),
        ([200, "no json"], SignOnRefused.NOT_BELIEVED, 401),
        ([200, "[]"], SignOnRefused.NOT_BELIEVED, 401),
        ([200, "{}"], SignOnRefused.NOT_BELIEVED, 401),
        ([200, '{"id_token": 7}'], SignOnRefused.NOT_BELIEVED, 401),
        ([200, '{"id_token": "a.b.c", "expires_in": []}'], SignOnRefused.NOT_BELIEVED, 401),
        ([401, '{"error": "invalid_client"}'], SignOnRefused.NOT_BELIEVED, 401),
    ],
)
async def test_what_cannot_be_an_answer(
    stranger: Browser,
    provider: Provider,
    invited: str,
    token_answer: list[Any],
    why: SignOnRefused,
    status: int,
) -> None:
    """
    Whatever the provider answers, it is a page with a sentence.
    """
    provider.says(token_answer=token_answer)

    assert refused(await sign_on(stranger), why, status)


@pytest.mark.parametrize("about", [{"jwks_uri": 7}, {"jwks_uri": "nonsense"}, {"issuer": None}])
async def test_what_cannot_be_a_provider(
    stranger: Browser, provider: Provider, about: dict[str, Any]
) -> None:
    """
    A provider that tells nonsense of itself is like one that is away.
    """
    provider.says(about=about)
    page = Page(await stranger.client.get("/login/oidc"))

    assert refused(page, SignOnRefused.AWAY, 503)


@pytest.mark.parametrize("keys", [{}, [], {"keys": 5}, {"keys": [{}]}, {"keys": []}])
async def test_what_can_be_no_keys(stranger: Browser, provider: Provider, keys: Any) -> None:
    """
    Without a key nothing can be believed, and that is told before anybody leaves.
    """
    provider.says(keys=keys)
    page = Page(await stranger.client.get("/login/oidc"))

    assert refused(page, SignOnRefused.NOT_BELIEVED)


async def test_a_provider_that_says_nothing(
    stranger: Browser, provider: Provider, invited: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is not waited for longer than a page can take, however slowly it goes on.
    """
    monkeypatch.setattr(oidc, "_ANSWER_WITHIN", 0.3)
    provider.says(trickles=True)
    begun = time.monotonic()

    assert refused(await sign_on(stranger), SignOnRefused.AWAY, 503)
    assert time.monotonic() - begun < 3


class TestAway:
    """Nobody listens where the provider should be."""

    @pytest.fixture
    def issuer_set(self) -> str:
        return "http://127.0.0.1:9"

    async def test_passwords_work(
        self, stranger: Browser, reception: Reception, invited: str
    ) -> None:
        """
        The page says that it cannot be reached, and takes a password all the same.
        """
        await reception.set_password(invited, PASSWORD, None)
        page = Page(await stranger.client.get("/login/oidc?next=/today"))
        assert refused(page, SignOnRefused.AWAY, 503)
        assert "retry-after" in page.headers

        answer = await stranger.send(page, "/login", {"login": EMAIL, "password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/today")
