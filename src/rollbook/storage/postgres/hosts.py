"""The machines that a database may be on: a primary, and the standby that takes over from it."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from asyncpg.exceptions import CannotConnectNowError, TargetServerAttributeNotMatched

from rollbook.storage.postgres.statements import SQL

# A host that is away, is starting, hangs up, or is not the kind that the address asks for.
NOT_THIS_ONE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    CannotConnectNowError,
    TargetServerAttributeNotMatched,
)

_ONE_WITHIN = 5.0  # seconds to connect
_EACH_WITHIN = 2.0  # where there are several


class Hosts:
    """
    An address as libpq has it: `postgresql://user@db1,db2/name?target_session_attrs=primary`.

    asyncpg understands it too, and has one limit of time for all of them: a machine without power
    uses it up, and the one after it is never asked. Here each has its own, and the one that was
    right last is asked first.
    """

    def __init__(self, url: str) -> None:
        self._addresses = one_by_one(url)

    async def connect(self, **options: Any) -> Any:
        """Connect to the first that will do; raises the last one's fault when none does."""
        fault: BaseException = OSError("the address names no host")
        within = _EACH_WITHIN if len(self._addresses) > 1 else _ONE_WITHIN
        for address in [*self._addresses]:
            try:
                db = await _connect(address, within, **options)
            except NOT_THIS_ONE as its:
                fault = its
            else:
                self._addresses.remove(address)
                self._addresses.insert(0, address)
                return db
        raise fault


async def _connect(address: str, within: float, **options: Any) -> Any:
    """
    Connect to one, if it is of the kind that its address asks for.

    Whether it takes saves is asked here. asyncpg goes by what is said at the beginning of a
    connection, and PgBouncer says there what was so when it first connected.
    """
    if "target_session_attrs=primary" not in urlsplit(address).query:
        return await asyncpg.connect(address, timeout=within, **options)
    db = await asyncpg.connect(address, timeout=within, target_session_attrs="any", **options)
    try:
        standby = await db.fetchval(SQL.is_standby, timeout=within)
    except BaseException:
        db.terminate()
        raise
    if standby:
        db.terminate()
        raise TargetServerAttributeNotMatched("it is a standby")
    return db


def one_by_one(url: str) -> list[str]:
    """Return an address for each host that an address names."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    # Which one is preferred shows when all are looked at: that is asyncpg's to do.
    if "," not in hosts or "prefer-standby" in parts.query:
        return [url]
    return [
        urlunsplit(parts._replace(netloc=f"{login}{at}{host}")) for host in hosts.split(",")
    ]
