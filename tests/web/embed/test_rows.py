"""Test that an embed says what the page says, in the same words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pitwall.domain.circuits import NO_MAP
from pitwall.web.embed.choices import EmbedKind
from pitwall.web.embed.rows import battle_of, embed_pieces
from pitwall.web.shared.page_rows import page_rows
from tests.web.frames import make_frame

FRAME = make_frame(8)


@pytest.mark.parametrize("scene", ["racing", "calm", "safety_car", "stale", "failed", "qualifying"])
@pytest.mark.parametrize("kind", EmbedKind)
def test_every_scene_has_head_and_pulse_as_the_page_has(kind: EmbedKind, scene: str) -> None:
    frame = make_frame(8, scene)

    pieces = embed_pieces(frame, kind, (), NO_MAP)

    page = page_rows(frame)
    assert pieces["pulse"] == page["pulse"]
    assert pieces["head"].items() >= {
        (name, page["header"][name]) for name in ("race", "flag_word", "source_word", "lap")
    }
    assert pieces["head"]["notice"] == page["notice"]["title"]


def test_the_battle_is_the_first_of_the_page_with_its_chance() -> None:
    pieces = embed_pieces(FRAME, EmbedKind.BATTLE, (), NO_MAP)

    page = page_rows(FRAME)
    card = page["cards"][0]
    assert pieces["battle"]["percent"] == card["percent"]
    assert pieces["battle"]["attacker"] == page["cars"][card["attacker"]]
    assert pieces["reading"] == page["readings"][card["key"]]


def test_a_chance_is_shown_smoothed_and_below_five_percent_as_a_word() -> None:
    battle = FRAME.battles[0]
    frame = replace(FRAME, battles=(replace(battle, p_overtake=0.4, p_shown=0.049),))

    shown = embed_pieces(frame, EmbedKind.BATTLE, (), NO_MAP)["battle"]

    assert (shown["word"], shown["percent"]) == ("unlikely", "")


def test_a_battle_can_be_named_by_its_drivers() -> None:
    codes = {line.number: line.code for line in FRAME.tower}
    last = FRAME.battles[-1]
    attacker, defender = codes[last.attacker], codes[last.defender]

    assert battle_of(FRAME, (attacker, defender)) is last
    assert battle_of(FRAME, (defender, str(last.attacker))) is last
    assert battle_of(FRAME, (attacker, "BOT")) is None
    found = battle_of(FRAME, (attacker,))
    assert found is not None
    assert last.attacker in {found.attacker, found.defender}


@pytest.mark.parametrize(
    ("scene", "drivers", "title"),
    [
        ("racing", ("VER", "BOT"), "No battle between VER and BOT"),
        ("racing", ("BOT",), "No battle of BOT"),
        ("calm", (), "No battle right now"),
        ("calm", ("VER", "BOT"), "No battle right now"),
        ("safety_car", (), "Safety car"),
        ("over", (), "Chequered flag"),
        ("qualifying", (), "No battles here"),
    ],
)
def test_why_there_is_no_battle_is_said(scene: str, drivers: tuple[str, ...], title: str) -> None:
    pieces = embed_pieces(make_frame(8, scene), EmbedKind.BATTLE, drivers, NO_MAP)

    assert pieces["battle"] is None
    assert pieces["empty"]["title"] == title


def test_in_qualifying_the_tower_has_laps() -> None:
    race = embed_pieces(FRAME, EmbedKind.TOWER, (), NO_MAP)
    timed = embed_pieces(make_frame(8, "qualifying"), EmbedKind.TOWER, (), NO_MAP)

    assert (len(race["tower"]), race["timed"]) == (22, [])
    assert race["gaps"] == page_rows(FRAME)["gaps"]
    assert (timed["tower"], len(timed["timed"])) == ([], 22)
    assert "1:13.200" in timed["timed"][0]
