"""What uvicorn runs: reading a section's marks and saving them."""

import datetime as dt
from collections import Counter
from itertools import groupby
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.peers.fastapi_sqlalchemy import schemas
from benchmarks.peers.fastapi_sqlalchemy.database import get_session
from benchmarks.peers.fastapi_sqlalchemy.models import Enrollment, Mark, Section

PRESENT = 1

app = FastAPI()
Session = Annotated[AsyncSession, Depends(get_session)]


@app.get("/v1/sections/{section_id}/attendance")
async def read(
    section_id: int, start: dt.date, end: dt.date, session: Session
) -> schemas.Month:
    """List who was not present, by day and status, and the days of all rolls."""
    await _require(session, section_id)
    of_span = (Mark.section_id == section_id, Mark.date.between(start, end))
    marks = (
        await session.scalars(
            select(Mark)
            .where(*of_span, Mark.status != PRESENT)
            .order_by(Mark.date, Mark.status, Mark.enrollment_id)
        )
    ).all()
    days = await session.scalars(
        select(Mark.date).where(*of_span).distinct().order_by(Mark.date)
    )
    by_day = {day: list(found) for day, found in groupby(marks, lambda mark: mark.date)}
    totals = Counter(mark.status for mark in marks)
    return schemas.Month(
        date=[_day(day, by_day.get(day, [])) for day in days],
        totals=schemas.Totals(
            total=[schemas.Total(status=s, count=totals[s]) for s in sorted(totals)]
        ),
    )


@app.put("/v1/sections/{section_id}/attendance")
async def save(section_id: int, sheet: schemas.Sheet, session: Session) -> schemas.Saved:
    """Save marks, all of them or none; a second save of a mark replaces the first."""
    await _require(session, section_id)
    items = sheet.attendances.attendance
    known = set(
        await session.scalars(select(Enrollment.id).where(Enrollment.section_id == section_id))
    )
    if not known.issuperset(item.enrollment_id for item in items):
        raise HTTPException(400, "somebody is not on the roll of this section")
    given = insert(Mark).values(
        [{"section_id": section_id, **item.model_dump()} for item in items]
    )
    saved = await session.scalars(
        given.on_conflict_do_update(
            constraint="one_mark_a_day",
            set_={"status": given.excluded.status, "comment": given.excluded.comment},
        ).returning(Mark.id)
    )
    done = [schemas.Done(id=str(number)) for number in saved]
    await session.commit()
    return schemas.Saved(attendance=done)


async def _require(session: AsyncSession, section_id: int) -> None:
    if await session.get(Section, section_id) is None:
        raise HTTPException(404, "no such section")


def _day(day: dt.date, marks: list[Mark]) -> schemas.Day:
    groups = groupby(marks, lambda mark: mark.status)
    return schemas.Day(
        date=day,
        statuses=schemas.Statuses(
            status=[
                schemas.OfStatus(
                    status_code=code,
                    attendances=schemas.Marks(
                        attendance=[schemas.Mark.model_validate(mark) for mark in found]
                    ),
                )
                for code, found in groups
            ]
        ),
    )
