"""
A district that nobody has to invent: to look at Rollbook, and to show it.

```text
names.py       what people are called
schooldays.py  when there is school
schools.py     the three schools and what they teach
timetable.py   the roster: classes, their teachers and who sits in them
absences.py    why students are away
attendance.py  every roll and every correction of a semester
fill.py        writes it all into a new file
```

All of it but `fill` is pure: the same seed and the same days give the same district.
"""

from rollbook.demo.fill import DemoDistrict, fill

__all__ = ["DemoDistrict", "fill"]
