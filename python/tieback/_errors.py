"""Why a call failed: one class for each kind of error, all under `tieback.Error`."""

from __future__ import annotations

import builtins
from typing import Any, Literal, Union

Retry = Union[Literal["never", "now"], float]


class Error(Exception):
    """A call failed. `str(error)` is one line: what was wrong, with which value, and what to do. It holds no secret.

    A delivery attempt that fails is no error but a fact: see `tieback.Attempt`.

    >>> try:
    ...     tieback.Scope.company(0)
    ... except tieback.Error as error:
    ...     print(error.kind, error.retry)
    invalid_argument never
    """

    kind: str = "unknown"
    """The kind's word, the same in every language: `invalid_argument`, `not_found`, ..."""

    operation: str | None
    """The operation that failed, such as `hook_create`, where known."""

    http_status: int | None
    """The status of a server's answer that caused this, where there was one."""

    request_id: str | None
    """The server's id of the request, where it gave one."""

    retry: Retry
    """Whether the same call can succeed later: `"never"`, `"now"`, or after this many seconds."""

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        retry: Retry = "never",
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.http_status = http_status
        self.request_id = request_id
        self.retry = retry

    @property
    def message(self) -> str:
        """The same as `str(error)`."""
        return str(self.args[0])


class InvalidArgumentError(Error, ValueError):
    """A value that you gave is wrong; nothing was changed."""

    kind = "invalid_argument"


class UnauthorizedError(Error):
    """The server does not accept the credentials."""

    kind = "unauthorized"


class ForbiddenError(Error):
    """The credentials are good but do not permit this."""

    kind = "forbidden"


class NotFoundError(Error):
    """There is no such hook, trigger or delivery in this scope."""

    kind = "not_found"


class ConflictError(Error):
    """What is there already stands in the way: a taken namespace, an existing trigger, an event with other content."""

    kind = "conflict"


class RateLimitedError(Error):
    """The server's rate limit is used up; `retry` says for how long."""

    kind = "rate_limited"


class TimeoutError(Error, builtins.TimeoutError):
    """A time limit that you set has passed."""

    kind = "timeout"


class UnavailableError(Error):
    """What is needed is busy or full at the moment; the same call can succeed later."""

    kind = "unavailable"


class NetworkError(Error):
    """No connection, or one that broke."""

    kind = "network"


class TlsError(Error):
    """The TLS handshake failed."""

    kind = "tls"


class ProtocolError(Error):
    """A peer answered with something that is not of the protocol."""

    kind = "protocol"


class StorageError(Error):
    """The store (its file, its disk, its content) failed."""

    kind = "storage"


class ClosedError(Error):
    """The engine is closed, or belongs to a parent process."""

    kind = "closed"


class CancelledError(Error):
    """The call was cancelled."""

    kind = "cancelled"


class InternalError(Error):
    """A defect in tieback; do not go on with the engine that met it."""

    kind = "internal"


CLASSES: dict[str, type[Error]] = {made.kind: made for made in Error.__subclasses__()}


def error_from_answer(answer: dict[str, Any]) -> Error:
    """The exception of an error in tieback's own JSON. The native half calls it by this name."""
    kind = answer["kind"]
    retry = answer["retry"]
    error = CLASSES.get(kind, Error)(
        answer["message"],
        operation=answer.get("operation"),
        http_status=answer.get("http_status"),
        request_id=answer.get("request_id"),
        retry=retry["after_ms"] / 1000 if isinstance(retry, dict) else retry,
    )
    if error.kind != kind:
        # A kind that is newer than this file.
        error.kind = kind
    return error
