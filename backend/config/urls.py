"""Every route of the server."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import import_string

from apps.common import views
from config import api_docs

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.prometheus, name="metrics"),
    path("api/", views.EntryPointsView.as_view(), name="entry-points"),
    path("api/status/", views.StatusView.as_view(), name="status"),
    path("admin/", admin.site.urls),
    *api_docs.urlpatterns,
]
urlpatterns += [
    path("", include(module))
    for module in ("apps.accounts.urls", "apps.notifications.urls")
    if find_spec(module)
]
if find_spec("apps.realtime.page"):
    page = import_string("apps.realtime.page.live_page")
    urlpatterns.append(path("", page, name="page"))
    urlpatterns.append(path("api/notifications/", page, name="live-page"))
handler400 = "apps.common.errors.bad_request"
handler403 = "apps.common.errors.permission_denied"
handler404 = "apps.common.errors.not_found"
handler500 = "apps.common.errors.server_error"
