"""What one client says: parsed, limited, and acted on without waiting for anything."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings

from apps.common import clock
from apps.push import client_frames, protocol
from apps.push.client_frames import BadFrame, ClientFrame
from apps.realtime.limits import Budget, TokenBucket
from apps.realtime.metrics import FRAMES_REFUSED

if TYPE_CHECKING:
    from apps.realtime.connection import Connection

EARLY_FRAMES_LIMIT = 64
REFUSALS_BEFORE_CLOSE = 20


class Inbound:
    """The frames of one client, in the order in which they came."""

    def __init__(self, connection: "Connection") -> None:
        """Start with full allowances."""
        self._connection = connection
        self._early: list[str | None] = []
        self._rate = TokenBucket(
            rate=settings.WS_RATE_FRAMES / settings.WS_RATE_SECONDS,
            burst=settings.WS_RATE_BURST,
        )
        self._errors = Budget(limit=settings.WS_ERRORS_PER_MINUTE, span_seconds=60)
        self._refusals = Budget(
            limit=REFUSALS_BEFORE_CLOSE,
            span_seconds=settings.WS_RATE_SECONDS,
        )

    def receive(self, text: str | None) -> None:
        """Take one frame; None stands for a binary one."""
        connection = self._connection
        if text is not None and protocol.size(text) > settings.WS_FRAME_LIMIT:
            message = f"A frame may have at most {settings.WS_FRAME_LIMIT} bytes."
            connection.end(protocol.CLOSE_TOO_LARGE, "too_large", message)
        elif connection.is_greeted:
            self._receive_greeted(text)
        elif not connection.is_authenticating:
            self._receive_first(text)
        elif len(self._early) < EARLY_FRAMES_LIMIT:
            self._early.append(text)
        else:
            message = "Too many frames."
            connection.end(protocol.CLOSE_RATE_LIMITED, "rate_limited", message)

    def receive_early(self) -> None:
        """Take the frames that came before `hello` was out."""
        early, self._early = self._early, []
        for text in early:
            self.receive(text)

    def refuse(self, problem: BadFrame) -> None:
        """Answer a frame that was not understood; ten in a minute end the socket."""
        FRAMES_REFUSED.labels(problem.code).inc()
        connection = self._connection
        connection.send(protocol.error(problem.code, problem.text, ref=problem.ref))
        if self._errors.spend(time.monotonic()):
            text = "Too many frames that were not understood."
            connection.end(protocol.CLOSE_PROTOCOL_ERRORS, "protocol_errors", text)

    def _receive_first(self, text: str | None) -> None:
        try:
            frame = client_frames.parse(text or "")
        except BadFrame:
            frame = None
        if isinstance(frame, client_frames.Auth):
            self._connection.hub.reauthenticate(self._connection, frame.token)
        else:
            message = "The first frame must be `auth`."
            code, name = protocol.CLOSE_UNAUTHENTICATED, "unauthenticated"
            self._connection.end(code, name, message)

    def _receive_greeted(self, text: str | None) -> None:
        try:
            if text is None:
                code = "binary"
                raise BadFrame(code, "Frames must be text.")
            frame = client_frames.parse(text)
        except BadFrame as problem:
            if self._may_speak():
                self.refuse(problem)
            return
        if self._is_free(frame) or self._may_speak():
            self._handle(frame)

    def _handle(self, frame: ClientFrame) -> None:
        connection = self._connection
        try:
            match frame:
                case client_frames.Ack():
                    connection.acknowledge(frame)
                case client_frames.Command():
                    self._run(frame)
                case client_frames.Watch():
                    connection.hub.watch(connection, frame)
                case client_frames.Auth():
                    connection.hub.reauthenticate(connection, frame.token)
        except BadFrame as problem:
            self.refuse(problem)

    def _is_free(self, frame: ClientFrame) -> bool:
        if not isinstance(frame, client_frames.Ack):
            return False
        return self._connection.is_in_flight(frame)

    def _may_speak(self) -> bool:
        now = time.monotonic()
        if self._rate.allows(now):
            return True
        FRAMES_REFUSED.labels("rate_limited").inc()
        text = "Too many frames; slow down."
        self._connection.send(protocol.error("rate_limited", text))
        if self._refusals.spend(now):
            self._connection.end(protocol.CLOSE_RATE_LIMITED, "rate_limited", text)
        return False

    def _run(self, command: client_frames.Command) -> None:
        answer = COMMANDS.get(command.key)
        if answer is None:
            code = "unknown_command"
            raise BadFrame(code, "This command is not known.", ref=command.ref)
        self._connection.send(
            protocol.command_result(
                command.key,
                answer(),
                ref=command.ref,
                server_time=clock.now(),
            ),
        )


def _pong() -> str:
    return "pong"


COMMANDS: dict[str, Callable[[], str]] = {"ping": _pong}
