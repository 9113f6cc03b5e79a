"""The routes of the accounts API."""

from django.urls import path

from apps.accounts.login_views import (
    LogoutAllView,
    LogoutView,
    PasswordView,
    SessionView,
    TicketView,
    TokenView,
)
from apps.accounts.preference_views import PreferencesView
from apps.accounts.session_views import SessionItemView, SessionListView
from apps.accounts.views import ExternalPersonView, MeView

urlpatterns = [
    path("api/auth/token/", TokenView.as_view(), name="auth-token"),
    path("api/auth/session/", SessionView.as_view(), name="auth-session"),
    path("api/auth/logout/", LogoutView.as_view(), name="auth-logout"),
    path("api/auth/logout-all/", LogoutAllView.as_view(), name="auth-logout-all"),
    path("api/auth/ticket/", TicketView.as_view(), name="auth-ticket"),
    path("api/user/me/", MeView.as_view(), name="user-me"),
    path("api/user/password/", PasswordView.as_view(), name="user-password"),
    path(
        "api/user/preferences/",
        PreferencesView.as_view(),
        name="user-preferences",
    ),
    path("api/user/sessions/", SessionListView.as_view(), name="user-sessions"),
    path(
        "api/user/sessions/<str:session_id>/",
        SessionItemView.as_view(),
        name="user-session",
    ),
    path(
        "api/users/by-external-id/<str:external_id>/",
        ExternalPersonView.as_view(),
        name="user-by-external-id",
    ),
]
