"""The routes of the alerts API."""

from django.urls import path

from apps.alerts import admin_views, user_views

urlpatterns = [
    path("api/admin/alerts/", admin_views.AlertsView.as_view(), name="alerts"),
    path(
        "api/admin/alerts/analytics/",
        admin_views.AnalyticsView.as_view(),
        name="alerts-analytics",
    ),
    path(
        "api/admin/alerts/<int:alert_id>/",
        admin_views.AlertDetailView.as_view(),
        name="alert",
    ),
    path("api/user/alerts/", user_views.UserAlertsView.as_view(), name="user-alerts"),
    path(
        "api/user/alerts/<int:alert_id>/",
        user_views.UserAlertView.as_view(),
        name="user-alert",
    ),
    path(
        "api/user/alerts/<int:alert_id>/read/",
        user_views.ReadView.as_view(),
        name="user-alert-read",
    ),
    path(
        "api/user/alerts/<int:alert_id>/unread/",
        user_views.UnreadView.as_view(),
        name="user-alert-unread",
    ),
    path(
        "api/user/alerts/<int:alert_id>/snooze/",
        user_views.SnoozeView.as_view(),
        name="user-alert-snooze",
    ),
    path(
        "api/user/dashboard/", user_views.DashboardView.as_view(), name="user-dashboard"
    ),
]
