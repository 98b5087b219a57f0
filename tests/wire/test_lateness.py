"""Test that a late message keeps only the fields that newer messages did not have."""

from __future__ import annotations

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pitwall.wire.lateness import Lateness
from pitwall.wire.merge import merge
from pitwall.wire.message import RawMessage
from tests.makers import LIGHTS_OUT, a_message, at

FIELDS = st.dictionaries(
    st.sampled_from(["4", "81"]),
    st.dictionaries(st.sampled_from(["Line", "Gap", "Laps"]), st.integers(0, 9), min_size=1),
    min_size=1,
)


@given(
    st.lists(FIELDS, min_size=1, max_size=8).flatmap(
        lambda deltas: st.permutations(list(enumerate(deltas)))
    )
)
def test_in_any_order_the_newest_word_on_each_field_counts(
    arrivals: list[tuple[int, object]],
) -> None:
    lateness = Lateness()
    seen: object = {}
    for second, delta in arrivals:
        admitted = lateness.admit(a_message(second, "TimingData", {"Lines": delta}))
        if admitted is not None:
            seen = merge(seen, json.loads(admitted.body))

    truth: object = {}
    for _, delta in sorted(arrivals, key=lambda arrival: arrival[0]):
        truth = merge(truth, {"Lines": delta})
    assert seen == truth


def test_messages_in_order_pass_as_they_are() -> None:
    lateness = Lateness()
    messages = [a_message(second, "TimingData", {"Lines": {}}) for second in (0, 0, 1)]

    assert [lateness.admit(message) for message in messages] == messages


def test_what_is_left_of_a_late_message_is_stamped_like_the_newest() -> None:
    lateness = Lateness()
    lateness.admit(a_message(5, "TimingData", {"Lines": {"4": {"Line": 1}}}))

    late = lateness.admit(a_message(3, "TimingData", {"Lines": {"4": {"Line": 2, "InPit": True}}}))

    assert late == RawMessage(at(5), "TimingData", b'{"Lines":{"4":{"InPit":true}}}')


def test_a_late_burst_of_telemetry_is_dropped() -> None:
    lateness = Lateness()
    lateness.admit(RawMessage(at(5), "CarData.z", b'"a"'))

    assert lateness.admit(RawMessage(at(4), "CarData.z", b'"b"')) is None


def test_a_snapshot_has_said_all_that_is_older() -> None:
    lateness = Lateness()
    lateness.restart(at(10))

    assert lateness.admit(a_message(9, "TimingData", {"Lines": {}})) is None
    assert lateness.admit(a_message(10, "TimingData", {"Lines": {}})) is not None


def test_only_exact_copies_are_repeats() -> None:
    lateness = Lateness()
    message = a_message(1, "TimingData", {"Lines": {}})

    assert not lateness.is_repeated(message)
    assert lateness.is_repeated(message)
    later = RawMessage(LIGHTS_OUT + timedelta(seconds=2), message.topic, message.body)
    assert not lateness.is_repeated(later)


def test_lists_and_the_objects_that_patch_them_are_compared_by_index() -> None:
    lateness = Lateness()
    lateness.admit(
        a_message(2, "TimingAppData", {"Lines": {"4": {"Stints": {"0": {"New": "true"}}}}})
    )

    late = lateness.admit(
        a_message(
            1, "TimingAppData", {"Lines": {"4": {"Stints": [{"New": "false", "TotalLaps": 3}]}}}
        )
    )

    assert late is not None
    assert json.loads(late.body) == {"Lines": {"4": {"Stints": {"0": {"TotalLaps": 3}}}}}
