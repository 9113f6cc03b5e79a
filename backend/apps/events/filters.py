"""How the lists are filtered; a parameter that is not named here does nothing."""

from django.db.models import Q, QuerySet
from django_filters.filters import CharFilter
from django_filters.filterset import FilterSet

from apps.events.models import Event


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
