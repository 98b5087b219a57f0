"""Plan faults for each seed: which occur, and when."""

from __future__ import annotations

import base64
import random
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson

from pitwall.wire.encode import encode_zipped
from pitwall.wire.message import RawMessage

CLEAN_S = 15.0  # at the beginning
LAST_ENDS_S = 50.0
NOTICED_WITHIN_S = 20.0  # pings are 15 s apart; during a race it is 10 s
RACE_S = 118.0  # so that a routine snapshot comes after the last fault

# What befalls single messages while the fault lasts.
MESSAGE_FAULTS = (
    "lost",
    "duplicate",
    "reorder",
    "half",
    "nan",
    "huge",
    "clock_ahead",
    "clock_behind",
    "apostrophe",
    "unknown_topic",
    "104",
    "bomb",
    "garbage",
    "wrong_shape",
)
# What befalls connections: the open one is cut, and new ones fare badly while the fault lasts.
LINK_FAULTS = (
    "cut",
    "two_hour_close",
    "401",
    "403",
    "429",
    "502",
    "slow_loris",
    "dark",
    "silent",
    "half_open",
    "stale_snapshot",
    "half_snapshot",
    "empty_snapshot",
)
# Nothing tells of a message that never came: only the routine snapshot brings it back.
UNNOTICED = frozenset({"lost"})


@dataclass(frozen=True)
class Fault:
    """One fault and its time, seconds from the start of the race."""

    kind: str
    from_s: float
    to_s: float
    share: float = 0.3

    def lasts(self, at_s: float) -> bool:
        """Whether it is on at this time."""
        return self.from_s <= at_s < self.to_s


def plan_of(
    rng: random.Random, kinds: Sequence[str] = MESSAGE_FAULTS + LINK_FAULTS
) -> tuple[Fault, ...]:
    """Return one to four faults of these kinds."""
    faults = (_fault(rng, kinds) for _ in range(rng.randint(1, 4)))
    return tuple(sorted(faults, key=lambda fault: fault.from_s))


def _fault(rng: random.Random, kinds: Sequence[str]) -> Fault:
    kind = rng.choice(kinds)
    if kind == "half_open":
        # The line stays dead; what ends is the time in which a client may not have noticed.
        from_s = rng.uniform(CLEAN_S, LAST_ENDS_S - NOTICED_WITHIN_S)
        return Fault(kind, from_s, from_s + NOTICED_WITHIN_S)
    from_s = rng.uniform(CLEAN_S, LAST_ENDS_S - 5)
    to_s = min(LAST_ENDS_S, from_s + rng.uniform(1, 30))
    return Fault(kind, from_s, to_s, rng.choice((0.05, 0.3, 1.0)))


_NUMBER = re.compile(rb'"\+?\d+\.\d+"')


def spoilt(body: bytes, kind: str, rng: random.Random) -> bytes:
    """Return a body with one of its numbers as NaN or huge; as it is when it has none."""
    found = list(_NUMBER.finditer(body))
    if not found:
        return body
    match = rng.choice(found)
    huge = (b"1e308", b'"' + b"9" * 60 + b'"', b"-99999999999999999999999999")
    return (
        body[: match.start()]
        + (b"NaN" if kind == "nan" else rng.choice(huge))
        + body[match.end() :]
    )


def jumped(message: RawMessage, kind: str) -> RawMessage:
    """Return a message with the stamp of a clock that is an hour off."""
    hours = 1 if kind == "clock_ahead" else -1
    return RawMessage(message.sent_at + timedelta(hours=hours), message.topic, message.body)


def garbage(rng: random.Random) -> bytes:
    """Return a frame that is no record, or a record that nobody expects."""
    return rng.choice(
        (
            rng.randbytes(40),
            b"",
            b"\x1e\x1e\x1e",
            b"[" * 50_000,
            b'{"type":1,"target":"feed","arguments":[]}\x1e',
            b'{"type":99}\x1e',
            b'{"type":1,"target":"feed","arguments":["TimingData",null,"x"]}\x1e',
        )
    )


def _bomb() -> bytes:
    packer = zlib.compressobj(level=9, wbits=-15)
    zeros = b"0" * (1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()
    return b'"' + base64.b64encode(packed) + b'"'


BOMB = _bomb()
"""A `.z` body of 85 kB that unpacks to 64 MB."""


def untrue(kind: str, message: RawMessage, rng: random.Random) -> RawMessage:
    """Return a message that says nothing true, stamped like its neighbour."""
    car = str(rng.choice((1, 4, 16, 44, 63, 81)))
    bodies = {
        "unknown_topic": ("Tea" + car, b'{"Milk":true}'),
        "bomb": ("CarData.z", BOMB),
        "104": (
            "CarData.z",
            encode_zipped(
                {
                    "Entries": [
                        {
                            "Utc": "2026-07-05T12:00:00Z",
                            "Cars": {car: {"Channels": {"4": 104, "5": 104, "2": 0}}},
                        }
                    ]
                }
            ),
        ),
        "wrong_shape": (
            "TimingData",
            rng.choice(
                (b'{"Lines":null}', b'{"Lines":{"%b":"gone"}}' % car.encode(), b"[1,2]", b"true")
            ),
        ),
    }
    topic, body = bodies[kind]
    return RawMessage(message.sent_at, topic, body)


def apostrophe(number: int, car: str, message: RawMessage) -> RawMessage:
    """Return a true message that renames a driver, with every kind of quotation mark."""
    name = f"O'Ward \"Pato\" d\\'Été {number}"
    payload = {car: {"FirstName": "Patricio", "LastName": name}}
    return RawMessage(message.sent_at, "DriverList", orjson.dumps(payload))
