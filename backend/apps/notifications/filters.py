"""How the lists are filtered; a parameter that is not named here does nothing."""

from django import forms
from django.db.models import Q, QuerySet
from django_filters.filters import CharFilter, ChoiceFilter, Filter
from django_filters.filterset import FilterSet

from apps.common import clock
from apps.notifications import policy, selectors
from apps.notifications.models import (
    Broadcast,
    BroadcastStatus,
    Notification,
    Severity,
)

STATES = ("unread", "read", "archived")


class _Number(Filter):
    field_class: type[forms.Field] = forms.IntegerField


class InboxFilter(FilterSet):
    """`state`, `severity`, `kind`, `search`, `after` and `before`; they combine."""

    state = ChoiceFilter(
        choices=[(each, each) for each in STATES],
        method="with_state",
    )
    severity = ChoiceFilter(choices=Severity.choices)
    kind = CharFilter(strip=False, max_length=64)
    search = CharFilter(method="with_text", max_length=200)
    after = _Number(  # type: ignore[no-untyped-call]  # django-filter has no types
        field_name="seq",
        lookup_expr="gt",
        min_value=0,
        max_value=policy.LARGEST_ID,
    )
    before = _Number(  # type: ignore[no-untyped-call]  # as above
        field_name="seq",
        lookup_expr="lt",
        min_value=0,
        max_value=policy.LARGEST_ID,
    )

    class Meta:
        """Only what is named above."""

        model = Notification
        fields: tuple[str, ...] = ()

    def filter_queryset(
        self,
        queryset: QuerySet[Notification],
    ) -> QuerySet[Notification]:
        """Leave out what is archived unless that is asked for; order the rows."""
        rows: QuerySet[Notification] = super().filter_queryset(queryset)  # type: ignore[no-untyped-call]  # as above
        if not self.form.cleaned_data["state"]:
            rows = rows.filter(selectors.live(clock.now()))
        is_catching_up = self.form.cleaned_data["after"] is not None
        return rows.order_by("seq" if is_catching_up else "-seq")

    def with_state(
        self,
        queryset: QuerySet[Notification],
        name: str,
        value: str,
    ) -> QuerySet[Notification]:
        """Keep what is in this state."""
        return queryset.filter(selectors.in_state(value, clock.now()))

    def with_text(
        self,
        queryset: QuerySet[Notification],
        name: str,
        value: str,
    ) -> QuerySet[Notification]:
        """Keep what has this text in it."""
        return queryset.filter(
            Q(title__icontains=value)
            | Q(body__icontains=value)
            | Q(payload__icontains=value),
        )


class BroadcastFilter(FilterSet):
    """`status`."""

    status = ChoiceFilter(choices=BroadcastStatus.choices)

    class Meta:
        """Only what is named above."""

        model = Broadcast
        fields: tuple[str, ...] = ()
