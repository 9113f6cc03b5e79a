"""A mailing's life: written, started, paused, resumed, cancelled, copied, deleted.

What this means for the messages, workers do in chunks (`chunks`); the engine looks at
the mailing itself before every call, so that nothing waits for them.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts import operators
from apps.accounts.models import User
from apps.common import clock
from apps.delivery import providers
from apps.mailings import audit, policy, progress, selectors, waking
from apps.mailings.audit import Author
from apps.mailings.counting import Moves, apply
from apps.mailings.models import (
    Mailing,
    MailingCounter,
    MailingStatus,
    Message,
    SendingStatus,
)
from apps.mailings.policy import MailingError, MailingFields, StateError
from apps.notifications import services as notifications

__all__ = ["Author", "MailingError", "MailingFields", "StateError"]

_FIELDS = (
    "date_start",
    "date_end",
    "text",
    "tag",
    "mobile_operator_code",
    "time_start",
    "time_end",
)
# From the start on, every message says this and is for these clients.
FIXED = ("date_start", "text", "tag", "mobile_operator_code")
OPERATORS_AT_MOST = 100
_ENDED = (MailingStatus.DONE, MailingStatus.CANCELLED)


def create(fields: MailingFields, *, by: Author) -> Mailing:
    """Store a mailing; it is scheduled or runs unless it is to be a draft.

    Raises: MailingError naming every field that is wrong.
    """
    now = clock.now()
    values = {
        "date_start": now,
        "date_end": now,
        "text": "",
        "tag": "",
        "mobile_operator_code": "",
        "time_start": None,
        "time_end": None,
        **fields,
    }
    is_draft = values.pop("status", "") == MailingStatus.DRAFT
    _check(values)
    with transaction.atomic():
        mailing = Mailing(created_by=by.user, source=by.source, created_at=now)
        mailing.updated_at = now
        _assign(mailing, values)
        mailing.save(force_insert=True)
        MailingCounter.objects.create(mailing=mailing)
        audit.log("create", by=by, now=now, mailing=mailing)
        if not is_draft:
            _begin(mailing, by=by, now=now)
    return mailing


def update(mailing_id: int, fields: MailingFields, *, by: Author) -> Mailing:
    """Change a mailing; what is not sent is planned anew.

    Raises: MailingError, StateError for what cannot change any more,
    Mailing.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        values = {**{name: getattr(mailing, name) for name in _FIELDS}, **fields}
        wants = str(values.pop("status", mailing.status))
        changed = [name for name in _FIELDS if values[name] != getattr(mailing, name)]
        _check_changes(mailing, changed)
        _check(values)
        _assign(mailing, values)
        mailing.updated_at = now
        if changed and mailing.started_at is not None:
            mailing.replan_cursor = 0
            _wake()
        mailing.save(update_fields=[*_FIELDS, "updated_at", "replan_cursor"])
        audit.log("update", by=by, now=now, mailing=mailing, detail=", ".join(changed))
        _change_status(mailing, wants, by=by, now=now)
    return mailing


def _check_changes(mailing: Mailing, changed: list[str]) -> None:
    if mailing.status in _ENDED and changed:
        message = f"The mailing is {mailing.status}; copy it to change it."
        raise StateError(message)
    fixed = [name for name in changed if name in FIXED]
    if mailing.started_at is not None and fixed:
        message = (
            f"The mailing has started; {', '.join(fixed)} cannot change any more. "
            "date_end, time_start and time_end can."
        )
        raise StateError(message)


def _change_status(mailing: Mailing, wants: str, *, by: Author, now: datetime) -> None:
    if wants == mailing.status:
        if mailing.status == MailingStatus.SCHEDULED and mailing.date_start <= now:
            _begin(mailing, by=by, now=now)
    elif mailing.status == MailingStatus.DRAFT and wants in {
        MailingStatus.SCHEDULED,
        MailingStatus.RUNNING,
    }:
        _begin(mailing, by=by, now=now)
    else:
        message = "The status changes by start, pause, resume and cancel."
        raise MailingError({"status": [message]})


def start(mailing_id: int, *, by: Author) -> Mailing:
    """Let a draft begin when its time comes, and what is scheduled at once.

    Raises: StateError, Mailing.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        policy.require("start", mailing.status)
        if mailing.status == MailingStatus.SCHEDULED and mailing.date_end > now:
            mailing.date_start = min(mailing.date_start, now)
            mailing.save(update_fields=["date_start"])
        _begin(mailing, by=by, now=now)
    return mailing


def pause(mailing_id: int, *, by: Author, reason: str = "") -> Mailing:
    """Send nothing more until it is resumed; what is under way ends by itself.

    Raises: StateError, Mailing.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        policy.require("pause", mailing.status)
        _set_status(mailing, MailingStatus.PAUSED, reason, now=now)
        audit.log("pause", by=by, now=now, mailing=mailing, detail=reason)
    return mailing


