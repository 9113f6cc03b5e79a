"""Service keys in the administration: the secret is shown once, and nowhere else."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from apps.accounts import service_keys
from apps.accounts.forms import ServiceKeyForm
from apps.accounts.models import ServiceKey, User
from apps.accounts.service_keys import NewServiceKey
from apps.common import clock


class ServiceKeyAdmin(ModelAdmin):
    """Keys of services: made, rotated, revoked.

    The page with the secret answers the POST itself. A message after a redirect would
    put the secret into a cookie or into the session's row.
    """

    form = ServiceKeyForm
    list_display = ["name", "service_id", "is_active", "expires_at", "last_used_at"]
    list_filter = ["is_active"]
    search_fields = ["name", "service_id"]
    readonly_fields = ["service_id", "is_active", "created_by", "last_used_at"]
    actions = ["rotate", "revoke"]

    def get_fields(self, request: HttpRequest, obj: ServiceKey | None = None) -> Any:
        """Ask for little; show the rest once there is a key."""
        asked = ["name", "scopes", "expires_at"]
        return [*asked, *self.readonly_fields] if obj else asked

    def get_readonly_fields(
        self,
        request: HttpRequest,
        obj: ServiceKey | None = None,
    ) -> list[str]:
        """Nothing is read-only before there is a key."""
        return self.readonly_fields if obj else []

    def save_model(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Make a key through the service, or store what was changed."""
        if change:
            obj.save(update_fields=["name", "scopes", "expires_at"])
            return
        made = service_keys.create_service_key(
            obj.name,
            scopes=obj.scopes,
            now=clock.now(),
            expires_at=obj.expires_at,
            created_by=_staff(request),
        )
        obj.pk, obj.service_id = made.key.pk, made.key.service_id
        request.new_service_key = made  # type: ignore[attr-defined]  # for response_add

    def response_add(
        self,
        request: HttpRequest,
        obj: ServiceKey,
        post_url_continue: str | None = None,
    ) -> HttpResponse:
        """Show id and secret, this once."""
        return self._shown(request, request.new_service_key)  # type: ignore[attr-defined]  # by save_model

    @admin.action(description="Rotate: make a successor", permissions=["change"])
    def rotate(
        self,
        request: HttpRequest,
        queryset: QuerySet[ServiceKey],
    ) -> HttpResponse | None:
        """Make a successor of one key and show its secret, this once."""
        keys = list(queryset.filter(is_active=True)[:2])
        if len(keys) != 1 or queryset.count() != 1:
            text = "Choose one key that is active."
            self.message_user(request, text, messages.ERROR)
            return None
        now = clock.now()
        made = service_keys.rotate(keys[0], now=now, by=_staff(request))
        return self._shown(
            request,
            made,
            old_key=keys[0],
            overlap_end=now + service_keys.ROTATION_OVERLAP,
        )

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ServiceKey]) -> None:
        """End keys at once, with all that they opened."""
        for key in queryset:
            service_keys.revoke(key)
        self.message_user(request, "Revoked.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: ServiceKey) -> None:
        """Delete a key after ending all that it opened."""
        service_keys.revoke(obj)
        super().delete_model(request, obj)

    def delete_queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[ServiceKey],
    ) -> None:
        """Delete keys after ending all that they opened."""
        for key in queryset:
            service_keys.revoke(key)
        super().delete_queryset(request, queryset)

    def _shown(
        self,
        request: HttpRequest,
        made: NewServiceKey,
        **further: Any,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "New service key",
            "key": made.key,
            "secret": made.secret,
            **further,
        }
        return TemplateResponse(request, "accounts/new_service_key.html", context)


def _staff(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
