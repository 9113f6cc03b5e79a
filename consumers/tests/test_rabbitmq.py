"""What a publisher sees, with a real RabbitMQ and PostgreSQL."""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from consumers.tests.station import Station, drop_database, new_database
from consumers.tests.test_delivered import UNREADABLE, Raw
from tests.conformance.door import Deployment, Door
from tests.supply import Running

pytestmark = pytest.mark.services


def test_d07_a_message_published_by_hand_becomes_a_notification(
    station: Station,
) -> None:
    [user_id, *_] = station.user_ids()
    station.listen_until_ready()

    station.publish({"user_id": user_id, "payload": {"order": 7}})

    station.wait(lambda: station.notifications() == 1, "the notification")
    [(recipient, seq, payload)] = station.rows(
        "SELECT recipient_id, seq, payload FROM notifications_notification"
    )
    assert (recipient, seq, payload) == (user_id, 1, '{"order": 7}')


def test_d07_the_result_comes_with_the_correlation_id_of_the_request(
    station: Station,
) -> None:
    [user_id, *_] = station.user_ids()
    station.listen_until_ready()

    station.publish({"user_id": user_id, "title": "A"}, correlation_id="request-1")

    [(properties, result)] = station.results(1)
    assert properties.correlation_id == "request-1"
    assert (result["status"], result["user_id"], result["seq"]) == (
        "created",
        user_id,
        1,
    )
    station.wait(lambda: station.count("consumers_outboxresult") == 0, "the outbox")


def test_d07_the_error_comes_with_the_correlation_id_and_without_the_payload(
    station: Station,
) -> None:
    station.listen_until_ready()
    elsewhere = station.channel.queue_declare("", exclusive=True).method.queue

    station.publish(
        {"user_id": 999_999, "payload": "canary"},
        correlation_id="request-2",
        reply_to=elsewhere,
    )

    [(properties, result)] = station.results(1)
    assert properties.correlation_id == "request-2"
    assert result["error"]["code"] == "user_not_found"
    assert "canary" not in json.dumps(result)
    # Whoever may publish must not make us write into any queue.
    assert station.waiting(elsewhere) == 0


def test_e07_an_event_published_by_hand_is_queued_and_its_result_comes_back(
    station: Station,
) -> None:
    [user_id, *_] = station.user_ids()
    event_id = station.an_event()
    station.listen_until_ready()
    body = {"event_id": event_id, "in_app": {"user_ids": [user_id]}}

    for _ in range(2):
        station.publish(body, key="events.send", message_id="1", correlation_id="c")

    results = station.results(2)
    assert [properties.correlation_id for properties, _ in results] == ["c", "c"]
    told = [result["status"] for _, result in results]
    assert sorted(told) == ["duplicate", "queued"]
    assert station.count("events_eventsend") == 1
    assert station.waiting(station.names.events) == 0


def test_e07_an_event_that_cannot_be_sent_is_a_dead_letter_that_keeps_its_key(
    station: Station,
) -> None:
    station.listen_until_ready()

    station.publish({"event_id": 999}, key="events.send", correlation_id="c")

    [(_, result)] = station.results(1)
    assert result["error"]["code"] == "invalid"
    station.wait(lambda: station.count("consumers_deadletter") == 1, "the letter")
    assert station.rows("SELECT routing_key FROM consumers_deadletter") == [
        ("events.send",),
    ]


def test_d07_a_published_message_appears_on_an_open_page(
    start_outside_server: Callable[[], Running],
    enter: Callable[[Deployment], Door],
    station: Station,
) -> None:
    frame = _seen_on_the_page(start_outside_server(), enter, station)

    assert frame["value"] == {"from": "queue"}


def test_d07_it_appears_beside_a_server_with_nothing_but_python_too(
    start_server: Callable[[], Running],
    enter: Callable[[Deployment], Door],
    station: Station,
) -> None:
    frame = _seen_on_the_page(start_server(), enter, station)

    assert frame["value"] == {"from": "queue"}


def _seen_on_the_page(
    running: Running,
    enter: Callable[[Deployment], Door],
    station: Station,
) -> dict[str, Any]:
    """Publish to somebody whose page is open; return the frame that comes."""
    person = enter(running.deployment).person()
    socket = person.tab()
    station.environment = {"DATABASE_URL": "", **running.server.environment}
    station.listen_until_ready()
    station.publish({"user_id": person.id, "payload": {"from": "queue"}})
    return socket.until("server_notification", seconds=15)


