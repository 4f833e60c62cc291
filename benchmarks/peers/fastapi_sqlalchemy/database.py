"""The engine, a session for each request, and the tables made new."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.peers.fastapi_sqlalchemy.models import Base

_URL = os.environ.get("PEER_DATABASE", "postgresql://nowhere")

engine = create_async_engine(_URL.replace("postgresql://", "postgresql+asyncpg://", 1))
_sessions = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Lend a session for the time of a request."""
    async with _sessions() as session:
        yield session


async def make_tables() -> None:
    """Make the empty tables."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()


if __name__ == "__main__":  # with PEER_DATABASE set
    sys.exit(asyncio.run(make_tables()))
