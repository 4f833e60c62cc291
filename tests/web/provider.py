"""
A provider of accounts in a process of its own: what OpenID Connect asks of one, and no more.

It proves what a client sends it (its secret, the code once, the address, PKCE's verifier), and
says of whoever comes what `POST /next` told it to.
"""

import base64
import contextlib
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "rollbook", "a secret & more"


class Provider(BaseHTTPRequestHandler):
    """Answers as a provider does."""

    keys: dict[str, RSAKey]
    codes: dict[str, dict[str, str]]
    told: dict[str, Any]
    seen: list[str]

    @property
    def issuer(self) -> str:
        return f"http://{self.headers['host']}"

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        asked = dict(parse_qsl(place.query))
        self.seen.append(place.path)
        if place.path == "/.well-known/openid-configuration":
            self._tell(self._about() | self.told.get("about", {}))
        elif place.path == "/keys":
            key = self.keys[self.told.get("key", "own")]
            self._tell(self.told.get("keys", {"keys": [key.as_dict(private=False)]}))
        elif place.path == "/authorize":
            assert asked["response_type"] == "code"
            assert asked["client_id"] == CLIENT
            assert asked["code_challenge_method"] == "S256"
            assert "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            back = {"code": code, "state": asked["state"]}
            self.send_response(303)
            self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif place.path == "/userinfo":
            assert self.headers["authorization"] == "Bearer of-no-use"
            self._tell(self.told["info"])
        else:
            self._tell(self.seen)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.path == "/next":
            self.told.clear()
            self.told.update(json.loads(body))
            self.seen.clear()
            self._tell({})
            return
        if self.told.get("trickles"):
            self._trickle()
            return
        if self.told.get("token_answer"):
            self._say(*self.told["token_answer"])
            return
        given = dict(parse_qsl(body))
        user = f"{CLIENT}:{SECRET}"
        mine = "Basic " + base64.b64encode(user.encode()).decode()
        asked = self.codes.pop(given.get("code", ""), None)
        if self.headers["authorization"] != mine:
            self._tell({"error": "invalid_client"}, 401)
        elif asked is None or not _fits(asked, given):
            self._tell({"error": "invalid_grant"}, 400)
        else:
            self._tell(
                {
                    "access_token": "of-no-use",
                    "token_type": "Bearer",
                    "expires_in": 60,
                    "id_token": self._id_token(asked),
                }
            )

    def _id_token(self, asked: dict[str, str]) -> str:
        claims = {"iss": self.issuer, "aud": CLIENT, "nonce": asked["nonce"]}
        claims |= self.told["claims"]
        claims = {name: value for name, value in claims.items() if value is not None}
        key: Any = self.keys[self.told.get("signed_with", self.told.get("key", "own"))]
        header = {"alg": self.told.get("alg", "RS256"), "kid": key.kid}
        if header["alg"].startswith("HS"):
            key = OctKey.import_key(SECRET)
        if self.told.get("kid"):
            header["kid"] = self.keys[self.told["kid"]].kid
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])

    def _about(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def _tell(self, document: Any, status: int = 200) -> None:
        self._say(status, json.dumps(document))

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def _trickle(self) -> None:
        """Send a byte now and then, so that no single wait is long."""
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        with contextlib.suppress(OSError):  # nobody listens any more
            for _ in range(100):
                self.wfile.write(b" ")
                time.sleep(0.1)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _fits(asked: dict[str, str], given: dict[str, str]) -> bool:
    digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return (
        given.get("grant_type") == "authorization_code"
        and given.get("redirect_uri") == asked["redirect_uri"]
        and challenge == asked["code_challenge"]
    )


def main() -> None:
    Provider.keys = {
        name: RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        for name in ("own", "other")
    }
    Provider.codes, Provider.told, Provider.seen = {}, {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
