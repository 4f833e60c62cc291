"""The district's three schools: their years, their bells and what they teach."""

from typing import NamedTuple, TypeAlias

from rollbook.domain.roster_files import RosterSchool

DISTRICT = "Lindenhof Unified School District"
DAILY, MWF, TT = "1,2,3,4,5", "1,3,5", "2,4"  # days of the week, Sunday being 0

Bell: TypeAlias = tuple[str, str]  # when a lesson begins and ends


class Subject(NamedTuple):
    """What a school teaches in each of its years."""

    department: str
    code: str
    titles: tuple[str, ...]  # its course in each year


class UpperSchool(NamedTuple):
    """A school in which students go from class to class."""

    sourced_id: str
    title: str
    years: tuple[str, ...]
    bells: tuple[Bell, ...]
    core: tuple[Subject, ...]
    electives: tuple[Subject, ...]


ELEMENTARY = RosterSchool("JHE", "Juniper Hill Elementary School")
YEARS = ("Kindergarten", "Grade 1", "Grade 2", "Grade 3", "Grade 4", "Grade 5")
HOMEROOM: Bell = ("08:20", "15:05")

MIDDLE = UpperSchool(
    sourced_id="PCM",
    title="Prairie Creek Middle School",
    years=("6", "7", "8"),
    bells=(("08:00", "09:15"), ("09:25", "10:40"), ("11:20", "12:35"), ("12:45", "14:00")),
    core=(
        Subject("Mathematics", "MAT", ("Math 6", "Math 7", "Pre-Algebra")),
        Subject("Language Arts", "ELA", ("English 6", "English 7", "English 8")),
        Subject("Science", "SCI", ("Earth Science", "Life Science", "Physical Science")),
    ),
    electives=(
        Subject("Music", "BND", ("Concert Band",)),
        Subject("Visual Arts", "ART", ("Drawing & Painting",)),
        Subject("Physical Education", "PED", ("Physical Education",)),
    ),
)
HIGH = UpperSchool(
    sourced_id="LHS",
    title="Lindenhof High School",
    years=("9", "10", "11–12"),  # noqa: RUF001  (a range has an en dash)
    bells=(("08:30", "09:50"), ("10:00", "11:20"), ("12:05", "13:25"), ("13:35", "14:55")),
    core=(
        Subject("Mathematics", "MAT", ("Algebra I", "Geometry", "Precalculus")),
        Subject("English", "ENG", ("English 9", "English 10", "American Literature")),
        Subject("Science", "SCI", ("Biology", "Chemistry", "Physics")),
    ),
    electives=(
        Subject("World Languages", "SPA", ("Español II",)),
        Subject("Visual Arts", "CER", ("Ceramics",)),
        Subject("Career & Technical", "CSP", ("Computer Science Principles",)),
    ),
)
