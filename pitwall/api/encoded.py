"""Keep the encoded answers about the newest frame, so that each is made once for all who ask."""

from __future__ import annotations

from collections.abc import Callable

_MOST = 64  # parameters that differ, for one frame


class EncodedAnswers:
    """The answers about one frame, by their entity tags; those about an older one are dropped."""

    def __init__(self) -> None:
        self._about: object = None
        self._held: dict[str, bytes] = {}

    def get(self, about: object, etag: str, make: Callable[[], bytes]) -> bytes:
        """Return the answer with this tag, and make it if nobody has asked for it yet.

        Args:
            about: What the answer is about; with another one all answers are dropped.
            etag: Names the answer.
            make: Makes the answer.
        """
        if about is not self._about:
            self._about, self._held = about, {}
        known = self._held.get(etag)
        if known is None:
            known = make()
            if len(self._held) < _MOST:
                self._held[etag] = known
        return known
