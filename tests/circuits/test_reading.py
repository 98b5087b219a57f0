"""Test that a circuit's file is read in either form, and an invalid one refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.circuits.reading import LARGEST_BYTES, read_guide
from pitwall.domain.circuits import Corner
from pitwall.errors import CircuitGuideError
from tests.circuits.makers import answer, as_bytes, columns


def test_columns_are_corners_in_metres_with_their_distances() -> None:
    guide = read_guide(as_bytes(columns()), "nowhere-2025.json")

    assert guide.corners == (
        Corner("1", (100.0, 0.0), 100.5),
        Corner("2", (100.0, 200.0), 300.0),
        Corner("3", (-50.0, 250.0), 510.25),
    )
    assert (guide.rotation_deg, guide.source) == (45.0, "nowhere-2025.json")


def test_multiviewers_length_is_not_taken_for_a_distance() -> None:
    guide = read_guide(as_bytes(answer()), "nowhere.json")

    assert [corner.name for corner in guide.corners] == ["1", "2", "2A"]
    assert [corner.distance_m for corner in guide.corners] == [None, None, None]
    assert guide.corners[2].at == (-50.0, 250.0)
    assert (guide.rotation_deg, guide.source) == (90.0, "MultiViewer")


@pytest.mark.parametrize("form", [columns, answer])
def test_a_file_may_say_whose_it_is(form: Any) -> None:
    told = form(source="  our own\n survey " + "x" * 200)

    source = read_guide(as_bytes(told), "nowhere.json").source

    assert source.startswith("our own survey xxx")
    assert len(source) == 80


def test_what_a_file_leaves_out_is_not_known() -> None:
    bare = {"CornerNumber": [1.0], "X": [0], "Y": [0]}

    guide = read_guide(as_bytes(bare), "nowhere.json")

    assert guide.corners == (Corner("1", (0.0, 0.0), None),)
    assert guide.rotation_deg == 0.0


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "neither"),
        (b" " * (LARGEST_BYTES + 1), "bytes"),
        (as_bytes(answer(corners=[])), "between 1 and 60 corners"),
        (as_bytes(answer(corners=[7])), "trackPosition"),
        (as_bytes(answer(corners=[{"number": 1, "trackPosition": {"x": 1}}])), "is not a number"),
        (as_bytes(answer(corners=answer()["corners"] * 2)), "the same number"),
        (as_bytes(answer(corners=answer()["corners"] * 30)), "between 1 and 60 corners"),
        (as_bytes(answer(rotation="north")), "the rotation is not a number"),
        (as_bytes(answer(rotation=1e9)), "the rotation is out of range"),
        (as_bytes(columns(X=[1, 2])), "`X` is not as long"),
        (as_bytes(columns(X="123")), "`X` is not as long"),
        (as_bytes(columns(X=[float("nan"), 0, 0])), "the position of corner 1 is out of range"),
        (as_bytes(columns(Y=[0, 1e7, 0])), "the position of corner 2 is out of range"),
        (as_bytes(columns(Y=[0, True, 0])), "the position of corner 2 is not a number"),
        (as_bytes(columns(CornerNumber=[1, -2, 3])), "not the number of a corner"),
        (as_bytes(columns(CornerNumber=[1, True, 3])), "not the number of a corner"),
        (as_bytes(columns(CornerNumber=[1, 2.5, 3])), "not the number of a corner"),
        (as_bytes(columns(Distance=[3, 2, 1])), "do not rise"),
        (as_bytes(columns(Distance=[-1, 2, 3])), "do not rise"),
        (as_bytes(columns(Distance=[1, 2, 9e9])), "the distance of corner 3 is out of range"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(body: bytes, because: str) -> None:
    with pytest.raises(CircuitGuideError, match=because):
        read_guide(body, "nowhere.json")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from([columns, answer]), st.data())
def test_whatever_stands_in_a_field_it_is_read_or_refused(form: Any, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(form())))
    body = as_bytes(form(**{field: data.draw(ANYTHING)}))
    try:
        guide = read_guide(body, "nowhere.json")
    except CircuitGuideError:
        return
    assert guide.corners
    assert guide.source


def test_multiviewers_outline_and_flag_sectors_are_taken_where_they_are_sound() -> None:
    posts = [
        {"number": 1, "letter": "", "trackPosition": {"x": 10, "y": -20}},
        {"number": "seven"},
        "no post",
    ]
    told = answer(marshalSectors=posts, x=[30] * 60, y=[60] * 60)

    guide = read_guide(as_bytes(told), "nowhere.json")

    assert guide.flag_sectors == (Corner("1", (1.0, -2.0)),)
    assert guide.outline == ((3.0, 6.0),) * 60


@pytest.mark.parametrize(
    "damaged",
    [
        {"x": [1] * 60, "y": [1] * 59},
        {"x": [1] * 60, "y": ["1"] * 60},
        {"x": [1e9] * 60, "y": [1] * 60},
        {"x": [1] * 5, "y": [1] * 5},
        {"x": "1", "y": None},
        {"marshalSectors": {"number": 1}},
    ],
)
def test_a_damaged_outline_costs_itself_alone(damaged: dict[str, Any]) -> None:
    guide = read_guide(as_bytes(answer(**damaged)), "nowhere.json")

    assert (guide.outline, guide.flag_sectors) == ((), ())
    assert len(guide.corners) == 3