def pause_by_itself(mailing_id: int, reason: str) -> None:
    """Pause a running mailing for a reason that its author and operators are told."""
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        if mailing.status != MailingStatus.RUNNING:
            return
        _set_status(mailing, MailingStatus.PAUSED, reason, now=now)
        audit.log("pause", by=Author(), now=now, mailing=mailing, detail=reason)
        tell_people(mailing, f"Mailing {mailing.pk} paused itself", severity="warning")


def resume(mailing_id: int, *, by: Author) -> Mailing:
    """Go on where it was.

    Raises: StateError, Mailing.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        policy.require("resume", mailing.status)
        # What failed before it was paused must not pause it again at once.
        MailingCounter.objects.filter(pk=mailing.pk).update(recent="")
        # Whoever resumes has mended something, and waits for no probe.
        providers.ask_again(policy.PROVIDER, now=now)
        _begin(mailing, by=by, now=now, action="resume")
    return mailing


def cancel(mailing_id: int, *, by: Author) -> Mailing:
    """Send nothing more, ever; what is under way is still counted.

    Raises: StateError, Mailing.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        policy.require("cancel", mailing.status)
        _cancel(mailing, by=by, now=now)
    return mailing


def _cancel(mailing: Mailing, *, by: Author, now: datetime) -> None:
    _set_status(mailing, MailingStatus.CANCELLED, "", now=now)
    audit.log("cancel", by=by, now=now, mailing=mailing)
    _wake()


def resend_failed(mailing_id: int, *, by: Author) -> int:
    """Try again what failed and surely never reached a phone; return how many.

    Raises: StateError, also after the end; Mailing.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        policy.require("resend_failed", mailing.status)
        if mailing.date_end - policy.END_GUARD <= now:
            message = "The mailing's end has passed; copy it to send again."
            raise StateError(message)
        count = _plan_failed(mailing, now=now)
        MailingCounter.objects.filter(pk=mailing.pk).update(recent="")
        audit.log("resend failed", by=by, now=now, mailing=mailing, detail=f"{count}")
        if mailing.status == MailingStatus.DONE and count:
            mailing.ended_at = None
            mailing.save(update_fields=["ended_at"])
            _set_status(mailing, MailingStatus.RUNNING, "", now=now)
            _wake()
    return count


def _plan_failed(mailing: Mailing, *, now: datetime) -> int:
    failed = Message.objects.filter(
        mailing=mailing, sending_status=SendingStatus.FAILED, maybe_sent=False
    )
    # When it may go is looked at where it is claimed.
    count = failed.update(
        sending_status=SendingStatus.RETRY,
        next_attempt_at=now,
        last_error="",
    )
    moves = Moves()
    moves.move(SendingStatus.FAILED, SendingStatus.RETRY, count)
    apply(mailing.pk, moves, now=now)
    return count


def copy(mailing_id: int, *, by: Author) -> Mailing:
    """Make a draft with the same text, filter and hours, from now on.

    Raises: Mailing.DoesNotExist.
    """
    now = clock.now()
    original = selectors.mailings().get(pk=mailing_id)
    length = original.date_end - original.date_start
    fields: MailingFields = {
        "text": original.text,
        "tag": original.tag,
        "mobile_operator_code": original.mobile_operator_code,
        "time_start": original.time_start,
        "time_end": original.time_end,
        "date_start": now,
        "date_end": now + max(length, timedelta(hours=1)),
        "status": MailingStatus.DRAFT.value,
    }
    return create(fields, by=by)


def delete(mailing_id: int, *, by: Author) -> None:
    """Cancel a mailing and take it out of the lists; its messages stay as evidence.

    Raises: Mailing.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        mailing = locked(mailing_id)
        if mailing.status not in _ENDED:
            _cancel(mailing, by=by, now=now)
        mailing.deleted_at = now
        mailing.save(update_fields=["deleted_at"])
        audit.log("delete", by=by, now=now, mailing=mailing)