def test_d08_what_is_published_while_nobody_listens_is_not_lost(
    station: Station,
) -> None:
    [user_id, *_] = station.user_ids()
    assert station.listen_until_ready().stop() == 0

    for number in range(50):
        station.publish({"user_id": user_id, "payload": number})
    station.listen()

    station.wait(lambda: station.notifications() == 50, "all of them")
    payloads = station.rows(
        "SELECT payload FROM notifications_notification ORDER BY seq"
    )
    assert [int(row[0]) for row in payloads] == list(range(50))


def test_d08_twenty_bad_messages_do_not_hold_up_ten_good_ones(
    station: Station,
) -> None:
    [user_id, *_] = station.user_ids()
    station.listen_until_ready()

    for number in range(30):
        if number % 3 == 2:
            station.publish({"user_id": user_id, "payload": number})
        elif number % 3 == 1:
            station.publish(b"no json at all", correlation_id=f"bad-{number}")
        else:
            station.publish({"user_id": "seven", "payload": number})

    station.wait(lambda: station.notifications() == 10, "ten notifications")
    station.wait(lambda: station.dead() == 20, "twenty dead letters")
    reasons = station.rows(
        "SELECT reason, count(*) FROM consumers_deadletter GROUP BY 1 ORDER BY 1"
    )
    assert reasons == [("bad_json", 10), ("invalid", 10)]
    station.wait(lambda: station.count("consumers_outboxresult") == 0, "the outbox")
    assert station.waiting(station.names.send) == 0
    assert station.waiting(station.names.dead) == 0
    assert len(station.results(20)) == 20


