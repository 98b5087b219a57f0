"""Every error pitwall raises on purpose.

PitwallError
├── FeedError                   the outside feed misbehaved
│   ├── FeedUnavailableError        cannot open or connect, or it went quiet
│   └── MalformedMessageError       arrived, but breaks the documented format
├── SettingsError               the environment asks for something that cannot be
├── ModelError                  a model file is missing, damaged or of another schema
├── CacheError                  the shared cache is of no use now
│   ├── CacheAwayError              it does not answer
│   └── ForeignFrameError           it holds what this release cannot read
├── RaceNotFoundError           no such race in the place that was named
├── StoreError                  the database refused, or cannot be reached
└── NothingLiveError            no frame has been published yet
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


class StoreError(PitwallError):
    """The database cannot be reached, is full, or refused what was asked of it."""

    status_code = 503


class NothingLiveError(PitwallError):
    """No frame has been published yet."""

    status_code = 503