def locked(mailing_id: int) -> Mailing:
    """Return a mailing whose row is ours until the commit.

    Raises: Mailing.DoesNotExist.
    """
    rows = Mailing.objects.select_for_update(no_key=True)
    return rows.get(pk=mailing_id, deleted_at=None)


def begin_due(mailing_id: int, *, now: datetime) -> bool:
    """Let a scheduled mailing run if its time has come."""
    due = Mailing.objects.filter(pk=mailing_id, date_start__lte=now)
    if not due.exists():
        return False
    with transaction.atomic():
        mailing = due.select_for_update(no_key=True).get()
        if mailing.status != MailingStatus.SCHEDULED:
            return False
        _begin(mailing, by=Author(), now=now)
    return True


def end(mailing_id: int, *, now: datetime) -> bool:
    """End a mailing of which no message is open any more; False when some are."""
    if MailingCounter.objects.get(pk=mailing_id).waiting:
        return False
    with transaction.atomic():
        rows = Mailing.objects.select_for_update(no_key=True)
        mailing = rows.get(pk=mailing_id)
        is_cancelled = mailing.status == MailingStatus.CANCELLED
        is_whole = is_cancelled or (
            mailing.started_at is not None and mailing.materialized_at is not None
        )
        # Looked at again: under the mailing's lock nothing is added or planned anew.
        is_open = MailingCounter.objects.get(pk=mailing_id).waiting > 0
        if mailing.ended_at is not None or is_open or not is_whole:
            return False
        mailing.ended_at = now
        mailing.save(update_fields=["ended_at"])
        status = mailing.status if is_cancelled else MailingStatus.DONE
        _set_status(mailing, status, _why_unsent(mailing), now=now)
        told = f"Mailing {mailing.pk} {'was cancelled' if is_cancelled else 'is done'}"
        severity = "warning" if mailing.reason else "info"
        tell_people(mailing, told, severity=severity)
    return True


def _why_unsent(mailing: Mailing) -> str:
    rows = Message.objects.filter(mailing=mailing, last_error=policy.AWAY)
    found = "The SMS gateway was away at the end"
    return found if rows.exists() else ""


def tell_people(mailing: Mailing, title: str, *, severity: str) -> None:
    """Notify who wrote a mailing, and operators; last in its transaction."""
    counter = MailingCounter.objects.get(pk=mailing.pk)
    numbers = (
        f"{counter.sent} sent, {counter.failed} failed, {counter.expired} expired, "
        f"{counter.unknown} unknown, {counter.cancelled} cancelled, "
        f"{counter.waiting} waiting"
    )
    text = f"{mailing.reason}. {numbers}." if mailing.reason else f"{numbers}."
    page = f"/admin/mailings/mailing/{mailing.pk}/change/"
    notifications.notify_many(
        [
            notifications.Draft(
                person.pk,
                payload={"mailing": mailing.pk, "status": mailing.status},
                title=title,
                body=text,
                severity=severity,
                kind="mailing",
                url=page if person.is_staff else "",
                source="mailings",
            )
            for person in _people(mailing)
        ]
    )


def _people(mailing: Mailing) -> list[User]:
    people = {each.pk: each for each in operators.operators()[:OPERATORS_AT_MOST]}
    author = mailing.created_by
    if author is not None and author.is_active:
        people[author.pk] = author
    return [people[key] for key in sorted(people)]


def _begin(
    mailing: Mailing, *, by: Author, now: datetime, action: str = "start"
) -> None:
    """Schedule a mailing, or let it run; the row is ours."""
    has_come = mailing.date_start <= now
    status = MailingStatus.RUNNING if has_come else MailingStatus.SCHEDULED
    if has_come and mailing.started_at is None:
        mailing.started_at = now
        mailing.save(update_fields=["started_at"])
    _set_status(mailing, status, "", now=now)
    audit.log(action, by=by, now=now, mailing=mailing, detail=status.value)
    if has_come:
        _wake()


def _set_status(mailing: Mailing, status: str, reason: str, *, now: datetime) -> None:
    mailing.status, mailing.reason, mailing.updated_at = str(status), reason, now
    mailing.save(update_fields=["status", "reason", "updated_at"])
    progress.tell_all(mailing.pk, now=now)


def _check(values: dict[str, Any]) -> None:
    found = policy.errors(values)
    if found:
        raise MailingError(found)


def _assign(mailing: Mailing, values: dict[str, Any]) -> None:
    for name in _FIELDS:
        setattr(mailing, name, values[name])


def _wake() -> None:
    transaction.on_commit(lambda: waking.wake(waking.SETTLE), robust=True)
