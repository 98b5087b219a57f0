"""Test that frames of the previous release can be read while releases change over one Redis."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from pitwall.cache.frame_file import frame_from_json, frame_to_json
from pitwall.domain.forecasts import Reason
from pitwall.errors import ForeignFrameError
from tests.web.frames import make_frame


def as_before(text: bytes) -> bytes:
    """Return a frame as it was written when a reason was one line of text."""
    told = orjson.loads(text)
    for battle in told["battles"]:
        del battle["gap_at_line_s"]
        battle["reasons"] = [
            f"{reason['weight']:+.2f} {reason['words']}" for reason in battle["reasons"]
        ]
    return orjson.dumps(told)


def test_a_frame_whose_reasons_are_lines_of_text_is_read() -> None:
    frame = make_frame(7)
    without_topics = tuple(
        replace(
            battle,
            reasons=tuple(Reason("", one.weight, one.words) for one in battle.reasons),
        )
        for battle in frame.battles
    )

    assert any(battle.reasons for battle in frame.battles)
    assert frame_from_json(as_before(frame_to_json(frame))) == replace(
        frame, battles=without_topics
    )


@pytest.mark.parametrize("text", [b"{}", b"[]", b"no json", b'{"battles": [{"reasons": ["?"]}]}'])
def test_what_nobody_wrote_is_refused(text: bytes) -> None:
    with pytest.raises(ForeignFrameError):
        frame_from_json(text)
