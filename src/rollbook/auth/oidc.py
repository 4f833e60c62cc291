"""
Coming in by the accounts of a district: OpenID Connect, the authorization code flow with PKCE.

What has to be remembered while somebody is at the provider is in a cookie that only we can read
and write, not in the database: whoever begins and never comes back leaves nothing. What the
provider says of somebody is believed when it signed it, for us, now, and for this very sign-on.
"""

import asyncio
import base64
import datetime as dt
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from rollbook.auth.reception import Reception
from rollbook.domain.accounts import SignOnRefused
from rollbook.domain.errors import NotAuthenticated, ProviderAway

log = logging.getLogger("rollbook.auth")

WITHIN = dt.timedelta(minutes=10)  # the time to come back in

# Signatures that only the provider can make: with the others our own secret would do.
_ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]
_KNOWN_FOR = dt.timedelta(hours=1)
_LEEWAY = 60  # seconds that the provider's clock and ours may differ
_CONNECT_WITHIN, _ANSWER_WITHIN = 3, 8  # seconds
_NONCE_BYTES = 12
_SUBJECT_MAX = 255  # OpenID Connect Core, 2


class Client(msgspec.Struct, frozen=True):
    """What the installation is at the provider."""

    issuer: str
    id: str
    secret: str


class _About(msgspec.Struct):
    """What a provider tells of itself (OpenID Connect Discovery, 3), as far as we need it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Known(msgspec.Struct):
    about: _About
    keys: KeySet
    read_at: dt.datetime


class _Begun(msgspec.Struct):
    """A sign-on that was begun: what is in the cookie."""

    state: str
    nonce: str
    verifier: str
    following: str
    at: float


class SignOn:
    """Lets people in whom the district's provider knows."""

    def __init__(
        self,
        reception: Reception,
        client: Client,
        master_key: bytes,
        *,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._reception = reception
        self._us = client
        self._clock = clock
        key = HKDF(SHA256(), 32, salt=None, info=b"rollbook sign-on").derive(master_key)
        self._cipher = AESGCM(key)
        self._tls = httpx2.create_ssl_context()
        self._known: _Known | None = None

    async def begin(self, back: str, following: str) -> tuple[str, str]:
        """
        Return where to send somebody, and what their browser has to keep meanwhile.

        Args:
            back: Our address to which the provider sends them back.
            following: Where they want to go.

        Raises `ProviderAway`; `NotAuthenticated` when another provider answers.
        """
        begun = _Begun(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            following=following,
            at=self._clock().timestamp(),
        )
        async with self._talking(back) as client:
            about = (await self._provider(client)).about
            address, _ = client.create_authorization_url(
                about.authorization_endpoint,
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        return address, self._seal(begun)

    async def finish(
        self, back: str, kept: str, *, state: str, code: str, error: str
    ) -> tuple[str, str]:
        """
        Return the token of a new session for whoever comes back, and where they want to go.

        Args:
            back: Our address, as it was when they began.
            kept: What their browser had to keep.
            state: As the provider gives it back.
            code: What the provider tells us for, who they are.
            error: Why it does not; empty when it does.

        Raises:
            NotAuthenticated: They do not come in; the sentence is a `SignOnRefused`.
            ProviderAway: It does not answer.
        """
        begun = self._open(kept)
        if begun is None or not secrets.compare_digest(begun.state.encode(), state.encode()):
            raise NotAuthenticated(SignOnRefused.NOT_BEGUN)
        if error or not code:
            raise NotAuthenticated(SignOnRefused.DECLINED)
        async with self._talking(back) as client:
            claims = await self._who(client, code, begun)
        email = claims.get("email") if claims.get("email_verified") is True else None
        token = await self._reception.sign_on(
            f"{self._us.issuer} {claims['sub']}", email if isinstance(email, str) else None
        )
        return token, begun.following

    # ---- what the browser keeps

    def _seal(self, begun: _Begun) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgspec.json.encode(begun), self._bound_to())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def _open(self, kept: str) -> _Begun | None:
        """Return what was begun; None when it was not by us, or too long ago."""
        try:
            sealed = base64.urlsafe_b64decode(kept)
            nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            plain = self._cipher.decrypt(nonce, text, self._bound_to())
        except (InvalidTag, ValueError):  # the latter: it is no base64, or too short
            return None
        begun = msgspec.json.decode(plain, type=_Begun)
        age = self._clock().timestamp() - begun.at
        return begun if age < WITHIN.total_seconds() else None

    def _bound_to(self) -> bytes:
        return f"{self._us.issuer} {self._us.id}".encode()

    # ---- the provider

    @asynccontextmanager
    async def _talking(self, back: str) -> AsyncIterator[Any]:
        """Open a client for as long as the block runs; what goes wrong in it has a sentence."""
        client = AsyncOAuth2Client(
            self._us.id,
            self._us.secret,
            scope="openid email",
            redirect_uri=back,
            code_challenge_method="S256",
            verify=self._tls,
            leeway=0,
            timeout=httpx2.Timeout(_ANSWER_WITHIN, connect=_CONNECT_WITHIN),
        )
        try:
            async with asyncio.timeout(_ANSWER_WITHIN), client:
                yield client
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, msgspec.MsgspecError) as why:
            log.warning(
                "no answer from the provider of accounts", exc_info=why, extra=_told(why)
            )
            raise ProviderAway(SignOnRefused.AWAY) from why
        except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError) as why:
            log.warning(
                "the provider of accounts is not believed", exc_info=why, extra=_told(why)
            )
            raise NotAuthenticated(SignOnRefused.NOT_BELIEVED) from why

    async def _provider(self, client: Any, *, anew: bool = False) -> _Known:
        """Return what is known of the provider, read again after a while."""
        now = self._clock()
        known = self._known
        if known is None or anew or now - known.read_at >= _KNOWN_FOR:
            place = self._us.issuer.rstrip("/") + "/.well-known/openid-configuration"
            about = msgspec.json.decode(await _read(client, place), type=_About)
            if about.issuer != self._us.issuer:
                raise ValueError(f"the issuer is {about.issuer!r}")
            keys = msgspec.json.decode(await _read(client, about.jwks_uri))
            known = self._known = _Known(about, KeySet.import_key_set(keys), now)
        return known

    async def _who(self, client: Any, code: str, begun: _Begun) -> dict[str, Any]:
        """Return what the provider says of somebody, proven."""
        provider = await self._provider(client)
        if "client_secret_basic" not in provider.about.token_endpoint_auth_methods_supported:
            client.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 — a name
        answer = await client.fetch_token(
            provider.about.token_endpoint,
            grant_type="authorization_code",
            code=code,
            code_verifier=begun.verifier,
        )
        id_token = str(answer.get("id_token"))
        try:
            claims = self._proven(id_token, provider.keys, begun.nonce)
        except InvalidKeyIdError:  # the provider has new keys
            provider = await self._provider(client, anew=True)
            claims = self._proven(id_token, provider.keys, begun.nonce)
        if "email" not in claims and provider.about.userinfo_endpoint:
            more = msgspec.json.decode(
                await _read(client, provider.about.userinfo_endpoint, with_token=True),
                type=dict[str, Any],
            )
            if more.get("sub") != claims["sub"]:
                raise ValueError("the information is of somebody else")
            claims = {**more, **claims}
        return claims

    def _proven(self, id_token: str, keys: KeySet, nonce: str) -> dict[str, Any]:
        """Return what an ID token says (OpenID Connect Core, 3.1.3.7); raises if it must not."""
        claims = jwt.decode(id_token, keys, algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._us.issuer},
            aud={"essential": True, "value": self._us.id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._us.id) != self._us.id:
            raise ValueError("the token was made for another client")
        subject = claims["sub"]
        if len(subject) > _SUBJECT_MAX or not subject.isprintable():
            raise ValueError("the subject can be none")
        return claims


async def _read(client: Any, place: str, *, with_token: bool = False) -> bytes:
    answer = await client.request("GET", place, withhold_token=not with_token)
    content: bytes = answer.raise_for_status().content
    return content


def _told(why: Exception) -> dict[str, str]:
    """Return which kind of fault it was: its text may hold what somebody else wrote."""
    return {"reason": type(why).__name__}
