"""Templates to HTML, with dates, times and numbers as the visitor's language writes them."""

import datetime as dt
import functools
from typing import Any

from babel import dates
from jinja2 import Environment, PackageLoader, StrictUndefined

from rollbook.domain.days import Day
from rollbook.domain.people import Instant, User
from rollbook.domain.sheets import hour_of, in_five
from rollbook.web import assets, words
from rollbook.web.visiting import Visit


@functools.cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("rollbook.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        words.translations(language), newstyle=True
    )
    environment.filters.update(
        day=functools.partial(_day, language, "full"),
        clock_time=functools.partial(clock_time, language),
        weekday_letters=functools.partial(_day, language, "EEEEEE"),
        weekday_number=_weekday_number,
        month=functools.partial(_month, language),
        name=full_name,
        told=functools.partial(words.in_language, gettext=words.translations(language).gettext),
        hour=hour_of,
        sorted_name=sorted_name,
    )
    environment.globals.update(asset=assets.address, language=language)
    environment.globals.update(languages=words.LANGUAGES)
    return environment


def page(template: str, visit: Visit, **values: Any) -> bytes:
    """Return a page as it is sent."""
    environment = _environment(visit.language)
    told = {
        "clock": functools.partial(clock, visit),
        "short_day": functools.partial(short_day, visit),
    }
    return environment.get_template(template).render(visit=visit, **told, **values).encode()


@functools.lru_cache(4096)
def _day(language: str, form: str, day: Day) -> str:
    """Write a day: `full` as the language does it, or with the parts that a form names."""
    date = dt.date.fromisoformat(day)
    if form == "full":
        text: str = dates.format_date(date, "full", locale=language)
    else:
        text = dates.format_skeleton(form, date, locale=language)
    return text[:1].upper() + text[1:]


def _month(language: str, month: str) -> str:
    return _day(language, "yMMMM", f"{month}-01")


def _weekday_number(day: Day) -> int:
    """Return the day of the week: Monday is 1 (ISO 8601)."""
    return dt.date.fromisoformat(day).isoweekday()


def clock(visit: Visit, moment: Instant) -> str:
    """Return a moment as the time of day in the district, with the day if that is another."""
    here = dt.datetime.fromisoformat(moment).astimezone(visit.zone)
    time: str = dates.format_time(here, "short", tzinfo=visit.zone, locale=visit.language)
    if here.date().isoformat() == visit.today:
        return time
    return f"{short_day(visit, here.date().isoformat())}, {time}"


def short_day(visit: Visit, day: Day) -> str:
    """Return a day in few letters, with the year if that is another than this one."""
    return _day(visit.language, "MMMd" if day[:4] == visit.today[:4] else "yMMMd", day)


def clock_time(language: str, hour: str) -> str:
    """Write an hour such as 13:35 as the language does; what is none stays as it is."""
    try:
        time = dt.time.fromisoformat(in_five(hour))
    except ValueError:
        return hour
    told: str = dates.format_time(time, "short", locale=language)
    return told


def full_name(user: User) -> str:
    """Return what somebody is called."""
    return user.display_name


def sorted_name(user: User) -> str:
    """Return a name as a list by names has it."""
    return f"{user.name_last}, {user.name_first_preferred or user.name_first}"
