"""Reading a section's marks and saving them."""

from collections import Counter
from itertools import groupby
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers.django_drf.models import Mark, Section
from benchmarks.peers.django_drf.serializers import MarkSerializer, SheetSerializer


class AttendanceView(APIView):
    """The marks of one section."""

    def get(self, request: Request, section_id: int) -> Response:
        """List who was not present, by day and status, and the days of all rolls."""
        section = get_object_or_404(Section, pk=section_id)
        span = (request.query_params["start"], request.query_params["end"])
        marks = Mark.objects.filter(section=section, date__range=span)
        missing = marks.exclude(status=Mark.Status.PRESENT)
        items = MarkSerializer(missing.order_by("date", "status", "enrollment_id"), many=True)
        by_day = {
            day: list(found) for day, found in groupby(items.data, lambda mark: mark["date"])
        }
        taken = marks.order_by("date").values_list("date", flat=True).distinct()
        totals = Counter(mark["status"] for mark in items.data)
        return Response(
            {
                "date": [
                    _day(day.isoformat(), by_day.get(day.isoformat(), [])) for day in taken
                ],
                "totals": {
                    "total": [
                        {"status": status, "count": totals[status]} for status in sorted(totals)
                    ]
                },
            }
        )

    def put(self, request: Request, section_id: int) -> Response:
        """Save marks, all of them or none; a second save of a mark replaces the first."""
        section = get_object_or_404(Section, pk=section_id)
        sheet = SheetSerializer(data=request.data)
        sheet.is_valid(raise_exception=True)
        items = sheet.validated_data["attendances"]["attendance"]
        known = set(section.enrollments.values_list("id", flat=True))
        if not known.issuperset(item["enrollment_id"] for item in items):
            raise ValidationError("somebody is not on the roll of this section")
        marks = [Mark(section=section, **item) for item in items]
        with transaction.atomic():
            saved = Mark.objects.bulk_create(
                marks,
                update_conflicts=True,
                unique_fields=["section", "date", "enrollment"],
                update_fields=["status", "comment"],
            )
        return Response(
            {"attendance": [{"id": str(mark.pk), "response_code": 200} for mark in saved]}
        )


def _day(day: str, marks: list[Any]) -> dict[str, Any]:
    groups = groupby(marks, lambda mark: mark["status"])
    status = [
        {"status_code": code, "attendances": {"attendance": list(found)}}
        for code, found in groups
    ]
    return {"date": day, "statuses": {"status": status}}
