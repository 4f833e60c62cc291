"""
Make the peer's database from Rollbook's, with the same sections, students and marks.

    python -m benchmarks.peers.django_drf.filling ROLLBOOK.db PEER.db
    python -m benchmarks.peers.django_drf.filling postgresql://…      # the empty tables alone
"""

import os
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

_COPYING = (
    """INSERT INTO django_drf_section (id, title)
       SELECT id, title FROM ours.sections ORDER BY id""",
    """INSERT INTO django_drf_enrollment (id, section_id, student)
       SELECT e.id, e.section_id, u.name_first || ' ' || u.name_last
         FROM ours.enrollments AS e
         JOIN ours.users AS u ON u.district_id = e.district_id AND u.id = e.user_id
        ORDER BY e.section_id, e.id""",
    """INSERT INTO django_drf_mark (section_id, enrollment_id, date, status, comment)
       SELECT section_id, enrollment_id, date, status, comment
         FROM ours.marks ORDER BY section_id, date, enrollment_id""",
)


def fill(ours: Path, peers: Path) -> None:
    """Write the peer's database; it must not be there yet."""
    make_tables(str(peers))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute("ATTACH DATABASE %s AS ours", [str(ours)])
        cursor.execute("BEGIN")
        for statement in _COPYING:
            cursor.execute(statement)
        cursor.execute("COMMIT")


def make_tables(database: str) -> None:
    """Make the empty tables, in a file or at an address."""
    os.environ["PEER_DATABASE"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.django_drf.settings"
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        make_tables(sys.argv[1])
    else:
        fill(Path(sys.argv[1]), Path(sys.argv[2]))
