"""Every route of the server."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import import_string

urlpatterns: list[URLPattern | URLResolver] = [path("admin/", admin.site.urls)]
for module in ("apps.accounts.urls", "apps.notifications.urls"):
    if find_spec(module):
        urlpatterns.append(path("api/", include(module)))
if find_spec("apps.realtime.page"):
    page = import_string("apps.realtime.page.live_page")
    urlpatterns.append(path("", page, name="page"))
    urlpatterns.append(path("api/notifications/", page, name="live-page"))
handler400 = "apps.common.errors.bad_request"
handler403 = "apps.common.errors.permission_denied"
handler404 = "apps.common.errors.not_found"
handler500 = "apps.common.errors.server_error"
