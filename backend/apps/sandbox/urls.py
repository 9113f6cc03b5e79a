"""The sandbox's pages; its doors for programs are in `gateway`."""

from django.urls import path

from apps.sandbox import views

urlpatterns = [
    path("sandbox/", views.page, name="sandbox"),
    path("sandbox/arrivals/", views.arrivals, name="sandbox-arrivals"),
    path("sandbox/switch/", views.switch, name="sandbox-switch"),
    path("sandbox/clear/", views.clear, name="sandbox-clear"),
]
