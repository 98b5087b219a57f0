"""Test that values encoded in the wire format decode to the same values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.gaps import Gap, LapsDown, LeaderLap, NoGap, TimeGap, parse_gap
from pitwall.feeds.timed_lines import read_line_time
from pitwall.wire.encode import (
    archive_time,
    encode_zipped,
    gap_text,
    lap_time_text,
    utc_text,
)
from pitwall.wire.inflate import inflate
from pitwall.wire.values import read_duration, read_instant

MILLISECONDS = st.integers(0, 20_000_000)
GAPS: st.SearchStrategy[Gap] = st.one_of(
    st.just(NoGap()),
    st.integers(1, 99).map(LapsDown),
    st.integers(1, 99).map(LeaderLap),
    MILLISECONDS.map(lambda ms: TimeGap(ms / 1000)),
)


@given(GAPS)
def test_gaps_are_read_back_as_they_were(gap: Gap) -> None:
    assert parse_gap(gap_text(gap)) == gap


@given(MILLISECONDS)
def test_lap_times_are_read_back_as_they_were(ms: int) -> None:
    assert read_duration(lap_time_text(ms / 1000)) == ms / 1000


@given(MILLISECONDS)
def test_archive_times_are_read_back_as_they_were(ms: int) -> None:
    assert read_line_time(archive_time(timedelta(milliseconds=ms)).encode()) == ms


@given(st.datetimes(datetime(1950, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001  bounds are naive here
def test_instants_are_read_back_to_the_millisecond(instant: datetime) -> None:
    read = read_instant(utc_text(instant))

    assert timedelta(0) <= instant - read < timedelta(milliseconds=1)


@given(st.dictionaries(st.text(), st.text()))
def test_packed_payloads_are_unpacked_as_they_were(payload: dict[str, str]) -> None:
    body = encode_zipped(payload)

    assert orjson.loads(inflate(orjson.loads(body))) == payload
