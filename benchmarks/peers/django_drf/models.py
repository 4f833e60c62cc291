"""Sections, who is in them, and how they were there."""

from typing import ClassVar

from django.db import models


class Section(models.Model):
    """A class."""

    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return str(self.title)


class Enrollment(models.Model):
    """A student's place in a section."""

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="enrollments")
    student = models.CharField(max_length=200)

    def __str__(self) -> str:
        return str(self.student)


class Mark(models.Model):
    """How one student was there on one day."""

    class Status(models.IntegerChoices):
        """As the API numbers them."""

        PRESENT = 1
        ABSENT = 2
        LATE = 3
        EXCUSED = 4

    section = models.ForeignKey(Section, on_delete=models.CASCADE, db_index=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.CASCADE, db_index=False)
    date = models.DateField()
    status = models.PositiveSmallIntegerField(choices=Status)
    comment = models.CharField(max_length=2000, blank=True, default="")

    class Meta:
        """One mark for each student and day, found by section and day."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["section", "date", "enrollment"], name="one_mark_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enrollment_id} {self.date} {self.status}"
