"""Define every error that pitwall raises on purpose.

The API shows the first line of an error's docstring when it has no message of its own.

PitwallError
├── FeedError                   the outside feed misbehaved
│   ├── FeedUnavailableError        cannot open or connect, or it went quiet
│   └── MalformedMessageError       arrived, but breaks the documented format
├── SettingsError               a setting in the environment is invalid
├── CircuitGuideError           the description of a circuit cannot be used
├── ModelError                  a model file is missing, damaged or of another schema
├── CacheError                  the shared cache cannot be used now
│   ├── CacheAwayError              it does not answer
│   └── ForeignFrameError           it holds data that this release cannot read
├── RaceNotFoundError           there is no such race
├── SelectionError              a query of a stored race is invalid
├── StoreError                  the database refused, or cannot be reached
│   └── StoreBusyError              all connections for this purpose are in use
├── LedgerError                 the ledger has been changed
├── NotFoundError               nothing with this id, or not this user's
├── NothingLiveError            no frame has been published yet
├── AccessError                 the client may not do this
│   ├── NotLoggedInError            neither logged in nor with an API key
│   ├── WrongCredentialsError       e-mail and password do not belong together
│   ├── ForbiddenError              known, but not allowed
│   └── TooManyRequestsError        too many requests; says when to try again
├── RefusedFieldError           the value of a field is not accepted
│   └── EmailTakenError             another user has this e-mail
└── BusyError                   the queue of work is full
"""

from __future__ import annotations

import os
from typing import Final

_VALUE: Final = 80
_PATH: Final = 500


def shown(value: object) -> str:
    r"""Return a value as an error message may repeat it: quoted, on one line, and shortened.

    A path may be longer than another value, because it is useless without its end.

    >>> shown("a\nb"), shown(90 * "x")[-19:]
    ("'a\\nb'", 'xx… (92 characters)')
    """
    is_path = isinstance(value, os.PathLike)
    text, most = ascii(str(value) if is_path else value), _PATH if is_path else _VALUE
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


class PitwallError(Exception):
    """Base of all deliberate errors; `status_code` is the status of the API's answer."""

    status_code = 500


class FeedError(PitwallError):
    """The outside feed misbehaved."""

    status_code = 502


class FeedUnavailableError(FeedError):
    """The feed cannot be opened or reached, or has been silent for too long.

    Attributes:
        retry_after_s: Seconds for which the server asks not to be called; None when it does not.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TokenError(FeedError):
    """An F1 TV token is missing or cannot be read."""


class MalformedMessageError(FeedError):
    """A message arrived that breaks the feed's documented format.

    Attributes:
        kind: A short, stable name by which faults are counted.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


class SettingsError(PitwallError):
    """A setting in the environment is invalid."""


class CircuitGuideError(PitwallError):
    """A description of a circuit is damaged, implausible, or cannot be stored."""


class ModelError(PitwallError):
    """A model file is missing, damaged or made for other features."""


class CacheError(PitwallError):
    """The shared cache cannot be used now."""

    status_code = 503


class CacheAwayError(CacheError):
    """The shared cache cannot be reached, or does not answer in time."""


class ForeignFrameError(CacheError):
    """The shared cache holds data that this release did not write and cannot read."""


class RaceNotFoundError(PitwallError):
    """There is no such race."""

    status_code = 404


class SelectionError(PitwallError):
    """A query of a stored race is invalid, such as an unknown driver or a damaged cursor."""

    status_code = 422


class StoreError(PitwallError):
    """The database cannot be reached, is full, or refused a request."""

    status_code = 503


class StoreBusyError(StoreError):
    """All database connections reserved for this purpose are in use.

    Attributes:
        retry_after_s: Whole seconds after which to try again.
    """

    retry_after_s = 2

    def __init__(self) -> None:
        super().__init__("The database is busy with earlier requests; try again in a moment.")


class LedgerError(PitwallError):
    """The ledger of forecasts has been changed after it was written.

    Attributes:
        entry: Number of the first wrong entry; None where the entries agree with each other but
            not with other data.
    """

    def __init__(self, entry: int | None, reason: str) -> None:
        super().__init__(f"Entry {entry} of the ledger is broken: {reason}." if entry else reason)
        self.entry = entry


class NotFoundError(PitwallError):
    """There is nothing with this id, or it belongs to another user."""

    status_code = 404


class NothingLiveError(PitwallError):
    """No frame has been published yet."""

    status_code = 503


class AccessError(PitwallError):
    """Access is not allowed."""

    status_code = 403


class NotLoggedInError(AccessError):
    """Log in, or send an API key as a bearer token."""

    status_code = 401


class WrongCredentialsError(AccessError):
    """E-mail or password is wrong."""

    status_code = 401


class ForbiddenError(AccessError):
    """This account may not do that."""


class TooManyRequestsError(AccessError):
    """The client has sent too many requests.

    Attributes:
        retry_after_s: Whole seconds until a request can succeed again, at least 1.
    """

    status_code = 429

    def __init__(self, retry_after_s: int, message: str = "") -> None:
        super().__init__(message or f"Too many requests; try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class RefusedFieldError(PitwallError):
    """The value of a field is not accepted.

    Attributes:
        field: Name of the field, as the request calls it.
    """

    status_code = 422

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class EmailTakenError(RefusedFieldError):
    """Another user has this e-mail."""

    status_code = 409

    def __init__(self) -> None:
        super().__init__("email", "There is already an account with this e-mail.")


class BusyError(PitwallError):
    """The server is busy with earlier requests; try again in a moment."""

    status_code = 503
