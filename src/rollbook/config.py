"""
What can be set: one table; options, environment and `docs/settings.md` come from it.

A setting is given, strongest first, as an option, as `ROLLBOOK_<NAME>` in the environment, in
the TOML file that `--config` or `ROLLBOOK_CONFIG` names, or it has its default.
"""

import ipaddress
import os
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from rollbook.domain.errors import BadRequest

_ON_POSTGRES = ("postgresql://", "postgres://")
_SWITCHES = {"on": True, "yes": True, "off": False, "no": False}


class Help(msgspec.Struct, frozen=True):
    """What a setting is for."""

    text: str


Count: TypeAlias = Annotated[int, Meta(ge=1)]
Limit: TypeAlias = Annotated[int, Meta(ge=0)]  # 0: none
Port: TypeAlias = Annotated[int, Meta(ge=0, le=65535)]


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, with its default."""

    database: Annotated[
        str,
        Help(
            "The file with the district's book, or the address of a PostgreSQL database, as "
            "postgresql://rollbook@db.example.org/rollbook."
        ),
    ] = "rollbook.db"
    read_database: Annotated[
        str,
        Help(
            "The address of a standby of the PostgreSQL database, for exports and histories: it "
            "answers them as long as it has everything that was saved."
        ),
    ] = ""
    database_connections: Annotated[
        Count, Help("The most connections that a worker has to each PostgreSQL server.")
    ] = 8
    master_key_file: Annotated[
        str,
        Help(
            "The file with the key that API secrets are sealed with; keep it away from the "
            "database and its backups. Made when missing. Default: "
            "~/.config/rollbook/master.key"
        ),
    ] = ""
    host: Annotated[str, Help("The address to listen at.")] = "127.0.0.1"
    port: Annotated[Port, Help("The port to listen at.")] = 8460
    workers: Annotated[Count, Help("Processes that answer requests; one for each core.")] = 2
    public_url: Annotated[
        str,
        Help(
            "The address that clients use, as https://attendance.example.org; links begin with "
            "it. Default: what the request's Host header says."
        ),
    ] = ""
    allowed_hosts: Annotated[
        tuple[str, ...],
        Help(
            "Names that the Host header may hold, besides public_url's, separated by commas. "
            "Some clients send api.schoology.com wherever they connect to. * allows all."
        ),
    ] = ("localhost", "127.0.0.1", "[::1]", "api.schoology.com")
    trusted_proxies: Annotated[
        tuple[str, ...],
        Help(
            "Networks, separated by commas, whose X-Forwarded-Proto header is believed, as "
            "10.0.0.0/8."
        ),
    ] = ()
    tls_certificate: Annotated[str, Help("A PEM file with the certificate to serve https.")] = (
        ""
    )
    tls_key: Annotated[str, Help("A PEM file with the certificate's key (PKCS#8).")] = ""
    plaintext_over_http: Annotated[
        bool,
        Help(
            "Accept PLAINTEXT signatures over http from other machines. Anybody on the way can "
            "then read the secret: for a closed network only."
        ),
    ] = False
    oidc_issuer: Annotated[
        str,
        Help(
            "The address of the district's OpenID Connect provider, as https://id.example.org: "
            "people can then sign in with their account there. The two after it belong to it."
        ),
    ] = ""
    oidc_client_id: Annotated[str, Help("What Rollbook is called at the provider.")] = ""
    oidc_client_secret_file: Annotated[
        str, Help("The file with the secret that the provider gave for it.")
    ] = ""
    body_max: Annotated[Count, Help("The most bytes that the body of a request may have.")] = (
        1048576
    )
    records_max: Annotated[Count, Help("The most attendance records in one answer.")] = 10_000
    key_rate: Annotated[
        Limit,
        Help(
            "How many requests a second one API key may make, and ten times as many at once; "
            "beyond it is 429. Workers tell each other once a second. 0: no limit."
        ),
    ] = 0
    failures_per_minute: Annotated[
        Limit,
        Help(
            "How many requests of one address may fail to say who is asking before it gets 429 "
            "and is not listened to. Addresses from which a key was proven lately are listened "
            "to all the same. 0: no limit."
        ),
    ] = 600
    in_progress_max: Annotated[
        Count,
        Help("The most requests that a worker has in hand at once: more are refused with 503."),
    ] = 1000
    wait_max: Annotated[
        Count,
        Help(
            "Seconds. A save that would have to wait longer than that for the writer is refused "
            "with 503, and so is every request while a worker is that late, or that would have "
            "to wait longer for a connection to PostgreSQL or for a lock there."
        ),
    ] = 2
    drain_time: Annotated[
        Limit,
        Help(
            "Seconds for which a server that was told to stop goes on answering, while "
            "/health/ready says that it is leaving: so a proxy that asks there sends nobody here "
            "any more when it stops. 0: it stops at once."
        ),
    ] = 0
    metrics_allowed: Annotated[
        tuple[str, ...],
        Help(
            "Networks, separated by commas, that may read /metrics; to others it does not "
            "exist. What comes through a proxy comes from its client's address."
        ),
    ] = ("127.0.0.0/8", "::1/128")
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Help("The least important lines to log: debug, info, warning or error."),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "text"],
        Help("The form of the log: json, text (for people), or auto: text at a terminal only."),
    ] = "auto"
    log_requests: Annotated[
        bool,
        Help(
            "Log a line for each request: method, route, status, milliseconds, request id and "
            "the first 8 characters of the key; never paths, queries, names or bodies."
        ),
    ] = False

    @property
    def on_postgres(self) -> bool:
        """Whether the database is PostgreSQL's, and no file."""
        return self.database.startswith(_ON_POSTGRES)

    @property
    def database_name(self) -> str:
        """The database as it may be shown: without a password."""
        if not self.on_postgres:
            return str(self.database_path)
        parts = urlsplit(self.database)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def database_path(self) -> Path:
        """The database's file."""
        return Path(self.database).expanduser()

    @property
    def master_key_path(self) -> Path:
        """The master key's file."""
        default = "~/.config/rollbook/master.key"
        return Path(self.master_key_file or default).expanduser()

    @property
    def oidc_client_secret_path(self) -> Path:
        """The client secret's file."""
        return Path(self.oidc_client_secret_file).expanduser()

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """Every name that the Host header may hold."""
        own = urlsplit(self.public_url).hostname
        return (*self.allowed_hosts, *((own,) if own else ()))


