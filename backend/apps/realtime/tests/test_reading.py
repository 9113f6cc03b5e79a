"""Reading for connections that are behind."""

import pytest

from apps.accounts.models import User
from apps.notifications.services import notify
from apps.realtime.cursor import Read
from apps.realtime.reading import Request, read_batch

pytestmark = pytest.mark.django_db


def live(after: int, limit: int = 10) -> Read:
    return Read(after=after, limit=limit, replay_to=None, unacknowledged_only=False)


@pytest.fixture
def users() -> list[User]:
    people = [User.objects.create_user(f"user{number}") for number in range(3)]
    for person in people:
        for number in range(5):
            notify(recipient=person, payload=number)
    return people


def test_each_connection_gets_what_lies_above_its_cursor(users: list[User]) -> None:
    requests = [
        Request(users[0].pk, live(0)),
        Request(users[0].pk, live(3)),
        Request(users[1].pk, live(5)),
    ]

    answers = read_batch(requests)

    assert [[row.seq for row in answer.rows] for answer in answers] == [
        [1, 2, 3, 4, 5],
        [4, 5],
        [],
    ]
    assert [(answer.up_to, answer.complete) for answer in answers] == [(5, True)] * 3


def test_a_page_that_is_cut_is_not_complete(users: list[User]) -> None:
    requests = [Request(users[0].pk, live(0, limit=2)), Request(users[1].pk, live(3))]

    cut, whole = read_batch(requests)

    assert [row.seq for row in cut.rows] == [1, 2]
    assert not cut.complete
    assert whole.complete


def test_exactly_as_many_rows_as_asked_for_may_not_be_all(users: list[User]) -> None:
    (answer,) = read_batch([Request(users[0].pk, live(0, limit=5))])

    assert len(answer.rows) == 5
    assert not answer.complete


def test_a_user_without_a_stream_is_at_rest() -> None:
    nobody = User.objects.create_user("nobody")

    (answer,) = read_batch([Request(nobody.pk, live(0))])

    assert (answer.rows, answer.up_to, answer.complete) == ([], 0, True)


def test_a_replay_stops_where_it_was_to_stop(users: list[User]) -> None:
    read = Read(after=1, limit=10, replay_to=3, unacknowledged_only=True)

    (answer,) = read_batch([Request(users[0].pk, read)])

    assert [row.seq for row in answer.rows] == [2, 3]
    assert all('"replay":true' in row.frame for row in answer.rows)
    assert (answer.up_to, answer.complete) == (3, True)


def test_two_hundred_connections_cost_three_queries(
    users: list[User],
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    requests = [
        Request(users[number % 3].pk, live(number % 5)) for number in range(200)
    ]

    read_batch(requests[:1])

    with django_assert_max_num_queries(3):  # type: ignore[operator]
        answers = read_batch(requests)

    assert len(answers) == 200
