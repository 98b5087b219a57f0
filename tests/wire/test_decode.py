"""Test that decoding never raises, and that one fault loses one field."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.events import Heartbeat
from pitwall.wire.decode import Decoded, decode
from pitwall.wire.encode import encode_body, encode_zipped
from pitwall.wire.message import RawMessage
from tests.wire.messages import AT, kinds, say

TOPICS = [
    *("TimingData", "TimingAppData", "DriverList", "RaceControlMessages", "TrackStatus"),
    *("SessionStatus", "SessionInfo", "SessionData", "LapCount", "WeatherData", "Heartbeat"),
    *("ExtrapolatedClock", "TopThree", "CarData", "Position", "CarData.z", "Position.z", "New"),
]

# Keys and values of real payloads, so that random objects reach deep into the decoder.
KEYS = st.sampled_from(
    [
        *("Lines", "44", "1", "0", "2", "99", "_deleted", "_kf", "Sectors", "Value", "Speeds"),
        *("I1", "GapToLeader", "IntervalToPositionAhead", "Catching", "Line", "InPit", "Stints"),
        *("Compound", "New", "TotalLaps", "GridPos", "Messages", "Utc", "Message", "Lap"),
        *("Status", "Meeting", "Name", "StartDate", "GmtOffset", "Circuit", "ShortName", "Type"),
        *("Entries", "Cars", "Channels", "Position", "Timestamp", "X", "Y", "Z", "CurrentLap"),
        *("AirTemp", "Rainfall", "TeamColour", "RacingNumber", "LastLapTime", "NumberOfLaps"),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *("+1.234", "1L", "LAP 3", "1:23.456", "", "-1", "nan", "inf", "1e999", "9" * 400),
            *("9" * 400 + ":00", "Started", "SOFT", "2025-10-25T21:00:00.13Z", "٣", "²", "1:1:1"),
            *("0001-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "-23:00:00", "99:99", "true"),
        ]
    ),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), TEXTS)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, TEXTS), inner, max_size=6)
    ),
    max_leaves=40,
)


@given(st.sampled_from(TOPICS), st.binary(max_size=200))
def test_no_bytes_make_the_decoder_raise(topic: str, body: bytes) -> None:
    assert isinstance(decode(RawMessage(AT, topic, body)), Decoded)


@given(st.sampled_from(TOPICS), JSON)
def test_no_payload_makes_the_decoder_raise(topic: str, payload: object) -> None:
    zipped = topic.endswith(".z")
    body = encode_zipped(payload) if zipped else encode_body(payload)

    assert isinstance(decode(RawMessage(AT, topic, body)), Decoded)


@given(JSON)
def test_a_malformed_car_never_loses_another(broken: object) -> None:
    lines = {"4": broken, "44": {"Line": 7}, "81": broken}

    events = say("TimingData", {"Lines": lines}).events

    assert any(getattr(event, "position", None) == 7 for event in events)


@given(st.sampled_from(TOPICS), JSON)
def test_fault_kinds_are_few_and_short(topic: str, payload: object) -> None:
    faults = decode(RawMessage(AT, topic, orjson.dumps(payload))).faults

    assert all(fault.kind.replace("_", "").isalpha() for fault in faults)
    assert all(len(fault.kind) <= 24 and len(fault.detail) <= 120 for fault in faults)


def test_bytes_that_are_no_json_are_one_fault() -> None:
    assert kinds(decode(RawMessage(AT, "TimingData", b'{"Lines":'))) == ["json"]
    assert kinds(decode(RawMessage(AT, "TimingData", b'{"Lines":NaN}'))) == ["json"]


def test_a_payload_that_is_no_object_is_one_fault() -> None:
    assert kinds(say("TimingData", [1])) == ["payload_not_object"]


def test_an_unknown_topic_is_a_fault_and_an_unused_one_is_nothing() -> None:
    assert kinds(say("BrandNew", {})) == ["unknown_topic"]
    assert say("AudioStreams", {"Lines": []}) == Decoded()


def test_a_heartbeat_is_one() -> None:
    assert say("Heartbeat", {"Utc": "2025-08-31T13:00:00Z"}).events == (Heartbeat(AT),)


@pytest.mark.parametrize("depth", [900, 1500])
def test_deep_nesting_does_not_exhaust_the_stack(depth: int) -> None:
    body = b'{"Lines":' * depth + b"1" + b"}" * depth

    assert isinstance(decode(RawMessage(AT, "TimingData", body)), Decoded)
