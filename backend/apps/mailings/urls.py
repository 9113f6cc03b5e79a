"""The routes of the mailings API."""

from django.urls import path

from apps.mailings import client_views, views

_MAILING = "api/mailings/<int:mailing_id>/"

urlpatterns = [
    path("api/clients/", client_views.ClientsView.as_view(), name="clients"),
    path(
        "api/clients/import/", client_views.ImportView.as_view(), name="clients-import"
    ),
    path(
        "api/clients/imports/<int:import_id>/",
        client_views.ImportReportView.as_view(),
        name="clients-import-report",
    ),
    path(
        "api/clients/export/", client_views.ExportView.as_view(), name="clients-export"
    ),
    path(
        "api/clients/<int:client_id>/", client_views.ClientView.as_view(), name="client"
    ),
    path("api/mailings/", views.MailingsView.as_view(), name="mailings"),
    path(
        "api/mailings/fullinfo/", views.FullInfoView.as_view(), name="mailings-fullinfo"
    ),
    path(_MAILING, views.MailingView.as_view(), name="mailing"),
    path(f"{_MAILING}info/", views.InfoView.as_view(), name="mailing-info"),
    path(f"{_MAILING}preview/", views.PreviewView.as_view(), name="mailing-preview"),
    path(f"{_MAILING}start/", views.StartView.as_view(), name="mailing-start"),
    path(f"{_MAILING}pause/", views.PauseView.as_view(), name="mailing-pause"),
    path(f"{_MAILING}resume/", views.ResumeView.as_view(), name="mailing-resume"),
    path(f"{_MAILING}cancel/", views.CancelView.as_view(), name="mailing-cancel"),
    path(f"{_MAILING}copy/", views.CopyView.as_view(), name="mailing-copy"),
    path(
        f"{_MAILING}resend_failed/", views.ResendView.as_view(), name="mailing-resend"
    ),
    path("api/messages/", views.MessagesView.as_view(), name="messages"),
    path("api/messages/<int:message_id>/", views.MessageView.as_view(), name="message"),
]
