"""How the lists are filtered; a parameter that is not named here does nothing."""

from django.db.models import QuerySet
from django_filters.filters import CharFilter, ChoiceFilter, NumberFilter
from django_filters.filterset import FilterSet

from apps.mailings.models import (
    Client,
    ImportRow,
    Mailing,
    MailingStatus,
    Message,
    RowResult,
    SendingStatus,
)
from apps.notifications.policy import LARGEST_ID


class ClientFilter(FilterSet):
    """Of clients; they combine."""

    tag = CharFilter(max_length=100)
    mobile_operator_code = CharFilter(max_length=3)
    timezone = CharFilter(max_length=64)
    search = CharFilter(
        field_name="phone_number", lookup_expr="contains", max_length=11
    )

    class Meta:
        """Only what is named above."""

        model = Client
        fields: tuple[str, ...] = ()


class MailingFilter(FilterSet):
    """Of mailings."""

    status = ChoiceFilter(choices=MailingStatus.choices)
    tag = CharFilter(max_length=100)
    search = CharFilter(field_name="text", lookup_expr="icontains", max_length=100)

    class Meta:
        """Only what is named above."""

        model = Mailing
        fields: tuple[str, ...] = ()


class MessageFilter(FilterSet):
    """Of messages."""

    sending_status = ChoiceFilter(choices=SendingStatus.choices)
    mailing = NumberFilter(method="of_mailing", min_value=0, max_value=LARGEST_ID)
    client = NumberFilter(method="of_client", min_value=0, max_value=LARGEST_ID)

    class Meta:
        """Only what is named above."""

        model = Message
        fields: tuple[str, ...] = ()

    def of_mailing(
        self, queryset: QuerySet[Message], name: str, value: int
    ) -> QuerySet[Message]:
        """Keep what belongs to a mailing."""
        return queryset.filter(mailing=int(value))

    def of_client(
        self, queryset: QuerySet[Message], name: str, value: int
    ) -> QuerySet[Message]:
        """Keep what is for a client."""
        return queryset.filter(client=int(value))


class StatusFilter(FilterSet):
    """Of one mailing's messages."""

    sending_status = ChoiceFilter(choices=SendingStatus.choices)

    class Meta:
        """Only what is named above."""

        model = Message
        fields: tuple[str, ...] = ()


class ReportFilter(FilterSet):
    """Of an import's report."""

    result = ChoiceFilter(choices=RowResult.choices)

    class Meta:
        """Only what is named above."""

        model = ImportRow
        fields: tuple[str, ...] = ()
