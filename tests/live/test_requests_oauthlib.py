"""requests with requests_oauthlib, as scripts of districts use it."""

import json
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from requests_oauthlib import OAuth1Session

from api.talk import mark, marks_body
from cast import SECRET, TUESDAY
from live.house import JSON, XML, House
from rollbook.wire import xml


@pytest.fixture
def session(house: House) -> Iterator[OAuth1Session]:
    """Alice's session, which signs with HMAC-SHA1."""
    with OAuth1Session(house.cast.keys["alice"], SECRET) as session:
        yield session


def test_it_saves_and_reads_json(house: House, session: OAuth1Session) -> None:
    """
    A mark saved as JSON is listed as JSON.
    """
    url = house.url + house.maths
    entry = mark(house.cast.enrollments["cleo"], TUESDAY, 3)
    saved = session.put(url, json=marks_body(entry))
    listed = session.get(url, params={"start": TUESDAY, "end": TUESDAY})

    assert (saved.status_code, listed.status_code) == (200, 200)
    assert listed.json()["totals"] == {"total": [{"status": 3, "count": 1}]}


def test_it_saves_and_reads_xml(house: House, session: OAuth1Session) -> None:
    """
    The same in XML.
    """
    url = house.url + house.maths
    body = xml.write(marks_body(mark(house.cast.enrollments["cleo"], TUESDAY, 4)))
    headers = {"Content-Type": XML, "Accept": "text/xml;q=1.0,application/json;q=0.0"}
    saved = session.put(url, data=body, headers=headers)
    listed = session.get(url, params={"start": TUESDAY, "end": TUESDAY}, headers=headers)

    codes = [code.text for code in ET.fromstring(saved.content).iter("response_code")]
    totals = [
        number.text for number in ET.fromstring(listed.content).iterfind("totals/total/*")
    ]

    assert codes == ["200"]
    assert totals == ["4", "1"]


@pytest.mark.parametrize("host", [None, "api.schoology.com"])
def test_it_follows_users_me(house: House, session: OAuth1Session, host: str | None) -> None:
    """
    The redirect leads to where it connected to, whatever `Host` it sends, and is signed anew.
    """
    headers = {"Host": host} if host else {}
    found = session.get(f"{house.url}/v1/users/me", headers=headers)

    assert [answer.status_code for answer in found.history] == [303]
    assert found.url == f"{house.url}/v1/users/{house.cast.users['alice']}"
    assert found.json()["name_first"] == "Alice"


def test_it_follows_links_to_the_end(house: House, session: OAuth1Session) -> None:
    """
    A loop over `links.next` sees everybody once.
    """
    url, seen = f"{house.url}/v1/users?limit=3", []
    while url:
        page = session.get(url, headers={"Accept": JSON}).json()
        seen += [user["id"] for user in page["user"]]
        url = page["links"].get("next")

    assert sorted(seen) == sorted(house.cast.users.values())


def test_it_may_sign_the_body_too(house: House) -> None:
    """
    Told to, the library adds `oauth_body_hash`.
    """
    body = json.dumps(marks_body(mark(house.cast.enrollments["cleo"], TUESDAY, 2)))
    headers = {"Content-Type": JSON}
    key = house.cast.keys["alice"]
    with OAuth1Session(key, SECRET, force_include_body=True) as session:
        saved = session.put(house.url + house.maths, data=body, headers=headers)

    assert "oauth_body_hash" in str(saved.request.headers["Authorization"])
    assert saved.status_code == 200
