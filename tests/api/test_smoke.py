from cast import MONDAY

import httpx


async def test_a_saved_mark_is_listed(client: httpx.AsyncClient, cast):
    """
    What a PUT saved, a GET lists.
    """
    path = f"sections/{cast.sections['maths']}/attendance"
    mark = {"enrollment_id": cast.enrollments["anna"], "date": MONDAY, "status": 2}
    put = await client.put(path, json={"attendances": {"attendance": [mark]}})
    got = await client.get(path)

    assert put.status_code == 200
    assert got.json()["totals"] == {"total": [{"status": 2, "count": 1}]}
