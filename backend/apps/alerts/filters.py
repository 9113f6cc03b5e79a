"""How the lists are filtered; a parameter that is not named here does nothing."""

from django import forms
from django.db.models import Q, QuerySet
from django_filters.filters import CharFilter, ChoiceFilter, Filter
from django_filters.filterset import FilterSet

from apps.alerts import selectors
from apps.alerts.models import Alert, Visibility
from apps.alerts.policy import Status
from apps.common import clock
from apps.notifications.models import Severity
from apps.notifications.policy import LARGEST_ID

YES_NO = [("true", "true"), ("false", "false")]


class _Number(Filter):
    field_class: type[forms.Field] = forms.IntegerField


class FiguresFilter(FilterSet):
    """Of administrators; they combine."""

    id = _Number(min_value=1, max_value=LARGEST_ID)  # type: ignore[no-untyped-call]  # django-filter has no types
    severity = ChoiceFilter(choices=Severity.choices, empty_label="all")
    visibility_type = ChoiceFilter(
        label="Audience", choices=Visibility.choices, empty_label="all"
    )
    is_active = ChoiceFilter(choices=YES_NO, method="with_switch")
    status = ChoiceFilter(
        choices=[(each.value, each.value) for each in Status],
        method="with_status",
        label="Status",
        empty_label="all",
    )
    archived = ChoiceFilter(
        choices=YES_NO, method="with_archived", label="Archived", empty_label="all"
    )
    search = CharFilter(method="with_text", max_length=200)

    class Meta:
        """Only what is named above."""

        model = Alert
        fields: tuple[str, ...] = ()

    def with_switch(
        self, queryset: QuerySet[Alert], name: str, value: str
    ) -> QuerySet[Alert]:
        """Keep what is switched on, or off."""
        return queryset.filter(is_active=value == "true")

    def with_archived(
        self, queryset: QuerySet[Alert], name: str, value: str
    ) -> QuerySet[Alert]:
        """Keep what is archived, or what is not."""
        return queryset.filter(archived_at__isnull=value == "false")

    def with_status(
        self, queryset: QuerySet[Alert], name: str, value: str
    ) -> QuerySet[Alert]:
        """Keep what has this status now."""
        return queryset.filter(selectors.with_status(value, now=clock.now()))

    def with_text(
        self, queryset: QuerySet[Alert], name: str, value: str
    ) -> QuerySet[Alert]:
        """Keep what has this text in it."""
        return queryset.filter(Q(title__icontains=value) | Q(message__icontains=value))


class AlertFilter(FiguresFilter):
    """The same; archived alerts are left out unless asked for."""

    def filter_queryset(self, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """Leave out what is archived unless that is asked for."""
        rows: QuerySet[Alert] = super().filter_queryset(queryset)  # type: ignore[no-untyped-call]  # django-filter has no types
        if not self.form.cleaned_data["archived"]:
            rows = rows.filter(archived_at=None)
        return rows
