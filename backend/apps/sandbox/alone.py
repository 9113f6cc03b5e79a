"""The routes of a sandbox that runs by itself: its pages, and the login to them."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from apps.common import views
from apps.sandbox.urls import urlpatterns as sandbox_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="sandbox")),
    path("healthz", views.healthz, name="healthz"),
    *sandbox_urls,
    path("admin/", admin.site.urls),
]
