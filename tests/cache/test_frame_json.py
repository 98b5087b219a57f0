"""Test that frames of the previous release can be read while releases change over one Redis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from pitwall.cache.frame_file import frame_from_json, frame_to_json
from pitwall.domain.forecasts import Condition, MixedForecast, Reason
from pitwall.errors import ForeignFrameError
from tests.web.frames import make_frame


def as_before(text: bytes) -> bytes:
    """Return a frame as it was written when a reason was one line of text."""
    told = orjson.loads(text)
    for battle in told["battles"]:
        del battle["gap_at_line_s"]
        without_contributions(battle)
        battle["reasons"] = [
            f"{reason['weight']:+.2f} {reason['words']}" for reason in battle["reasons"]
        ]
    return orjson.dumps(told)


def without_contributions(battle: dict[str, Any]) -> None:
    """Remove from a battle what releases before contributions did not write."""
    del battle["condition"], battle["condition_words"]
    for reason in battle["reasons"]:
        del reason["expert"]
    if battle["mixed"] is not None:
        del battle["mixed"]["base"], battle["mixed"]["p_kept"]
        for opinion in battle["mixed"]["experts"]:
            del opinion["contribution"], opinion["points"]


def plain(mixed: MixedForecast | None) -> MixedForecast | None:
    """Return a mixture without contributions."""
    if mixed is None:
        return None
    experts = tuple(replace(one, contribution=None, points=None) for one in mixed.experts)
    return replace(mixed, experts=experts, base=None, p_kept=None)


def test_a_frame_whose_reasons_are_lines_of_text_is_read() -> None:
    frame = make_frame(7)
    without_topics = tuple(
        replace(
            battle,
            reasons=tuple(Reason("", one.weight, one.words) for one in battle.reasons),
            mixed=plain(battle.mixed),
            condition=Condition.CLEAN,
            condition_words="",
        )
        for battle in frame.battles
    )

    assert any(battle.reasons for battle in frame.battles)
    assert frame_from_json(as_before(frame_to_json(frame))) == replace(
        frame, battles=without_topics
    )


def test_a_frame_without_contributions_is_read() -> None:
    frame = make_frame(7)
    told = orjson.loads(frame_to_json(frame))
    for battle in told["battles"]:
        without_contributions(battle)
    before = tuple(
        replace(
            battle,
            reasons=tuple(replace(one, expert="") for one in battle.reasons),
            mixed=plain(battle.mixed),
            condition=Condition.CLEAN,
            condition_words="",
        )
        for battle in frame.battles
    )

    assert any(battle.mixed and battle.mixed.base for battle in frame.battles)
    assert any(battle.condition_words for battle in frame.battles)
    assert frame_from_json(orjson.dumps(told)) == replace(frame, battles=before)
    assert frame_from_json(frame_to_json(frame)) == frame


@pytest.mark.parametrize("text", [b"{}", b"[]", b"no json", b'{"battles": [{"reasons": ["?"]}]}'])
def test_what_nobody_wrote_is_refused(text: bytes) -> None:
    with pytest.raises(ForeignFrameError):
        frame_from_json(text)
