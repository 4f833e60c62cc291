"""Looking at a section's roll and history."""

import click

from rollbook.cli.common import (
    Refusal,
    district_option,
    find_district,
    number,
    out,
    plain,
    table,
    with_store,
    with_store_to_read,
)
from rollbook.domain.attendance import Status
from rollbook.domain.days import is_day
from rollbook.domain.record import Author
from rollbook.domain.store import EVERYBODY, HistoryQuery, MarkQuery, RollQuery, Store


@click.command(no_args_is_help=True)
@click.argument("section_id", type=number)
@click.argument("date")
@district_option
@with_store
async def roll(store: Store, section_id: int, date: str, district: str | None) -> None:
    """Print the roll of SECTION_ID on DATE (YYYY-MM-DD)."""
    if not is_day(date):
        raise Refusal(f"{date} is no day; write it as 2026-11-23.")
    place = await find_district(store, district)
    section = await store.section(place.id, section_id)
    rolls = await store.rolls(place.id, section_id, RollQuery(start=date, end=date))
    if not rolls.items:
        raise Refusal(f"The roll of section {section_id} was not taken on {date}.")
    people = await store.enrollments(place.id, section_id, EVERYBODY)
    page = await store.marks(place.id, section_id, MarkQuery(start=date, end=date))
    missing = {mark.enrollment_id: mark for mark in page.marks}
    taken, sums = rolls.items[0].taken, rolls.items[0].tally
    title = f"{section.title}, {date}"
    shown = table("enrollment", "name", "status", "comment", title=title)
    for person in people.items:
        mark = missing.get(person.enrollment.id)
        if mark is not None:
            status = Status(mark.status).name.lower()
            name = person.user.display_name
            shown.line(str(mark.enrollment_id), name, status, mark.comment)
    out.print(shown if missing else f"{plain(title)}: nobody was missing.")
    click.echo(
        f"{sums.on_roll} on the roll: {sums.present} present, {sums.absent} absent, "
        f"{sums.late} late, {sums.excused} excused, {sums.not_marked} not marked. "
        f"First taken {taken.first_taken_at} by {_who(taken.first_taken_by)}, "
        f"last {taken.last_taken_at} by {_who(taken.last_taken_by)}."
    )


@click.command(no_args_is_help=True)
@click.argument("section_id", type=number)
@click.option("--date", help="Only the marks of that day, YYYY-MM-DD.")
@click.option(
    "--enrollment", type=number, metavar="INTEGER", help="Only the marks of that enrollment."
)
@district_option
@with_store_to_read
async def history(
    store: Store,
    section_id: int,
    date: str | None,
    enrollment: int | None,
    district: str | None,
) -> None:
    """Print every change of every mark of SECTION_ID, oldest first."""
    if date is not None and not is_day(date):
        raise Refusal(f"{date} is no day; write it as 2026-11-23.")
    place = await find_district(store, district)
    shown = table("changed at", "by", "through", "enrollment", "day", "from", "to", "comment")
    after: tuple[int, int] | None = (0, 0)
    while after is not None:
        query = HistoryQuery(
            start=date,
            end=date,
            enrollment_ids=None if enrollment is None else (enrollment,),
            after=after,
            limit=1000,
        )
        page = await store.history(place.id, section_id, query)
        for recorded in page.changes:
            change = recorded.change
            old = Status(change.old_status).name.lower() if change.old_status else "none"
            shown.line(
                recorded.at,
                _author(recorded.author),
                recorded.author.channel,
                str(change.enrollment_id),
                change.date,
                old,
                Status(change.new_status).name.lower(),
                change.new_comment,
            )
        after = page.next
    if not shown.row_count:
        raise Refusal(f"No mark of section {section_id} was ever changed.")
    out.print(shown)


def _who(user_id: int | None) -> str:
    return "the operator" if user_id is None else f"user {user_id}"


def _author(author: Author) -> str:
    name = _who(author.user_id)
    return name if author.on_behalf_of is None else f"{name} as user {author.on_behalf_of}"
