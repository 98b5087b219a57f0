"""Every error pitwall raises on purpose.

PitwallError
├── FeedError                   the outside feed misbehaved
│   ├── FeedUnavailableError        cannot open or connect, or it went quiet
│   └── MalformedMessageError       arrived, but breaks the documented format
├── SettingsError               the environment asks for something that cannot be
├── CircuitGuideError           what is said of a circuit cannot be used
├── ModelError                  a model file is missing, damaged or of another schema
├── CacheError                  the shared cache is of no use now
│   ├── CacheAwayError              it does not answer
│   └── ForeignFrameError           it holds what this release cannot read
├── RaceNotFoundError           no such race in the place that was named
├── SelectionError              what was asked of a kept race cannot be
├── StoreError                  the database refused, or cannot be reached
│   └── StoreBusyError              all connections for this purpose are in use
├── LedgerError                 the ledger is not what was once written
├── NotFoundError               nothing with this id, or not this user's
├── NothingLiveError            no frame has been published yet
├── AccessError                 who asks may not have what is asked for
│   ├── NotLoggedInError            neither logged in nor with an API key
│   ├── WrongCredentialsError       e-mail and password do not belong together
│   ├── ForbiddenError              known, but not allowed
│   └── TooManyRequestsError        asked too often; says when to come back
├── RefusedFieldError           what was typed into a field cannot be taken
│   └── EmailTakenError             another user has this e-mail
└── BusyError                   more work than is queued here
"""

from __future__ import annotations


class PitwallError(Exception):
    """Base of all deliberate errors; `status_code` is what the API answers."""

    status_code = 500


class FeedError(PitwallError):
    """The outside feed misbehaved."""

    status_code = 502


class FeedUnavailableError(FeedError):
    """The feed cannot be opened or reached, or has been silent for too long.

    Attributes:
        retry_after_s: How long the server asks to be left alone, seconds; None when it does not.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class MalformedMessageError(FeedError):
    """A message arrived that breaks the feed's documented format.

    Attributes:
        kind: A short, stable name of the fault, by which faults are counted.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


class SettingsError(PitwallError):
    """The environment asks for something that cannot be."""


class CircuitGuideError(PitwallError):
    """A description of a circuit is damaged, absurd, or cannot be kept."""


class ModelError(PitwallError):
    """A model file is missing, damaged or made for other features."""


class CacheError(PitwallError):
    """The shared cache is of no use now."""

    status_code = 503


class CacheAwayError(CacheError):
    """The shared cache cannot be reached, or does not answer in time."""


class ForeignFrameError(CacheError):
    """The shared cache holds something that this release did not write and cannot read."""


class RaceNotFoundError(PitwallError):
    """There is no such race in the place that was named."""

    status_code = 404


class SelectionError(PitwallError):
    """What was asked of a race that is kept cannot be: an unknown driver, a damaged cursor."""

    status_code = 422


class StoreError(PitwallError):
    """The database cannot be reached, is full, or refused what was asked of it."""

    status_code = 503


class StoreBusyError(StoreError):
    """All connections to the database that are set aside for this purpose are in use.

    Attributes:
        retry_after_s: Whole seconds until asking again is worth it.
    """

    retry_after_s = 2

    def __init__(self) -> None:
        super().__init__("The database is busy with earlier requests; try again in a moment.")


class LedgerError(PitwallError):
    """The ledger of forecasts is not what was once written.

    Attributes:
        entry: Number of the first entry that is wrong; None where the entries agree with each
            other and something else does not agree with them.
    """

    def __init__(self, entry: int | None, reason: str) -> None:
        super().__init__(f"Entry {entry} of the ledger is broken: {reason}." if entry else reason)
        self.entry = entry


class NotFoundError(PitwallError):
    """There is nothing with this id, or it belongs to somebody else."""

    status_code = 404


class NothingLiveError(PitwallError):
    """No frame has been published yet."""

    status_code = 503


class AccessError(PitwallError):
    """Who asks may not have what is asked for."""

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
    """Asked too often.

    Attributes:
        retry_after_s: Whole seconds until asking again can succeed, at least 1.
    """

    status_code = 429

    def __init__(self, retry_after_s: int, message: str = "") -> None:
        super().__init__(message or f"Too many requests; try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class RefusedFieldError(PitwallError):
    """What was typed into a field cannot be taken.

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
    """More work is waiting here than the queue takes; try again in a moment."""

    status_code = 503
