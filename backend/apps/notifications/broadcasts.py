"""One message for a whole audience: a row that a worker fans out in chunks."""

import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import celery
from django.db import transaction
from kombu.exceptions import KombuError

from apps.accounts import selectors as accounts
from apps.common import chunks, clock
from apps.common.requests import current_request_id
from apps.notifications import policy, services
from apps.notifications.models import Broadcast, BroadcastStatus
from apps.notifications.policy import Draft, Message

logger = logging.getLogger(__name__)

USERS_AT_ONCE = 500
TASK = "notifications.run_broadcasts"
_waking = threading.Lock()


@dataclass(frozen=True)
class Audience:
    """A team, or with None everyone."""

    team_id: int | None


def broadcast(audience: Audience, message: Message) -> Broadcast:
    """Store a broadcast and wake a worker after the commit.

    Raises: DraftError.
    """
    now = clock.now()
    # The rules are those of a notification; the recipient is not known yet.
    draft = policy.completed(Draft(recipient_id=1, **message), now=now)
    with transaction.atomic():
        row = Broadcast.objects.create(
            team_id=audience.team_id,
            payload=draft.payload_text or policy.EMPTY_PAYLOAD,
            title=draft.title,
            body=draft.body,
            severity=draft.severity,
            kind=draft.kind,
            url=draft.url,
            source=draft.source,
            request_id=draft.request_id or current_request_id(),
            expires_at=draft.expires_at,
            created_at=now,
            recipients=accounts.audience(audience.team_id).count(),
        )
        transaction.on_commit(wake, robust=True)
    return row


def send_next_chunk(besides: Collection[int] = ()) -> bool:
    """Send the next 500 of an unfinished broadcast; False when there is nothing to do.

    besides: the ids of broadcasts to pass over.

    Raises: ChunkFailed naming the broadcast.
    """
    unfinished = Broadcast.objects.exclude(status=BroadcastStatus.DONE).order_by("id")
    return chunks.next_chunk(unfinished, _send_chunk, besides=besides)


def _send_chunk(row: Broadcast) -> None:
    users = [] if _is_expired(row, clock.now()) else _next_users(row)
    row.status = BroadcastStatus.RUNNING if users else BroadcastStatus.DONE
    row.cursor = users[-1] if users else row.cursor
    row.sent += len(users)
    row.save(update_fields=["status", "cursor", "sent"])
    services.notify_many([_draft(row, user_id) for user_id in users])


def wake() -> None:
    """Ask a worker to look, without waiting for the broker.

    Lost with it is no more than two seconds: the timetable asks too.
    """
    if _waking.acquire(blocking=False):
        threading.Thread(target=_wake, name="wake-broadcasts", daemon=True).start()


def _wake() -> None:
    try:
        celery.current_app.send_task(TASK, retry=False)
    except (KombuError, OSError) as error:
        logger.warning("no worker woken", extra={"error": type(error).__name__})
    finally:
        _waking.release()


def _is_expired(row: Broadcast, now: datetime) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _next_users(row: Broadcast) -> list[int]:
    users = accounts.audience(row.team_id).filter(pk__gt=row.cursor).order_by("pk")
    return list(users.values_list("pk", flat=True)[:USERS_AT_ONCE])


def _draft(row: Broadcast, user_id: int) -> Draft:
    return Draft(
        recipient_id=user_id,
        payload_text=row.payload,
        title=row.title,
        body=row.body,
        severity=row.severity,
        kind=row.kind,
        url=row.url,
        source=row.source,
        request_id=row.request_id,
        expires_at=row.expires_at,
        broadcast_id=row.pk,
    )
