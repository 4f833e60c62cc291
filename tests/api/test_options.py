"""`OPTIONS`, and methods that a path does not answer."""

import httpx
import pytest

from api.talk import JSON, XML, in_both_formats, tree
from cast import MONDAY, Cast

PATHS = {
    "sections/{maths}/attendance": {"GET", "PUT"},
    "sections/{maths}/attendance/history": {"GET"},
    "sections/{maths}/rolls": {"GET"},
    f"sections/{{maths}}/rolls/{MONDAY}": {"GET", "PUT"},
    "sections/{maths}/enrollments": {"GET"},
    "sections/{maths}/enrollments/1": {"GET"},
    "sections/{maths}": {"GET"},
    "sections": {"GET"},
    "users": {"GET"},
    "users/me": {"GET"},
    "users/1": {"GET"},
    "users/1/sections": {"GET"},
    "roles": {"GET"},
    "schools": {"GET"},
    "schools/1": {"GET"},
    "courses": {"GET"},
    "courses/1": {"GET"},
    "courses/1/sections": {"GET"},
    "app-user-info": {"GET"},
    "multiget": {"POST"},
}


@pytest.mark.parametrize("path", PATHS)
async def test_options_are_told_without_a_key(
    client: httpx.AsyncClient, cast: Cast, path: str
) -> None:
    """
    Every path says in `Allow` what it answers, to everybody and whether the thing is there.
    """
    response = await client.options(
        path.format(maths=cast.sections["maths"]),
        auth=httpx.Auth(),
        headers={"Accept": "image/png"},
    )
    allowed = {method.strip() for method in response.headers["Allow"].split(",")}

    assert response.status_code == 200
    assert response.content == b""
    assert allowed - {"OPTIONS"} == PATHS[path]


@in_both_formats
@pytest.mark.parametrize("path", PATHS)
async def test_another_method_is_405(
    client: httpx.AsyncClient, cast: Cast, path: str, format_: str
) -> None:
    """
    A method that a path does not answer is refused, and `Allow` says which it does.
    """
    address = path.format(maths=cast.sections["maths"])
    for method in {"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"} - PATHS[path]:
        response = await client.request(method, address, headers={"Accept": format_})
        assert response.status_code == 405, method
        assert PATHS[path] <= set(response.headers["Allow"].split(", "))
        if method != "HEAD":
            assert tree(response)[1][0] == ("code", "405")


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]
)
async def test_a_method_is_not_overridden(
    client: httpx.AsyncClient, cast: Cast, header: str
) -> None:
    """
    What a request is, its first line says and no header.
    """
    path = f"sections/{cast.sections['maths']}/attendance"
    response = await client.get(path, headers={header: "PUT", "Content-Type": JSON})

    assert response.status_code == 200
    assert response.json()["date"] == []


@pytest.mark.parametrize("accept", [JSON, XML])
async def test_there_are_no_options_where_there_is_nothing(
    client: httpx.AsyncClient, accept: str
) -> None:
    """
    A path that does not exist has no methods.
    """
    response = await client.options("nothing", headers={"Accept": accept})

    assert response.status_code == 404
    assert tree(response)[1][0] == ("code", "404")
