"""A body of marks, and a mark as the answer shows it."""

from typing import ClassVar

from rest_framework import serializers

from benchmarks.peers.django_drf.models import Mark


class MarkSerializer(serializers.ModelSerializer):
    """One mark."""

    enrollment_id = serializers.IntegerField()

    class Meta:
        """The fields of the API, in its order."""

        model = Mark
        fields: ClassVar = ["enrollment_id", "date", "status", "comment"]


class MarksSerializer(serializers.Serializer):
    """The list inside the body."""

    attendance = MarkSerializer(many=True)


class SheetSerializer(serializers.Serializer):
    """The body of a roll."""

    attendances = MarksSerializer()
