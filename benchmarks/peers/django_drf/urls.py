"""The one route."""

from django.urls import path

from benchmarks.peers.django_drf.views import AttendanceView

urlpatterns = [path("v1/sections/<int:section_id>/attendance", AttendanceView.as_view())]
