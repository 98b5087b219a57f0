"""Test that text from a feed is bounded in length and never read as markup."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from pitwall.web.races.rows import race_row
from pitwall.web.replay.timeline_rows import timeline_row
from pitwall.web.shared.display_text import NAME, SENTENCE, code, label
from pitwall.web.shared.page_rows import page_rows
from tests.web.frames import make_frame
from tests.web.replay.test_tab import LINE, Looking

LONG = "X" * 900
MARKUP = "<a href='//evil.example'>x</a><b>%{y}\n\u202e"


@pytest.mark.parametrize("said", [LONG, MARKUP, "=1+1" * 300, "\u200b" * 900])
def test_no_text_of_a_feed_widens_the_page(said: str) -> None:
    frame = make_frame()
    cars = tuple(replace(car, code=said, name=said, team_colour=said) for car in frame.tower)
    header = replace(
        frame.header, name=said, kind=said, circuit=said, latest_control=said, feed_detail=said
    )

    rows = page_rows(replace(frame, tower=cars, header=header))

    for row in rows["cars"].values():
        assert len(row["code"]) <= 6
        assert len(row["name"]) <= NAME
        assert row["colour"][0] == "#"
        assert len(row["colour"]) == 7
    assert len(rows["header"]["race"]) <= NAME
    assert len(rows["header"]["venue"]) <= 3 * NAME
    assert len(rows["header"]["control"]) <= SENTENCE
    assert "X" * 300 not in json.dumps(rows)
    assert "\u202e" not in json.dumps(rows, ensure_ascii=False)


@pytest.mark.parametrize("said", [LONG, MARKUP])
def test_nor_does_a_kept_races(said: str) -> None:
    line = asdict(timeline_row(replace(LINE, codes=dict.fromkeys(LINE.codes, said))))
    row = race_row(replace(Looking.race, name=said, circuit=said), veiled=False)

    assert all(len(mark["words"]) < 80 and "<" not in mark["words"] for mark in line["passes"])
    assert len(row.name) <= NAME
    assert len(row.where) <= 3 * NAME


def test_plotly_shows_text_as_it_is() -> None:
    assert "<" not in label(MARKUP)
    assert "%{" not in label(MARKUP)
    assert len(code(MARKUP, 4)) <= 6
    assert code("\u200b" * 900, 4) == "4"
