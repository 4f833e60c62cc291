"""The floor of every save: the same upserts in a loop on the same file, and nothing else."""

import random
import time

from benchmarks import land
from benchmarks.ground import DAYS, Ground
from benchmarks.results import Row
from rollbook.storage import queries
from rollbook.storage.sqlite.connection import open_writer

_SAVE = queries.load("sqlite").save_mark


def upserts(ground: Ground, seconds: float, *, rolls_a_commit: int, seed: int) -> Row:
    """Save 30 marks after 30 marks, each commit on the disk before the next, for some seconds."""
    db = open_writer(ground.database)
    rng = random.Random(seed)
    days = land.school_days(DAYS)
    saved = 0
    begun = time.perf_counter()
    while time.perf_counter() < begun + seconds:
        db.execute("BEGIN IMMEDIATE")
        for _ in range(rolls_a_commit):
            section = rng.randrange(ground.where.sections)
            key = (1, land.section_id(section), rng.choice(days))
            comment = f"f{seed}-{saved}"
            marks = [
                (*key, who, 1 if rng.random() < 0.9 else 2, comment)
                for who in land.enrollments(section)
            ]
            db.executemany(_SAVE, marks)
            saved += 1
        db.execute("COMMIT")
    rate = saved / (time.perf_counter() - begun)
    db.close()
    return Row(rate, runs=[rate])
