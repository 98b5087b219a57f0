"""Test that Home Assistant would take what describes the entities, and each of their states."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pitwall import __version__
from pitwall.domain.flags import TrackStatus
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.race import Phase
from pitwall.mqtt.entities import HomeTopics, discovery_messages
from pitwall.mqtt.race_report import NO_BATTLE, hottest, is_available, report_of
from tests.live.frames import with_header
from tests.mqtt.home_assistant import attributes_of, faults, state_faults, state_of
from tests.web.frames import make_frame

TOPICS = HomeTopics("pitwall", "homeassistant")


def configs(topics: HomeTopics = TOPICS) -> dict[str, dict[str, Any]]:
    """Return the descriptions of all entities by their short names."""
    return {
        topic.split("/")[-2]: json.loads(payload)
        for topic, payload in discovery_messages(topics).items()
    }


def message_of(frame: LiveFrame, seconds: float = 0) -> str:
    return json.dumps(report_of(frame, frame.published_at + timedelta(seconds=seconds)))


@pytest.mark.parametrize("topics", [TOPICS, HomeTopics("home/pit-wall", "ha/discovery")])
def test_home_assistant_takes_every_description(topics: HomeTopics) -> None:
    messages = discovery_messages(topics)

    assert {topic: faults(topic, text, topics.discovery) for topic, text in messages.items()} == {
        topic: [] for topic in messages
    }


def test_the_schema_refuses_what_home_assistant_would() -> None:
    topic = "homeassistant/sensor/pitwall/x/config"
    bad: list[dict[str, Any]] = [
        {},
        {"state_topic": "a/#"},
        {"state_topic": "a", "nonsense": 1},
        {"state_topic": "a", "device": {"name": "no identifier"}},
        {"state_topic": "a", "origin": {"sw_version": "1"}},
        {"state_topic": "a", "options": ["x"]},
        {"state_topic": "a", "options": ["x"], "device_class": "enum", "state_class": "total"},
        {"state_topic": "a", "device_class": "duration", "unit_of_measurement": "laps"},
    ]

    assert [config for config in bad if not faults(topic, json.dumps(config))] == []
    assert faults("homeassistant/sensor/a/b/c/config", '{"state_topic": "a"}')
    assert faults(topic, '{"state_topic": "a"}') == []


def test_no_two_entities_share_an_identifier_and_all_belong_to_one_device_of_this_version() -> None:
    found = configs()

    assert len({config["unique_id"] for config in found.values()}) == len(found)
    assert {json.dumps(config["device"]) for config in found.values()} == {
        json.dumps(found["lap"]["device"])
    }
    assert found["lap"]["device"]["sw_version"] == __version__
    assert found["lap"]["origin"] == {"name": "pitwall", "sw_version": __version__}


def test_the_device_links_to_the_page_where_its_address_is_known() -> None:
    topics = HomeTopics("pitwall", "homeassistant", "https://pitwall.example.org")

    assert "configuration_url" not in configs()["lap"]["device"]
    assert configs(topics)["lap"]["device"]["configuration_url"] == "https://pitwall.example.org"
    assert [faults(*each) for each in discovery_messages(topics).items()] == [[]] * 9


def test_two_servers_on_one_broker_share_nothing() -> None:
    first, second = configs(), configs(HomeTopics("garage", "homeassistant"))

    assert not {c["unique_id"] for c in first.values()} & {c["unique_id"] for c in second.values()}
    assert first["lap"]["device"]["name"] == "Pitwall"
    assert second["lap"]["device"]["name"] == "Pitwall garage"


def test_without_discovery_nothing_is_described() -> None:
    assert discovery_messages(HomeTopics("pitwall", "")) == {}


def test_all_but_the_connection_go_unavailable_and_the_connection_says_so() -> None:
    for name, config in configs().items():
        if name == "feed":
            assert "availability_topic" not in config
            assert config["state_topic"] == "pitwall/availability"
        else:
            assert config["availability_topic"] == "pitwall/availability"


FRAMES = {
    "racing": make_frame(40),
    "no battle": replace(make_frame(), battles=()),
    "without forecast": replace(
        make_frame(),
        battles=tuple(
            replace(each, p_overtake=None, no_forecast_because="why")
            for each in make_frame().battles
        ),
    ),
    "nothing known": with_header(
        replace(make_frame(), battles=(), tower=(), data_age_s=None),
        name="",
        kind="",
        lap=None,
        total_laps=None,
    ),
    "a long name": replace(
        make_frame(), tower=tuple(replace(line, name="x" * 500) for line in make_frame().tower)
    ),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_every_entity_can_take_its_state(kind: str) -> None:
    message = message_of(FRAMES[kind])

    for name, config in configs().items():
        if name != "feed":
            assert list(state_faults(config, state_of(config, message))) == [], name
        if "json_attributes_template" in config:
            attributes_of(config, message)


@pytest.mark.parametrize("status", TrackStatus)
def test_every_flag_and_phase_is_an_option(status: TrackStatus) -> None:
    for phase in Phase:
        message = message_of(with_header(make_frame(), track_status=status, phase=phase))

        assert state_of(configs()["track_flag"], message) == status
        for name in ("track_flag", "phase"):
            config = configs()[name]
            assert list(state_faults(config, state_of(config, message))) == []


def test_the_hottest_battle_is_told_with_its_cars_gap_and_chance() -> None:
    frame = make_frame(40)
    first, *others = frame.battles
    battles = (
        replace(first, rank=2, heat=1.0),
        replace(others[0], rank=1, p_shown=0.236, p_overtake=0.31, gap_at_line_s=1.25),
    )
    message = message_of(replace(frame, battles=battles))
    cars = {line.number: line for line in frame.tower}
    attacker, defender = cars[battles[1].attacker], cars[battles[1].defender]

    state = state_of(configs()["hottest_battle"], message)
    attributes = attributes_of(configs()["hottest_battle"], message)

    assert state == f"{attacker.name} attacks {defender.name} for P{battles[1].position}"
    assert attributes["attacker"] == attacker.name
    assert attributes["defender"] == defender.name
    assert attributes["defender_number"] == defender.number
    assert attributes["interval_s"] == round(battles[1].interval_s, 3)
    assert attributes["gap_at_line_s"] == 1.25
    assert attributes["p_overtake"] == 0.31
    assert attributes["laps"] == battles[1].laps
    assert attributes["position"] == battles[1].position
    assert state_of(configs()["chance"], message) == "23.6"


def test_where_nothing_puts_battles_in_order_the_hottest_is_told() -> None:
    battles = tuple(replace(each, rank=0) for each in make_frame(40).battles)

    found = hottest(battles)

    assert found is not None
    assert found.heat == max(each.heat for each in battles)


def test_without_a_battle_the_chance_is_unknown() -> None:
    message = message_of(FRAMES["no battle"])

    assert state_of(configs()["hottest_battle"], message) == NO_BATTLE
    assert attributes_of(configs()["hottest_battle"], message) == {}
    assert state_of(configs()["chance"], message) == "None"
    assert state_of(configs()["battles"], message) == "0"


def test_a_battle_that_is_only_kept_open_does_not_count() -> None:
    frame = make_frame(40)
    fading = replace(frame, battles=(replace(frame.battles[0], fading=True), *frame.battles[1:]))

    assert report_of(fading, frame.published_at)["battles"] == len(frame.battles) - 1


def test_the_age_of_the_feed_is_told_in_steps() -> None:
    frame = replace(make_frame(), data_age_s=0.4)
    ages = [report_of(frame, frame.published_at + timedelta(seconds=s)) for s in (0, 4, 5, 9.7)]

    assert [each["feed_age_s"] for each in ages] == [0, 0, 5, 10]


@pytest.mark.parametrize("state", FeedState)
def test_a_feed_that_is_silent_or_failed_is_not_available(state: FeedState) -> None:
    frame = with_header(make_frame(), feed_state=state)

    is_told = state in {FeedState.FLOWING, FeedState.PAUSED, FeedState.ENDED}

    assert is_available(frame, frame.published_at) is is_told


def test_frames_that_stopped_are_not_available() -> None:
    frame = make_frame()

    assert is_available(frame, frame.published_at + timedelta(seconds=10))
    assert not is_available(frame, frame.published_at + timedelta(seconds=10.1))
    assert not is_available(None, frame.published_at)
