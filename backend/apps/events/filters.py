"""How the lists are filtered; a parameter that is not named here does nothing."""

from django import forms
from django.db.models import Q, QuerySet
from django_filters.filters import CharFilter, ChoiceFilter, Filter
from django_filters.filterset import FilterSet

from apps.events import selectors
from apps.events.models import Event, EventMessage
from apps.notifications.policy import LARGEST_ID


class _Number(Filter):
    field_class: type[forms.Field] = forms.IntegerField


class EventFilter(FilterSet):
    """`search`."""

    search = CharFilter(method="with_text", max_length=200)

    class Meta:
        """Only what is named above."""

        model = Event
        fields: tuple[str, ...] = ()

    def with_text(
        self, queryset: QuerySet[Event], name: str, value: str
    ) -> QuerySet[Event]:
        """Keep what has this text in it."""
        return queryset.filter(
            Q(name__icontains=value) | Q(description__icontains=value)
        )


class MessageFilter(FilterSet):
    """`status`, `channel` and `send`; they combine."""

    status = ChoiceFilter(
        choices=[(each, each) for each in selectors.STATUSES],
        method="with_status",
    )
    channel = CharFilter(max_length=32)
    send = _Number(min_value=1, max_value=LARGEST_ID)  # type: ignore[no-untyped-call]  # django-filter has no types

    class Meta:
        """Only what is named above."""

        model = EventMessage
        fields: tuple[str, ...] = ()

    def with_status(
        self, queryset: QuerySet[EventMessage], name: str, value: str
    ) -> QuerySet[EventMessage]:
        """Keep what is in this status."""
        return queryset.filter(selectors.with_status(value))
