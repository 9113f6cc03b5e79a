"""The routes of the events API."""

from django.urls import path

from apps.events import send_views, views

urlpatterns = [
    path("api/events/", views.EventsView.as_view(), name="events"),
    path("api/events/<int:event_id>/", views.EventView.as_view(), name="event"),
    path(
        "api/events/<int:event_id>/preview/",
        views.PreviewView.as_view(),
        name="event-preview",
    ),
    path(
        "api/events/<int:event_id>/send_notifications/",
        send_views.SendEventView.as_view(),
        name="event-send",
    ),
    path(
        "api/events/<int:event_id>/notifications/",
        send_views.MessagesView.as_view(),
        name="event-notifications",
    ),
    path(
        "api/events/notifications/<int:message_id>/",
        send_views.MessageView.as_view(),
        name="event-notification",
    ),
    path(
        "api/events/notifications/<int:message_id>/resend/",
        send_views.ResendView.as_view(),
        name="event-notification-resend",
    ),
]
