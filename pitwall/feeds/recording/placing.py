"""Messages of a recording whose stamp cannot be true: placed at the time of their neighbours."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pitwall.wire.message import RawMessage

MISPLACED = "stamp"  # the kind by which they are counted
_WITHIN = timedelta(days=1)
_NEIGHBOURS = 50  # on each side


def placed(messages: Sequence[RawMessage], skipped: Counter[str]) -> list[RawMessage]:
    """Return messages, in the order they were written, with every stamp within reach of the rest.

    A stamp more than a day from the middle one of the hundred around it is a fault: counted, and
    replaced by that of the message before, else by the first that is believed. A recording of
    several days is fine, as each message is compared with those beside it.
    """
    stamps = [message.sent_at for message in messages]
    if not stamps or max(stamps) - min(stamps) <= _WITHIN:
        return list(messages)
    believed = [abs(at - _usual(stamps, place)) <= _WITHIN for place, at in enumerate(stamps)]
    last = next((at for at, is_so in zip(stamps, believed, strict=True) if is_so), stamps[0])
    found: list[RawMessage] = []
    for message, is_so in zip(messages, believed, strict=True):
        if is_so:
            last = message.sent_at
            found.append(message)
        else:
            skipped[MISPLACED] += 1
            found.append(replace(message, sent_at=last))
    return found


def _usual(stamps: Sequence[datetime], place: int) -> datetime:
    return statistics.median_low(stamps[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1])
