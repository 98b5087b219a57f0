"""Test the bounds on messages: sizes, counts, lengths and printable text."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.events import ControlSaid, DriverListed, RaceDescribed
from pitwall.domain.race import DriverNumber
from pitwall.live.intake import ClockSkew
from pitwall.wire import lateness
from pitwall.wire.decode import decode
from pitwall.wire.decode_result import Decoded
from pitwall.wire.inflate import LARGEST_PAYLOAD
from pitwall.wire.lateness import Lateness
from pitwall.wire.message import RawMessage
from pitwall.wire.texts import LONGEST_CODE, LONGEST_MESSAGE, LONGEST_NAME, printable
from tests.makers import at
from tests.wire.messages import AT, kinds, say


@given(st.text())
def test_what_is_kept_can_be_printed(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert len(shown) <= len(text)
    assert printable(shown) == shown


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ("NOR", "NOR"),
        ("Hülkenberg", "Hülkenberg"),
        ("周冠宇", "周冠宇"),
        ("N\u202eRO\u2066\u200b\ufeff", "NRO"),
        ("CAR 4\r\n\t(NOR)\x1b[31m\x00", "CAR 4   (NOR)[31m"),
        ("A\u2028B\u00a0C", "A B C"),
    ],
)
def test_controls_and_turns_of_direction_are_left_out(sent: str, printed: str) -> None:
    (driver,) = say("DriverList", {"4": {"TeamName": sent}}).events
    (event,) = say("RaceControlMessages", {"Messages": [{"Message": sent}]}).events

    assert isinstance(driver, DriverListed)
    assert isinstance(event, ControlSaid)
    assert (driver.team, event.message.message) == (printed, printed)


def test_texts_beyond_their_bounds_are_faults_of_their_field() -> None:
    line = {"Tla": "X" * (LONGEST_CODE + 1), "FullName": "Y" * (LONGEST_NAME + 1), "TeamName": "Z"}
    decoded = say("DriverList", {"4": line})
    control = say("RaceControlMessages", {"Messages": [{"Message": "x" * (LONGEST_MESSAGE + 1)}]})

    assert kinds(decoded) == ["driver_text", "driver_text"]
    assert decoded.events == (DriverListed(AT, DriverNumber(4), None, None, "Z", None),)
    assert kinds(control) == ["control_text"]


def test_a_race_of_an_endless_name_is_a_fault() -> None:
    info = {"Meeting": {"Name": "x" * 900}, "Name": "Race", "StartDate": "2025-07-06T15:00:00"}

    assert not [e for e in say("SessionInfo", info).events if isinstance(e, RaceDescribed)]


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("TimingData", b'{"Lines":{"4":{"Sectors":[' + b"1," * 1_900_000 + b"1]}}}"),
        ("TimingData", b'{"Lines":[' + b"{}," * 1_200_000 + b"{}]}"),
        ("TimingData", b'{"Lines":{"_deleted":[' + b"1," * 1_900_000 + b"1]}}"),
        ("TimingAppData", b'{"Lines":{"4":{"Stints":[' + b"{}," * 1_200_000 + b"{}]}}}"),
        ("RaceControlMessages", b'{"Messages":[' + b"[]," * 1_200_000 + b"[]]}"),
        ("CarData", b'{"Entries":[' + b"0," * 1_900_000 + b"0]}"),
        ("DriverList", b"{" + b",".join(b'"%d":0' % n for n in range(350_000)) + b"}"),
        ("Position", b"[" * 3_000_000),
        ("CarData.z", b'"' + b"A" * 3_000_000 + b'"'),
        ("TimingData", b'{"Lines":{"4":' + b'{"a":' * 500 + b"1" + b"}" * 502),
    ],
)
def test_no_message_however_full_takes_a_second(topic: str, body: bytes) -> None:
    began = time.thread_time()
    decoded = decode(RawMessage(AT, topic, body))

    assert time.thread_time() - began < 1.0
    assert len(decoded.faults) <= 200


def test_a_body_beyond_its_bound_is_one_fault() -> None:
    body = b'{"Lines":{' + b" " * LARGEST_PAYLOAD + b"}}"

    assert kinds(decode(RawMessage(AT, "TimingData", body))) == ["body_size"]


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 400, "1e999", "0." + "9" * 5000])
def test_numbers_beyond_measure_are_faults_or_nothing(number: str) -> None:
    body = b'{"Lines":{"4":{"Line":%s,"NumberOfLaps":%s,"InPit":%s}}}' % ((number.encode(),) * 3)

    decoded = decode(RawMessage(AT, "TimingData", body))
    assert isinstance(decoded, Decoded)
    assert decoded.faults


def test_of_a_key_sent_twice_the_later_counts() -> None:
    body = b'{"Lines":{"4":{"Line":3,"Line":5}},"Lines":{"4":{"Line":7}}}'

    (timed,) = decode(RawMessage(AT, "TimingData", body)).events
    assert timed.position == 7  # type: ignore[union-attr]


def test_what_late_messages_are_compared_with_is_bounded_in_bytes() -> None:
    late_filter = Lateness()
    big = b'{"a":"' + b"x" * 1_000_000 + b'"}'
    for second in range(20):
        assert late_filter.admit(RawMessage(at(second), "TimingData", big)) is not None
    topic = late_filter._topics["TimingData"]

    assert topic.size <= lateness._REMEMBERED_BYTES
    assert late_filter.admit(RawMessage(at(3), "TimingData", b'{"b":1}')) is None, "forgotten since"
    late = late_filter.admit(RawMessage(at(18.5), "TimingData", b'{"a":0,"b":1}'))
    assert late is not None
    assert late.body == b'{"b":1}'


@pytest.mark.parametrize("away", [timedelta(days=-3), timedelta(days=730_000), timedelta(days=365)])
def test_the_very_first_stamps_of_a_connection_are_not_believed_when_days_away(
    away: timedelta,
) -> None:
    skew = ClockSkew()
    for second in range(10):
        assert skew.believed(at(second) + away, at(second + 0.5)) == at(second + 0.5)
    assert skew.disbelieved == 10
    for second in range(20):
        skew.believed(at(second), at(second + 0.5))
    assert skew.lag_s == 0.5
