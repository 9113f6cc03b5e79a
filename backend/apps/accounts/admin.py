"""Users, teams and their logins in the administration."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.contrib.auth.views import PasswordChangeView
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin, StackedInline
from unfold.forms import UserChangeForm, UserCreationForm

from apps.accounts import revocation, selectors, service_key_admin
from apps.accounts.forms import (
    OthersPasswordForm,
    OwnPasswordForm,
    ThrottledAuthenticationForm,
)
from apps.accounts.masking import masked
from apps.accounts.models import (
    AuthToken,
    LoginFailures,
    ServiceKey,
    Team,
    User,
    UserProfile,
)

RIGHTS = ["is_admin", "is_staff", "is_superuser", "groups", "user_permissions"]

admin.site.login_form = ThrottledAuthenticationForm
admin.site.unregister(Group)


def password_change(
    request: HttpRequest,
    extra_context: dict[str, Any] | None = None,
) -> HttpResponseBase:
    """Serve the site's page for one's own password with our form.

    Django's and unfold's sites have their form fixed in this method.
    """
    context = {**admin.site.each_context(request), **(extra_context or {})}
    view = PasswordChangeView.as_view(
        form_class=OwnPasswordForm,
        success_url=reverse("admin:password_change_done"),
        extra_context=context,
    )
    return view(request)


admin.site.password_change = password_change  # type: ignore[method-assign, assignment]  # the site is unfold's
admin.site.register(ServiceKey, service_key_admin.ServiceKeyAdmin)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]  # two families
    """Django's groups of permissions, in the look of the rest."""


@admin.register(Team)
class TeamAdmin(ModelAdmin):
    """Teams."""

    list_display = ["name"]
    search_fields = ["name"]


class ProfileInline(StackedInline):
    """How a user is reached, on the user's page."""

    model = UserProfile
    can_delete = False


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]  # two families
    """Users; what ends their logins ends their sockets too."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = OthersPasswordForm
    inlines = [ProfileInline]
    list_display = [
        "username",
        "masked_email",
        "team",
        "is_admin",
        "is_staff",
        "is_active",
    ]
    list_filter = ["is_active", "is_admin", "is_staff", "team"]
    list_select_related = ["team"]
    search_fields = ["username", "email", "first_name", "last_name", "external_id"]
    autocomplete_fields = ["team"]
    readonly_fields = ["last_login", "date_joined", "open_sessions"]
    actions = ["log_out_everywhere"]
    fieldsets = [
        (None, {"fields": ["username", "password", "open_sessions"]}),
        (
            "Person",
            {"fields": ["first_name", "last_name", "email", "timezone", "language"]},
        ),
        ("Place", {"fields": ["team", "external_id"]}),
        (
            "Rights",
            {
                "fields": ["is_active", *RIGHTS],
            },
        ),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    @admin.display(description="E-mail", ordering="email")
    def masked_email(self, user: User) -> str:
        """Show it, hidden in its middle; the user's page shows all of it."""
        return masked(user.email)

    @admin.display(description="Open browser sessions")
    def open_sessions(self, user: User) -> str:
        """List them without their keys, which would let others in."""
        rows = selectors.sessions_of(user.pk).order_by("-begun_at")
        told = [
            (f"{row.begun_at:%Y-%m-%d %H:%M}", row.ip_address, row.user_agent)
            for row in rows
            if row.begun_at
        ]
        return format_html_join("", "<div>{} {} {}</div>", told) or "none"

    @admin.action(description="Log out everywhere", permissions=["change"])
    def log_out_everywhere(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> None:
        """End every token, session, ticket and socket of the users."""
        for user in queryset:
            revocation.end_everything(user.pk)
        self.message_user(request, "Logged out everywhere.", messages.SUCCESS)

    def has_change_permission(
        self,
        request: HttpRequest,
        obj: User | None = None,
    ) -> bool:
        """Leave superusers to superusers: a password is a way in."""
        may: bool = super().has_change_permission(request, obj)
        return may and (_is_superuser(request) or not (obj and obj.is_superuser))

    def get_readonly_fields(
        self,
        request: HttpRequest,
        obj: User | None = None,
    ) -> list[str]:
        """Let only superusers give rights."""
        return [*self.readonly_fields, *([] if _is_superuser(request) else RIGHTS)]

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        """Show the profile once the user exists."""
        return self.inlines if obj else []

    def save_model(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Store the user; a disabled one is logged out everywhere."""
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            revocation.end_everything(obj.pk)
        else:
            revocation.announce([obj.pk])

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete the user, whose sockets end."""
        user_id = obj.pk
        super().delete_model(request, obj)
        revocation.announce([user_id])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete users, whose sockets end."""
        user_ids = list(queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        revocation.announce(user_ids)


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


class ReadOnlyAdmin(ModelAdmin):
    """A list of rows that can be looked at and deleted."""

    list_display_links = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(
        self,
        request: HttpRequest,
        obj: Any | None = None,
    ) -> bool:
        """Nothing is changed by hand."""
        return False


@admin.register(AuthToken)
class AuthTokenAdmin(ReadOnlyAdmin):
    """API tokens; deleting one ends what it opened."""

    list_display = ["user", "created", "expiry", "inbox_only", "minted_by"]
    list_filter = ["inbox_only"]
    list_select_related = ["user", "minted_by"]
    search_fields = ["user__username"]

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        """End one token."""
        revocation.end_token(obj)

    def delete_queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[AuthToken],
    ) -> None:
        """End several tokens."""
        for token in queryset:
            revocation.end_token(token)


@admin.register(LoginFailures)
class LoginFailuresAdmin(ReadOnlyAdmin):
    """Counters of failed logins; deleting one lets its user try again."""

    list_display = ["username", "network", "count", "since"]
    search_fields = ["username", "network"]
