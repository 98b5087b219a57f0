"""Test that deltas merge by the feed's rules."""

from __future__ import annotations

import copy
from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.race import CarState, DriverNumber, RaceState
from pitwall.domain.reducer import apply
from pitwall.wire.merge import merge
from tests.wire.messages import say

NAMES = st.sampled_from(["Lines", "44", "Sectors", "Value", "Line"])
LEAVES = st.one_of(st.booleans(), st.integers(), st.text(max_size=4))
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)
        ),
        max_leaves=12,
    ),
    max_size=4,
)


def delta_between(old: object, new: object) -> object:
    """Return the delta that the feed would send to turn one payload into another."""
    if isinstance(old, list) and isinstance(new, list) and new:
        patch: dict[str, Any] = {
            str(index): delta_between(old[index], item) if index < len(old) else item
            for index, item in enumerate(new)
        }
        surplus = [str(index) for index in range(len(new), len(old))]
        return {"_deleted": surplus, **patch} if surplus else patch
    if isinstance(old, dict) and isinstance(new, dict):
        # An object that turns into a list, or back, is sent whole: removed, then given.
        deleted = [key for key in old if key not in new or type(old[key]) is not type(new[key])]
        delta = {
            key: value if key in deleted else delta_between(old.get(key), value)
            for key, value in new.items()
        }
        return {"_deleted": deleted, **delta} if deleted else delta
    return new


@given(st.lists(st.dictionaries(NAMES, TREES, max_size=3), min_size=1, max_size=4))
def test_deltas_lead_from_each_snapshot_to_the_next(snapshots: list[dict[str, Any]]) -> None:
    held: object = {}
    for before, after in zip([{}, *snapshots], snapshots, strict=False):
        held = merge(held, without_lists_that_change_kind(before, after))

    assert held == snapshots[-1]


def without_lists_that_change_kind(before: object, after: object) -> object:
    return (
        delta_between(before, after)
        if same_kinds(before, after)
        else {
            **({"_deleted": list(before)} if isinstance(before, dict) else {}),
            **(after if isinstance(after, dict) else {}),
        }
    )


def same_kinds(before: object, after: object) -> bool:
    """Return whether no list meets an object in the same place, which the feed never sends."""
    if isinstance(before, list) and isinstance(after, list):
        return bool(after) and all(
            same_kinds(*pair) and type(pair[0]) is type(pair[1])
            for pair in zip(before, after, strict=False)
        )
    if isinstance(before, dict) and isinstance(after, dict):
        return all(same_kinds(before[key], after[key]) for key in before.keys() & after.keys())
    return not isinstance(before, list) and not isinstance(after, list)


@given(TREES, TREES)
def test_merging_changes_neither_argument(snapshot: object, delta: object) -> None:
    copies = copy.deepcopy((snapshot, delta))

    merge(snapshot, delta)

    assert (snapshot, delta) == copies


@given(TREES)
def test_an_empty_delta_changes_nothing(snapshot: object) -> None:
    assert merge(snapshot, {}) == snapshot


def test_lists_grow_as_needed() -> None:
    assert merge({"a": ["x"]}, {"a": {"2": "z"}}) == {"a": ["x", None, "z"]}


def test_a_list_replaces_a_list() -> None:
    assert merge({"a": [1, 2, 3]}, {"a": [4]}) == {"a": [4]}


def test_removed_items_leave_a_list_and_removed_keys_an_object() -> None:
    assert merge([1, 2, 3], {"_deleted": ["1"]}) == [1, 3]
    assert merge({"a": {"b": 1, "c": 2}}, {"a": {"_deleted": ["b"]}}) == {"a": {"c": 2}}


def test_a_key_both_removed_and_given_starts_afresh() -> None:
    assert merge({"a": {"b": 1}}, {"_deleted": ["a"], "a": {"c": 2}}) == {"a": {"c": 2}}


def test_an_absurd_index_makes_no_absurd_list() -> None:
    assert merge({"a": [1]}, {"a": {"999999999": 2}}) == {"a": {"999999999": 2}}


def test_absurd_depth_does_not_exhaust_the_stack() -> None:
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"a": deep}

    assert isinstance(merge({}, deep), dict)


LINE_DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "GapToLeader": st.sampled_from(["+1.0", "+2.5", "1L", "LAP 4", ""]),
        "IntervalToPositionAhead": st.fixed_dictionaries(
            {},
            optional={
                "Value": st.sampled_from(["+0.3", "+1.7", "2L", ""]),
                "Catching": st.booleans(),
            },
        ),
        "Line": st.integers(1, 20),
        "InPit": st.booleans(),
        "Retired": st.booleans(),
        "Stopped": st.booleans(),
        "NumberOfPitStops": st.integers(0, 5),
    },
)
CAR_DELTAS = st.dictionaries(st.sampled_from(["4", "44"]), LINE_DELTAS, max_size=2)


@given(st.lists(CAR_DELTAS, max_size=6))
def test_a_late_joiner_with_the_snapshot_knows_what_the_others_know(
    deltas: list[dict[str, Any]],
) -> None:
    payloads: list[object] = [{"Lines": lines} for lines in deltas]
    nothing: object = {}
    snapshot = reduce(merge, payloads, nothing)

    followed = race_after(payloads)
    joined = race_after([snapshot])

    assert {n: facts(car) for n, car in followed.cars.items()} == {
        n: facts(car) for n, car in joined.cars.items()
    }


def race_after(payloads: list[object]) -> RaceState:
    events = [event for payload in payloads for event in say("TimingData", payload).events]
    return reduce(apply, events, RaceState())


def facts(car: CarState) -> tuple[DriverNumber, object]:
    values = (
        *(car.position, car.gap_to_leader, car.interval, car.catching),
        *(car.in_pit, car.retired, car.stopped, car.pit_stops),
    )
    return car.number, values
