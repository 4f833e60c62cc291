"""
The guard of the pages: from a cookie to who is visiting, and whether a form is one of ours.

A form counts when three things hold: the browser says that it comes from our own page (`Origin`,
`Sec-Fetch-Site`), it bears a token that only our page could have in it, and the cookie came with
it, which browsers keep from other sites' forms (`SameSite=Lax`). Each alone would do for browsers
of today.
"""

import hashlib
import hmac
import ipaddress
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import msgspec

from rollbook.domain.errors import NotAllowed
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response

_TOKEN = "token"  # noqa: S105 — the field of a form
_LANGUAGE = "rollbook-language"
_YEAR = 31_536_000  # seconds

SESSION, PASSER_BY, SIGN_ON = "rollbook", "rollbook-visit", "rollbook-sign-on"


class Way(msgspec.Struct, frozen=True):
    """How a request came: what of it only whoever is in between could read."""

    scheme: str
    host: str
    private: bool  # over https, or without leaving this machine

    def cookie(self, name: str) -> str:
        """Return what a cookie is called: over https a name that other hosts cannot set."""
        return f"__Host-{name}" if self.scheme == "https" else name


def cookies(req: Request) -> dict[str, str]:
    """Return the cookies of a request; none when they cannot be read."""
    jar: SimpleCookie = SimpleCookie()
    for line in req.lines(b"cookie"):
        try:
            jar.load(line)
        except CookieError:
            return {}
    return {name: morsel.value for name, morsel in jar.items()}


def set_cookie(
    resp: Response,
    way: Way,
    name: str,
    value: str,
    *,
    ends: bool = False,
    seconds: int | None = None,
) -> None:
    """Have the browser keep a cookie until it is closed, for a while, or with *ends* drop it."""
    secure = "; Secure" if way.scheme == "https" else ""
    left = 0 if ends else seconds
    age = "" if left is None else f"; Max-Age={left}"
    resp.cookies.append(
        f"{way.cookie(name)}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"
    )


def set_language(resp: Response, way: Way, language: str) -> None:
    """Have the browser remember a language for a year."""
    secure = "; Secure" if way.scheme == "https" else ""
    resp.cookies.append(
        f"{_LANGUAGE}={language}; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age={_YEAR}"
    )


def language_of(jar: dict[str, str]) -> str | None:
    """Return the language that was chosen here before."""
    return jar.get(_LANGUAGE)


def is_private(scheme: str, peer: str, *, forwarded: bool) -> bool:
    """Say whether nobody on the way could read a request."""
    if scheme == "https":
        return True
    try:
        return ipaddress.ip_address(peer).is_loopback and not forwarded
    except ValueError:
        return True  # a socket of this machine


# ---------------------------------------------------------------- forms


def new_passer_by() -> str:
    """Return what tells the browser of somebody who has not logged in from others."""
    return secrets.token_urlsafe(24)


def token_of(bearer: str) -> str:
    """Return what the forms of whoever bears that cookie send back; it tells nothing of it."""
    return hmac.new(bearer.encode(), b"rollbook form", hashlib.sha256).hexdigest()


def require_own_form(req: Request, way: Way, token: str, given: str) -> None:
    """Raise `NotAllowed` unless a form comes from a page of ours, and bears its token."""
    if not _from_here(req, way):
        raise NotAllowed(N_("This form was sent from another site; nothing was changed."))
    if not hmac.compare_digest(token.encode(), given.encode("utf-8", "surrogatepass")):
        raise NotAllowed(
            N_(
                "This form belongs to a visit that has ended; nothing was changed. "
                "Go back, load the page again, and repeat your change."
            )
        )


def _from_here(req: Request, way: Way) -> bool:
    """Say whether the browser tells that a page of ours sent it."""
    site = req.header(b"sec-fetch-site")
    origin = req.header(b"origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None or origin == "null":  # as it is from a page that tells no referrer
        return site is not None
    parts = urlsplit(origin)
    return (parts.scheme, parts.netloc.lower()) == (way.scheme, way.host.lower())


def local_path(text: str) -> str:
    """
    Return where to go on after a login: a path of ours, or `/`.

    A browser takes a second slash, either way round, and line ends for another site's address.
    """
    if not text.startswith("/") or text[1:2] in {"/", "\\"}:
        return "/"
    if any(not "!" <= letter <= "~" or letter == "\\" for letter in text):
        return "/"
    return text