class Setting(msgspec.Struct, frozen=True):
    """One line of the table."""

    name: str
    hint: Any  # the type with its bounds
    type: Any  # str, int, bool or tuple[str, ...]
    default: Any
    help: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"ROLLBOOK_{self.name.upper()}"

    @property
    def option(self) -> str:
        """Its name at the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def is_list(self) -> bool:
        """Whether it is several words."""
        return get_origin(self.type) is tuple


def _table() -> tuple[Setting, ...]:
    hints = typing.get_type_hints(Config, include_extras=True)
    return tuple(
        Setting(field.name, *_unpack(hints[field.name], field.default))
        for field in msgspec.structs.fields(Config)
    )


def _unpack(hint: Any, default: Any) -> tuple[Any, Any, Any, str]:
    kind, *_, help_ = get_args(hint)
    return hint, kind, default, help_.text


SETTINGS = _table()


def load(
    options: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """
    Return what is set.

    Args:
        options: Given at the command line, by name; None means not given.
        file: A TOML file; without one, the one that `ROLLBOOK_CONFIG` names, if it does.
        environ: The environment.

    Raises:
        BadRequest: A setting is unknown, or its value makes no sense; the text names it.
    """
    found: dict[str, Any] = {}
    named = environ.get("ROLLBOOK_CONFIG")
    place = file or (Path(named) if named else None)
    if place is not None:
        found.update(_file(place))
    for setting in SETTINGS:
        if setting.variable in environ:
            found[setting.name] = environ[setting.variable]
        if options and options.get(setting.name) is not None:
            found[setting.name] = options[setting.name]
    given = {
        setting.name: _read(setting, found.pop(setting.name))
        for setting in SETTINGS
        if setting.name in found
    }
    if found:
        raise BadRequest(f"There is no setting {min(found)} ({place}).")
    config = Config(**given)
    _require_sense(config)
    return config


def _file(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"The settings file {place} cannot be read: {error}.") from None


def _read(setting: Setting, value: Any) -> Any:
    if setting.is_list and isinstance(value, str):
        value = [word.strip() for word in value.split(",") if word.strip()]
    if setting.type is bool and isinstance(value, str):
        value = _SWITCHES.get(value.lower(), value)
    try:
        return msgspec.convert(value, setting.hint, strict=False)
    except msgspec.ValidationError as error:
        raise _nonsense(setting.name, value, error) from None


def _require_sense(config: Config) -> None:
    """Raise `BadRequest` for a value that is of its kind and could still not be used."""
    for name in ("trusted_proxies", "metrics_allowed"):
        for network in getattr(config, name):
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise _nonsense(name, network, error) from None
    if config.public_url and not _is_address(config.public_url):
        raise _nonsense(
            "public_url", config.public_url, "it is as https://attendance.example.org"
        )
    if config.read_database and not (
        config.on_postgres and config.read_database.startswith(_ON_POSTGRES)
    ):
        raise BadRequest(
            "The setting read_database names a standby, as "
            "postgresql://rollbook@standby.example.org/rollbook, of a database that is "
            "PostgreSQL's too."
        )
    if bool(config.tls_certificate) != bool(config.tls_key):
        raise BadRequest(
            "The settings tls_certificate and tls_key are given together or not at all."
        )
    _require_provider(config)


def _require_provider(config: Config) -> None:
    """Raise `BadRequest` for settings of a provider that nobody could be believed with."""
    named = (config.oidc_issuer, config.oidc_client_id, config.oidc_client_secret_file)
    if not any(named):
        return
    if not all(named):
        raise BadRequest(
            "The settings oidc_issuer, oidc_client_id and oidc_client_secret_file are given "
            "together or not at all."
        )
    here = urlsplit(config.oidc_issuer).hostname in {"localhost", "127.0.0.1", "::1"}
    private = here or config.oidc_issuer.startswith("https://")
    if not _is_address(config.oidc_issuer) or not private:
        raise _nonsense("oidc_issuer", config.oidc_issuer, "it is as https://id.example.org")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    named = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return named and not parts.query and not parts.fragment


def _nonsense(name: str, value: Any, why: object) -> BadRequest:
    return BadRequest(f"The setting {name} cannot be {value!r}: {why}.")
