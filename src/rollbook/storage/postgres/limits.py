"""What the workers of all machines let through together: when each share is whole again."""

from collections.abc import Mapping

from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL

_SWEEP_EVERY = 60  # exchanges


class LimitTable:
    """Where the workers of all machines tell each other what they let through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._until_sweep = _SWEEP_EVERY

    async def exchange(self, told: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """
        Add the seconds that are told of each, up to a most; return how many are left then.

        Raises `Unavailable`; then some of it may have been added.
        """
        names = sorted(told)
        seconds, most = zip(*(told[name] for name in names), strict=True)
        async with self._pool.shared() as db:
            left = await db.fetch(SQL.exchange_limits, names, seconds, most)
            self._until_sweep -= 1
            if self._until_sweep <= 0:
                self._until_sweep = _SWEEP_EVERY
                await db.execute(SQL.sweep_limits)
        return dict(left)
