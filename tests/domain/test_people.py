import pytest

from rollbook.domain.people import ApiKey, Role, User

BEFORE = "2026-11-23T07:59:59.999Z"
NOW = "2026-11-23T08:00:00.000Z"
AFTER = "2026-11-23T08:00:00.001Z"


def key(**fields: str | bytes) -> ApiKey:
    """Return a key with those fields."""
    given = {"key": "k", "district_id": 1, "user_id": 1, "sealed_secret": b"new", **fields}
    return ApiKey(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "live"),
    [
        ({}, True),
        ({"expires_at": AFTER}, True),
        ({"expires_at": NOW}, False),
        ({"expires_at": BEFORE}, False),
        ({"revoked_at": AFTER}, False),
        ({"revoked_at": BEFORE, "expires_at": AFTER}, False),
    ],
)
def test_a_key_lives_until_it_expires_or_is_revoked(fields: dict[str, str], live: bool) -> None:
    """
    A key may be used until the moment that it expires at; a revoked one never.
    """
    assert key(**fields).is_live(NOW) is live


@pytest.mark.parametrize(
    ("former", "until", "secrets"),
    [
        (None, None, (b"new",)),
        (b"old", AFTER, (b"new", b"old")),
        (b"old", NOW, (b"new",)),
        (b"old", None, (b"new",)),
    ],
)
def test_the_former_secret_counts_for_a_while(
    former: bytes | None, until: str | None, secrets: tuple[bytes, ...]
) -> None:
    """
    After a rotation both secrets are good until the moment that was named, then the new one.
    """
    fields = {"former_sealed_secret": former, "former_until": until}
    given = {name: value for name, value in fields.items() if value is not None}

    assert key(**given).live_secrets(NOW) == secrets


@pytest.mark.parametrize(
    ("first", "preferred", "last", "shown"),
    [
        ("Annabel", "Anna", "Frei", "Anna Frei"),
        ("Annabel", "", "Frei", "Annabel Frei"),
        ("Annabel", "", "", "Annabel"),
        ("", "", "Frei", "Frei"),
    ],
)
def test_people_are_called_as_they_prefer(
    first: str, preferred: str, last: str, shown: str
) -> None:
    """
    A person's name begins with the preferred first name, where there is one.
    """
    person = User(
        id=1,
        role=Role.STUDENT,
        name_first=first,
        name_last=last,
        name_first_preferred=preferred,
    )

    assert person.display_name == shown
