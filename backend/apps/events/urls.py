"""The routes of the events API."""

from django.urls import path

from apps.events import views

urlpatterns = [
    path("api/events/", views.EventsView.as_view(), name="events"),
    path("api/events/<int:event_id>/", views.EventView.as_view(), name="event"),
    path(
        "api/events/<int:event_id>/preview/",
        views.PreviewView.as_view(),
        name="event-preview",
    ),
]