@pytest.mark.parametrize(
    ("body", "properties", "reason"),
    [
        (b"{", {}, "bad_json"),
        (b"[1]", {}, "bad_json"),
        ({"payload": 1}, {}, "invalid"),
        ({"user_id": 10**9, "payload": 1}, {}, "user_not_found"),
        ({"user_id": 1, "payload": "x" * 33_000}, {}, "payload_too_large"),
        (b"x" * 20_000_000, {}, "body_too_large"),
        ({"user_id": 1}, {"content_encoding": "gzip"}, "bad_content_encoding"),
        ({"user_id": 1}, {"content_type": "text/xml"}, "bad_content_type"),
        ({"user_id": 1}, {"headers": {"h": "x" * 65_536}}, "headers_too_large"),
        ({"user_id": 1}, {"message_id": "a\x01b"}, "bad_message_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_d08_bad_input_is_a_dead_letter_with_its_reason(
    listening: Station,
    body: object,
    properties: dict[str, Any],
    reason: str,
) -> None:
    before = listening.dead()

    listening.publish(body, **properties)

    listening.wait(lambda: listening.dead() == before + 1, reason)
    [(found,)] = listening.rows(
        "SELECT reason FROM consumers_deadletter ORDER BY id DESC LIMIT 1"
    )
    [(_, result)] = listening.results(1)
    assert found == reason
    assert result["error"]["code"] == reason


def test_d08_a_priority_and_a_strange_timestamp_change_nothing(
    listening: Station,
) -> None:
    [user_id, *_] = listening.user_ids()
    before = listening.notifications()

    listening.publish({"user_id": user_id, "payload": 1}, priority=255, timestamp=1)
    listening.publish({"user_id": user_id, "payload": 2}, timestamp=4_102_444_800)

    listening.wait(lambda: listening.notifications() == before + 2, "both")


@pytest.mark.parametrize("name", ["milliseconds", "depth"])
def test_d08_headers_that_cannot_be_read_hold_nothing_up(
    listening: Station,
    name: str,
) -> None:
    [user_id, *_] = listening.user_ids()
    before = listening.notifications()
    body = json.dumps({"user_id": user_id, "payload": 1}).encode()

    listening.channel.basic_publish(
        listening.names.exchange, "notifications.send", body, Raw(UNREADABLE[name])
    )
    listening.publish({"user_id": user_id, "payload": 2})

    listening.wait(lambda: listening.notifications() == before + 2, "both")
    assert "RabbitMQ is away" not in listening.listeners[0].log()


def test_d08_a_repeated_message_id_is_one_notification(listening: Station) -> None:
    [_, user_id, *_] = listening.user_ids()
    before = listening.notifications()

    for _ in range(3):
        listening.publish(
            {"user_id": user_id, "payload": 1}, message_id="once", correlation_id="c"
        )

    statuses = sorted(result["status"] for _, result in listening.results(3))
    assert statuses == ["created", "duplicate", "duplicate"]
    assert listening.notifications() == before + 1


def test_d08_two_equal_messages_without_an_id_are_two_notifications(
    listening: Station,
) -> None:
    [_, _, user_id, *_] = listening.user_ids()
    before = listening.notifications()

    for _ in range(2):
        listening.publish({"user_id": user_id, "payload": 1})

    listening.wait(lambda: listening.notifications() == before + 2, "both")


def test_d08_two_consumers_share_the_work_and_double_nothing(station: Station) -> None:
    users = station.user_ids()
    station.listen_until_ready()
    station.listen_until_ready()

    for number in range(400):
        body = {"user_id": users[number % len(users)], "payload": number}
        for _ in range(2):
            station.publish(body, message_id=f"m{number}")

    station.wait(lambda: station.notifications() >= 400, "all")
    station.wait(lambda: station.waiting(station.names.send) == 0, "an empty queue")
    codes = [listener.stop() for listener in station.listeners]
    assert codes == [0, 0]
    assert station.notifications() == 400
    assert station.waiting(station.names.send) == 0


def test_d08_sigterm_finishes_what_is_held_and_exits_with_0(station: Station) -> None:
    [user_id, *_] = station.user_ids()
    listener = station.listen_until_ready(RABBITMQ_PREFETCH="100")
    for number in range(1000):
        station.publish({"user_id": user_id, "payload": number}, message_id=str(number))
    station.wait(lambda: station.notifications() > 0, "the first")

    code = listener.stop()

    left = station.waiting(station.names.send)
    assert code == 0
    # Nothing was taken and not acknowledged: what is not stored is still there.
    assert station.notifications() + left == 1000
    assert station.count("consumers_outboxresult") == 0


def test_d08_a_wrong_password_is_one_sentence_and_exit_code_3(station: Station) -> None:
    url = station.rabbitmq_url.replace("guest:guest", "guest:wrong")

    listener = station.listen(RABBITMQ_URL=url)

    assert listener.exit_code(seconds=20) == 3
    assert listener.log().startswith("carillon: RabbitMQ refuses: ")
    assert len(listener.log().splitlines()) == 1


def test_d08_a_queue_with_other_arguments_is_refused_and_left_alone(
    station: Station,
) -> None:
    station.channel.queue_declare(station.names.send, durable=True)
    station.channel.basic_publish("", station.names.send, b"kept")

    listener = station.listen()

    assert listener.exit_code(seconds=20) == 3
    assert "PRECONDITION_FAILED" in listener.log()
    assert "Traceback" not in listener.log()
    assert station.waiting(station.names.send) == 1


def test_d08_a_deleted_queue_is_made_again(station: Station) -> None:
    [user_id, *_] = station.user_ids()
    station.listen_until_ready()

    station.channel.queue_delete(station.names.send)

    station.wait(lambda: station.consumers() == 1, "consuming again")
    station.publish({"user_id": user_id, "payload": 1})
    station.wait(lambda: station.notifications() == 1, "the notification")


def test_a_deleted_queue_of_results_is_made_again_and_no_result_is_lost(
    station: Station,
) -> None:
    station.listen_until_ready()
    station.publish({"user_id": 0}, correlation_id="before")
    station.results(1)

    station.channel.queue_delete(station.names.results)
    for n in range(3):
        station.publish({"user_id": 0}, correlation_id=f"after-{n}")

    station.wait(lambda: station.waiting(station.names.results) >= 3, "the results")
    told = {properties.correlation_id for properties, _ in station.results(3)}
    assert told == {"after-0", "after-1", "after-2"}


def test_d08_one_whose_stream_is_locked_keeps_no_other_waiting(
    station: Station,
) -> None:
    held, free, *_ = station.user_ids()
    listener = station.listen_until_ready(RABBITMQ_PAUSE_SECONDS="20")
    station.publish({"user_id": held, "payload": 0})
    station.wait(lambda: station.notifications() == 1, "a stream to lock")

    with psycopg.connect(station.database_url) as somebody:
        somebody.execute(
            "SELECT 1 FROM notifications_stream WHERE user_id = %s FOR UPDATE", [held]
        )
        for number in range(1, 21):
            for user_id in (held, free):
                station.publish({"user_id": user_id, "payload": number})
        station.wait(lambda: station.notifications() == 21, "those of the other")
        assert "somebody holds streams" in listener.log()
        assert "database away" not in listener.log()

    station.wait(lambda: station.notifications() == 41, "all")
    received = station.rows(
        "SELECT recipient_id, payload FROM notifications_notification ORDER BY seq"
    )
    of_held = [payload for recipient, payload in received if recipient == held]
    assert of_held == [str(number) for number in range(21)]
    assert listener.stop() == 0
    assert station.waiting(station.names.send) == 0
    assert station.dead() == 0


def test_d08_without_the_database_messages_are_kept_and_none_dies(
    station: Station,
    postgres_url: str,
) -> None:
    [user_id, *_] = station.user_ids()
    listener = station.listen_until_ready()
    with _database_away(station, postgres_url):
        for number in range(5):
            station.publish({"user_id": user_id, "payload": number})
        station.wait(lambda: "nothing more is fetched" in listener.log(), "the pause")
        station.publish({"user_id": user_id, "payload": 5})
        station.wait(lambda: station.waiting(station.names.send) == 1, "no fetching")
        # Longer than the broker waits for a heartbeat.
        station.broker.sleep(3.5)
        assert "RabbitMQ is away" not in listener.log()

    station.wait(lambda: station.notifications() == 6, "all of them")
    assert station.dead() == 0


def test_d08_sigterm_without_the_database_gives_back_what_is_held(
    station: Station,
    postgres_url: str,
) -> None:
    [user_id, *_] = station.user_ids()
    listener = station.listen_until_ready(RABBITMQ_SHUTDOWN_SECONDS="1")
    with _database_away(station, postgres_url):
        station.publish({"user_id": user_id, "payload": 1})
        station.wait(lambda: "database away" in listener.log(), "a first try")

        code = listener.stop()

        station.wait(lambda: station.waiting(station.names.send) == 1, "the message")
    assert code == 0
    assert "Traceback" not in listener.log()
    assert station.notifications() == 0


@contextlib.contextmanager
def _database_away(station: Station, postgres_url: str) -> Iterator[None]:
    """Let nobody connect to the station's database for a while."""
    name = station.database.info.dbname
    station.database.close()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [name],
        )
        yield
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    station.database = psycopg.connect(station.database_url, autocommit=True)


def test_d08_a_result_that_was_not_confirmed_before_the_end_is_sent_later(
    station: Station,
) -> None:
    station.listen_until_ready().stop()
    station.database.execute(
        b"INSERT INTO consumers_outboxresult (key, routing_key, body, content_type,"
        b" correlation_id, headers, created_at, due_at) VALUES (gen_random_uuid(),"
        b" 'notifications.result', '{}', '', 'left', '{}', now(), now())"
    )

    station.listen()

    [(properties, _)] = station.results(1)
    assert properties.correlation_id == "left"
    station.wait(lambda: station.count("consumers_outboxresult") == 0, "the outbox")


def test_a_message_that_expired_in_the_queue_is_a_dead_letter(station: Station) -> None:
    [user_id, *_] = station.user_ids()
    station.listen_until_ready().stop()

    station.publish({"user_id": user_id, "payload": 1}, expiration="1")
    station.wait(lambda: station.waiting(station.names.send) == 0, "its end")
    station.listen()

    station.wait(lambda: station.dead() == 1, "the dead letter")
    [(_, result)] = station.results(1)
    assert result["error"]["code"] == "expired"
    assert station.notifications() == 0


def test_a_listener_whose_database_hangs_ends_itself_to_be_started_again(
    station: Station,
) -> None:
    [user_id, *_] = station.user_ids()
    listener = station.listen_until_ready(STALL_SECONDS="4")
    station.wait(lambda: station.count("common_signoflife") == 1, "the sign")
    backends = station.rows(
        "SELECT pid FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    try:
        for (pid,) in backends:
            os.kill(pid, signal.SIGSTOP)
        station.publish({"user_id": user_id, "payload": 1})
        code = listener.exit_code(seconds=20)
    finally:
        for (pid,) in backends:
            os.kill(pid, signal.SIGCONT)

    assert code == 70
    station.listen()
    station.wait(lambda: station.notifications() == 1, "the notification")


def test_the_consumer_shows_that_it_lives(station: Station) -> None:
    station.listen_until_ready()

    station.wait(lambda: station.count("common_signoflife") == 1, "the sign")
    assert station.rows("SELECT part FROM common_signoflife") == [
        ("rabbitmq_consumer",)
    ]


@pytest.fixture(scope="module")
def listening(
    postgres_url: str,
    rabbitmq_url: str,
    prepared: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """Share one station with a listener among tests that only publish."""
    url = new_database(postgres_url, template=prepared)
    station = Station(url, rabbitmq_url, tmp_path_factory.mktemp("listening"))
    station.listen_until_ready()
    yield station
    station.close()
    drop_database(postgres_url, url)
