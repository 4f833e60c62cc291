from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from rollbook.config import SETTINGS, Config, Setting, load
from rollbook.domain.errors import BadRequest

BY_NAME = {setting.name: setting for setting in SETTINGS}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with a port and two hosts in it."""
    path = tmp_path / "rollbook.toml"
    path.write_text('port = 2\nallowed_hosts = ["a.example", "b.example"]\n', encoding="utf-8")
    return path


# ---------------------------------------------------------------- what is stronger


def test_what_is_not_set_has_its_default() -> None:
    """
    With nothing set, every setting has the default that the table shows.
    """
    config = load(environ={})

    assert config == Config()
    assert all(getattr(config, setting.name) == setting.default for setting in SETTINGS)


def test_an_option_is_stronger_than_the_environment_and_that_than_the_file(file: Path) -> None:
    """
    Option, environment, file, default: the first that says something counts.
    """
    environ = {"ROLLBOOK_PORT": "3"}

    assert load(environ={}).port == 8460
    assert load(file=file, environ={}).port == 2
    assert load(file=file, environ=environ).port == 3
    assert load({"port": 4}, file=file, environ=environ).port == 4


def test_an_option_that_is_not_given_says_nothing(file: Path) -> None:
    """
    An option that was left out leaves the setting to what is weaker.
    """
    assert load({"port": None}, file=file, environ={}).port == 2


def test_each_setting_comes_from_its_own_place(file: Path) -> None:
    """
    What one place says of one setting does not hide what another says of another one.
    """
    config = load({"host": "::1"}, file=file, environ={"ROLLBOOK_WORKERS": "7"})

    assert (config.host, config.workers, config.port) == ("::1", 7, 2)


@pytest.mark.parametrize("environ", [{}, {"ROLLBOOK_CONFIG": "/nowhere.toml"}])
def test_the_file_that_an_option_names_counts(file: Path, environ: dict[str, str]) -> None:
    """
    The file named on the command line is read, whatever the environment names.
    """
    assert load(file=file, environ=environ).port == 2


def test_the_environment_may_name_the_file(file: Path) -> None:
    """
    Without one on the command line, the file that `ROLLBOOK_CONFIG` names is read.
    """
    assert load(environ={"ROLLBOOK_CONFIG": str(file)}).port == 2
    assert load(environ={"ROLLBOOK_CONFIG": ""}).port == 8460


# ---------------------------------------------------------------- kinds of values


def example_of(setting: Setting) -> tuple[str, Any]:
    """Return how a value of that setting is written, and what it is."""
    if setting.is_list:
        return "10.0.0.0/8, 192.168.0.0/16,", ("10.0.0.0/8", "192.168.0.0/16")
    if setting.type is bool:
        return "true", True
    if setting.type is int:
        return "7", 7
    if get_origin(setting.type) is Literal:
        return (last := get_args(setting.type)[-1]), last
    return "https://rollbook.example", "https://rollbook.example"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_can_be_set_in_the_environment(setting: Setting) -> None:
    """
    Each setting is read from its variable, as a value of its kind.
    """
    written, value = example_of(setting)
    environ = {setting.variable: written}
    if setting.name == "read_database":  # a standby is PostgreSQL's
        written = value = "postgresql://db.example.org/rollbook"
        environ = {setting.variable: written, "ROLLBOOK_DATABASE": written}
    family = setting.name.partition("_")[0]
    if family in {"tls", "oidc"}:  # one is nothing without the others
        environ = {
            one.variable: written for one in SETTINGS if one.name.startswith(f"{family}_")
        }

    assert getattr(load(environ=environ), setting.name) == value


@pytest.mark.parametrize(
    "written", ["10.0.0.0/8,fe80::/10", "10.0.0.0/8 , fe80::/10", ",10.0.0.0/8,,fe80::/10,"]
)
def test_a_list_is_words_between_commas(written: str) -> None:
    """
    Blanks around the words of a list and commas too many do not matter.
    """
    config = load(environ={"ROLLBOOK_TRUSTED_PROXIES": written})

    assert config.trusted_proxies == ("10.0.0.0/8", "fe80::/10")


@pytest.mark.parametrize("text", ['["a.example", "b.example"]', '"a.example,b.example"'])
def test_a_list_in_the_file_is_a_list_or_words(tmp_path: Path, text: str) -> None:
    """
    In the file a list can be written both as TOML does and as the environment does.
    """
    file = tmp_path / "rollbook.toml"
    file.write_text(f"allowed_hosts = {text}\n", encoding="utf-8")

    assert load(file=file, environ={}).allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("on", True),
        ("Yes", True),
        ("false", False),
        ("0", False),
        ("off", False),
        ("no", False),
    ],
)
def test_a_switch_is_on_or_off(written: str, value: bool) -> None:
    """
    A switch understands what people write for on and off.
    """
    environ = {"ROLLBOOK_PLAINTEXT_OVER_HTTP": written}

    assert load(environ=environ).plaintext_over_http is value


# ---------------------------------------------------------------- what makes no sense


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("port", "http"),
        ("port", ""),
        ("port", "8460.5"),
        ("port", "65536"),
        ("port", "-1"),
        ("workers", "0"),
        ("workers", "many"),
        ("body_max", "0"),
        ("records_max", "-5"),
        ("plaintext_over_http", "maybe"),
        ("plaintext_over_http", ""),
        ("trusted_proxies", "10.0.0.0/99"),
        ("trusted_proxies", "10.0.0.0/8, proxy.example"),
        ("public_url", "rollbook.example"),
        ("public_url", "ftp://rollbook.example"),
        ("public_url", "https://"),
        ("public_url", "https://[::1"),
        ("public_url", "https://rollbook.example/?a=b"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, written: str) -> None:
    """
    A wrong value stops the start with its setting's name and the value in the sentence.
    """
    with pytest.raises(BadRequest) as refusal:
        load(environ={BY_NAME[name].variable: written})

    assert f"setting {name} " in str(refusal.value)
    assert repr(written.rsplit(", ", maxsplit=1)[-1]) in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1", "prot"),
        ("port = 'http'", "port"),
        ("port = [1]", "port"),
        ("allowed_hosts = [1]", "allowed_hosts"),
        ("database = 5", "database"),
        ("[server]\nport = 1", "server"),
        ("port = ", "rollbook.toml"),
        ("port = 1\nport = 2", "rollbook.toml"),
        ("\udcff", "rollbook.toml"),
    ],
)
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, text: str, named: str) -> None:
    """
    An unknown or a wrong setting in the file is named, and the file when it cannot be read.
    """
    file = tmp_path / "rollbook.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadRequest, match=named):
        load(file=file, environ={})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """
    A file that was named and is not there stops the start, too.
    """
    with pytest.raises(BadRequest, match=r"nowhere\.toml"):
        load(file=tmp_path / "nowhere.toml", environ={})


@pytest.mark.parametrize("name", ["tls_certificate", "tls_key"])
def test_a_certificate_comes_with_its_key(name: str) -> None:
    """
    One of the two files without the other is refused, with the names of both.
    """
    with pytest.raises(BadRequest, match="tls_certificate and tls_key"):
        load({name: "file.pem"}, environ={})


PROVIDER = {
    "oidc_issuer": "https://id.example.org",
    "oidc_client_id": "rollbook",
    "oidc_client_secret_file": "secret",
}


@pytest.mark.parametrize("name", PROVIDER)
def test_a_provider_is_set_whole(name: str) -> None:
    """
    Its address, our name there and the secret: one of them alone is refused.
    """
    assert load(PROVIDER, environ={}).oidc_issuer == "https://id.example.org"
    with pytest.raises(BadRequest, match="oidc_client_id and oidc_client_secret_file"):
        load({name: PROVIDER[name]}, environ={})


@pytest.mark.parametrize(
    ("issuer", "taken"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://id.example.org", False),
        ("id.example.org", False),
        ("https://", False),
    ],
)
def test_a_provider_is_spoken_to_in_private(issuer: str, *, taken: bool) -> None:
    """
    What it says of people must not be changed on the way: https, or on this machine.
    """
    options = PROVIDER | {"oidc_issuer": issuer}
    if taken:
        assert load(options, environ={}).oidc_issuer == issuer
        return
    with pytest.raises(BadRequest, match="oidc_issuer"):
        load(options, environ={})


# ---------------------------------------------------------------- what follows from it


def test_paths_begin_at_home() -> None:
    """
    A tilde in a path is the home of whoever runs it, and the master key is kept there.
    """
    config = Config(database="~/rollbook.db")

    assert config.database_path == Path.home() / "rollbook.db"
    assert config.master_key_path == Path.home() / ".config" / "rollbook" / "master.key"
    assert Config(master_key_file="~/key").master_key_path == Path.home() / "key"


@pytest.mark.parametrize(
    ("public_url", "own"),
    [
        ("", []),
        ("https://attendance.example.org", ["attendance.example.org"]),
        ("http://Attendance.example.org:8443/school", ["attendance.example.org"]),
    ],
)
def test_the_public_address_may_be_called(public_url: str, own: list[str]) -> None:
    """
    The name in `public_url` is one that the Host header may hold, besides those allowed.
    """
    config = Config(public_url=public_url, allowed_hosts=("localhost",))

    assert list(config.all_hosts) == ["localhost", *own]


def test_settings_can_be_handed_to_another_process() -> None:
    """
    What is set survives the way to the workers, which is JSON.
    """
    config = load(environ={"ROLLBOOK_TRUSTED_PROXIES": "10.0.0.0/8", "ROLLBOOK_PORT": "1"})

    assert msgspec.json.decode(msgspec.json.encode(config), type=Config) == config


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_says_what_it_is_for(setting: Setting) -> None:
    """
    A setting's names lead to each other, and its help is a sentence.
    """
    assert setting.variable == f"ROLLBOOK_{setting.name.upper()}"
    assert setting.option.removeprefix("--").replace("-", "_") == setting.name
    assert setting.help[0].isupper()


@pytest.mark.parametrize(
    ("database", "standby"),
    [("rollbook.db", "postgresql://b/r"), ("postgresql://a/r", "copy.db")],
)
def test_a_standby_is_of_a_database_of_postgresql(database: str, standby: str) -> None:
    """
    A file has no standby, and is none: a setting that would do nothing is refused.
    """
    with pytest.raises(BadRequest, match="read_database names a standby"):
        load({"database": database, "read_database": standby}, environ={})
