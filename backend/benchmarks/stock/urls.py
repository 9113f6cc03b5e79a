"""One route."""

from django.urls import path

from benchmarks.stock.views import SendView

urlpatterns = [path("send/", SendView.as_view())]
