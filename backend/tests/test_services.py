"""The services that the tests stand on answer as the real ones they are."""

import subprocess
import uuid

import pika
import psycopg
import pytest
import redis

pytestmark = pytest.mark.services


def test_postgresql_makes_an_empty_database_for_a_test(
    fresh_postgres_database: str,
) -> None:
    with psycopg.connect(fresh_postgres_database) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
        ).fetchone()

    assert tables == (0,)


def test_postgresql_takes_two_hundred_connections(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        limit = connection.execute("SHOW max_connections").fetchone()

    assert limit is not None
    assert int(limit[0]) >= 200


def test_redis_delivers_what_is_published(redis_url: str) -> None:
    channel = uuid.uuid4().hex
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as subscription:
        subscription.subscribe(channel)
        subscription.get_message(timeout=5)  # the confirmation

        client.publish(channel, b"hint")
        message = subscription.get_message(timeout=5)

    assert message is not None
    assert message["data"] == b"hint"


def test_rabbitmq_gives_back_a_published_message(rabbitmq_url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq_url))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.confirm_delivery()  # published is then routed, so that get finds it

    channel.basic_publish(exchange="", routing_key=queue, body=b"work")
    _method, _properties, body = channel.basic_get(queue, auto_ack=True)

    connection.close()
    assert body == b"work"


def test_chromium_says_its_version(chromium: str) -> None:
    answer = subprocess.run(
        [chromium, "--version"], capture_output=True, text=True, check=True
    )

    assert "Chrom" in answer.stdout
