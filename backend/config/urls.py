"""Every route of the server."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from apps.common import views
from apps.realtime.page import live_page
from config import api_docs

_NOTHING: list[URLPattern] = []
urlpatterns: list[URLPattern | URLResolver] = [
    path("", live_page, name="page"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.prometheus, name="metrics"),
    path("api/", views.EntryPointsView.as_view(), name="entry-points"),
    path("api/status/", views.StatusView.as_view(), name="status"),
    path("api/notifications/", live_page, name="live-page"),
    path("", include("apps.accounts.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.alerts.urls")),
    path("", include("apps.mailings.urls")),
    path("", include("apps.sandbox.urls" if settings.SANDBOX else _NOTHING)),
    path("", include("apps.events.urls")),
    path("admin/", admin.site.urls),
    *api_docs.urlpatterns,
]
handler400 = "apps.common.errors.bad_request"
handler403 = "apps.common.errors.permission_denied"
handler404 = "apps.common.errors.not_found"
handler500 = "apps.common.errors.server_error"
