"""Test rate limits, and how often and in what form refusals are logged."""

from __future__ import annotations

import logging

import pytest

from pitwall.domain.addresses import NETWORK_SHARES, groups_of
from pitwall.logs import FieldFormatter, SparingFilter, one_line
from pitwall.web.socket.rates import AddressBuckets, Bucket, Buckets
from pitwall.web.socket.refusal_log import EVERY_S, Complaints


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(2.0, 5.0, clock)

    assert [bucket.take() for _ in range(7)] == [True] * 5 + [False] * 2
    clock.s += 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock.s += 1_000.0
    assert sum(bucket.take() for _ in range(50)) == 5


def test_buckets_are_each_askers_own_and_bounded() -> None:
    buckets = Buckets(1.0, 1.0, most=2)

    assert [buckets.take(asker) for asker in "aab"] == [True, False, True]
    assert buckets.take("c")
    assert len(buckets._held) == 2


def test_a_network_of_many_households_has_a_looser_limit() -> None:
    buckets = AddressBuckets(0.0, 5.0)
    households = [groups_of(f"2001:db8:0:{number:x}::1") for number in range(10)]

    taken = sum(buckets.take(household) for household in households for _ in range(5))

    assert taken == 5 * NETWORK_SHARES
    assert buckets.take(groups_of("2001:db8:1::1"))  # of another network
    assert buckets.take(groups_of("192.0.2.7"))


def test_what_a_household_asks_beyond_its_share_leaves_its_neighbours_theirs() -> None:
    buckets = AddressBuckets(0.0, 5.0)

    assert sum(buckets.take(groups_of("2001:db8::1")) for _ in range(1_000)) == 5
    assert sum(buckets.take(groups_of("2001:db8:0:1::1")) for _ in range(5)) == 5


def test_what_is_refused_is_told_once_a_minute_in_one_short_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    complaints = Complaints(clock)

    for _ in range(1_000):
        complaints.note("an event that no page offers", "x\nWARNING forged: line" + "y" * 900_000)
    clock.s += EVERY_S
    complaints.note("an event that no page offers", "z")

    lines = [FieldFormatter().format(record) for record in caplog.records]
    assert len(lines) == 2
    assert "times=1 example=x\\nWARNING forged" in lines[0]
    assert "times=1000 example=z" in lines[1]
    assert all("\n" not in line and len(line) < 300 for line in lines)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x00b", "a\x85b"])
def test_a_record_stays_one_printable_line(text: str) -> None:
    record = logging.makeLogRecord({"msg": "said %s", "args": (text,), "name": "n", "word": text})

    line = FieldFormatter(show_time=False).format(record)

    assert line.isprintable()
    assert len(one_line(text * 10_000)) < 30_000


def test_a_stack_trace_keeps_away_from_the_margin_and_has_a_bound() -> None:
    error = ValueError("x\nWARNING forged: line\n" + "y" * 1_000_000)
    record = logging.makeLogRecord(
        {"msg": "failed", "name": "n", "exc_info": (ValueError, error, None)}
    )

    first, *trace = FieldFormatter(show_time=False).format(record).split("\n")

    assert first.endswith("n: failed")
    assert all(line.startswith("  ") for line in trace)
    assert any("WARNING forged" in line for line in trace)
    assert sum(map(len, trace)) < 20_000


def test_a_librarys_line_is_let_through_few_times_a_minute() -> None:
    clock = Clock()
    sparing = SparingFilter(3, clock)

    def records(count: int) -> list[logging.LogRecord]:
        made = [logging.makeLogRecord({"pathname": "x.py", "lineno": 7}) for _ in range(count)]
        return [record for record in made if sparing.filter(record)]

    assert len(records(100)) == 3
    assert sparing.filter(logging.makeLogRecord({"pathname": "x.py", "lineno": 8}))
    clock.s += 60.0
    [first, *_] = records(1)
    assert vars(first)["left_out"] == 97
