"""Test what there is to be alerted to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pitwall.domain.battles import EndReason
from pitwall.web.shared.alert_rows import alert_rows
from pitwall.web.shared.page_rows import waiting_rows
from tests.web.frames import make_frame


def test_a_battle_is_told_in_steps_so_that_it_is_not_sent_with_every_percent() -> None:
    frame = make_frame(8)
    battle = frame.battles[0]
    for p, percent in ((0.62, 60), (0.649, 60), (0.1, 0), (None, -1)):
        (row,) = alert_rows(replace(frame, battles=(replace(battle, p_overtake=p),), ended=()))

        assert (row.kind, row.percent) == ("battle", percent)
        assert row.key == f"{battle.attacker}-{battle.defender}"
        assert row.words.count(" attacks ") == 1
        assert len(row.cars.split()) == 2


def test_a_pass_is_told_for_half_a_minute_with_the_chance_that_it_was_given() -> None:
    frame = make_frame(8)
    now = frame.header.as_of
    assert now is not None
    passed = replace(frame.ended[0], reason=EndReason.PASSED, ended_at=now, p_overtake_before=0.071)
    old = replace(passed, ended_at=now - timedelta(seconds=31))
    held = replace(passed, reason=EndReason.DROPPED_BACK)

    (row,) = alert_rows(replace(frame, battles=(), ended=(passed, old, held)))

    assert (row.kind, row.percent) == ("pass", 7)
    assert " passed " in row.words


def test_a_page_that_waits_or_hides_its_race_has_no_alerts() -> None:
    assert waiting_rows(1, 30)["alerts"] == []
