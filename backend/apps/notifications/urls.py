"""The routes of the notifications API."""

from django.urls import path

from apps.notifications import inbox_views, sending_views

urlpatterns = [
    path(
        "api/notifications/send/",
        sending_views.SendView.as_view(),
        name="notification-send",
    ),
    path(
        "api/notifications/send/bulk/",
        sending_views.BulkView.as_view(),
        name="notification-send-bulk",
    ),
    path(
        "api/notifications/send/broadcast/",
        sending_views.BroadcastView.as_view(),
        name="notification-send-broadcast",
    ),
    path(
        "api/notifications/broadcasts/",
        sending_views.BroadcastsView.as_view(),
        name="broadcasts",
    ),
    path(
        "api/notifications/broadcasts/<int:broadcast_id>/",
        sending_views.BroadcastDetailView.as_view(),
        name="broadcast",
    ),
    path(
        "api/user/notifications/",
        inbox_views.InboxView.as_view(),
        name="inbox",
    ),
    path(
        "api/user/notifications/counts/",
        inbox_views.CountsView.as_view(),
        name="inbox-counts",
    ),
    path(
        "api/user/notifications/read-all/",
        inbox_views.ReadAllView.as_view(),
        name="inbox-read-all",
    ),
    path(
        "api/user/notifications/<uuid:key>/",
        inbox_views.ItemView.as_view(),
        name="inbox-item",
    ),
    path(
        "api/user/notifications/<uuid:key>/read/",
        inbox_views.ReadView.as_view(),
        name="inbox-read",
    ),
    path(
        "api/user/notifications/<uuid:key>/unread/",
        inbox_views.UnreadView.as_view(),
        name="inbox-unread",
    ),
    path(
        "api/user/notifications/<uuid:key>/archive/",
        inbox_views.ArchiveView.as_view(),
        name="inbox-archive",
    ),
    path(
        "api/user/notifications/<uuid:key>/unarchive/",
        inbox_views.UnarchiveView.as_view(),
        name="inbox-unarchive",
    ),
]
