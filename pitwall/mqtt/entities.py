"""Describe the entities of pitwall in Home Assistant's words for MQTT discovery.

One retained message for each entity, and none for the whole device: Home Assistant takes the latter
since 2024.11 only, and other programs that speak MQTT discovery, such as openHAB and Domoticz, were
written for the former. Names of fields are written in full for the same reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pitwall import __version__
from pitwall.domain.flags import TrackStatus
from pitwall.domain.race import Phase

ONLINE: Final = "online"
OFFLINE: Final = "offline"
DEFAULT_PREFIX: Final = "pitwall"
_NOT_IN_ID: Final = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class HomeTopics:
    """The topics of one server.

    Attributes:
        prefix: Begins the topics of states, such as `pitwall`.
        discovery: Begins the topics of discovery, such as `homeassistant`; "" for no discovery.
        page: The address of pitwall's page, to which the device links; "" where not known.
    """

    prefix: str
    discovery: str
    page: str = ""

    @property
    def state(self) -> str:
        """Where the values of all entities are published, as one JSON object."""
        return f"{self.prefix}/state"

    @property
    def availability(self) -> str:
        """Where `online` or `offline` is published, the latter also by the broker (the will)."""
        return f"{self.prefix}/availability"

    @property
    def node(self) -> str:
        """The name of the device in topics and identifiers."""
        return _NOT_IN_ID.sub("_", self.prefix)

    @property
    def births(self) -> tuple[str, ...]:
        """Where Home Assistant says that it has started; its default whatever `discovery` is."""
        if not self.discovery:
            return ()
        return tuple(dict.fromkeys(("homeassistant/status", f"{self.discovery}/status")))


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of the device.

    Attributes:
        id: Its name in topics and identifiers.
        name: Its name for people, to which Home Assistant adds that of the device.
        value: The template of its value.
        fields: What else Home Assistant is told.
        attributes: The template of its attributes, a JSON object; "" without.
    """

    id: str
    name: str
    value: str
    fields: Mapping[str, Any]
    attributes: str = ""


_SENSORS: Final = (
    Entity(
        "hottest_battle",
        "Hottest battle",
        "{{ value_json.hottest }}",
        {"icon": "mdi:sword-cross"},
        "{{ (value_json.battle or {}) | tojson }}",
    ),
    Entity(
        "chance",
        "Chance of a pass",
        "{{ value_json.chance }}",
        {
            "icon": "mdi:percent",
            "unit_of_measurement": "%",
            "state_class": "measurement",
            "suggested_display_precision": 0,
        },
    ),
    Entity(
        "battles",
        "Battles",
        "{{ value_json.battles }}",
        {"icon": "mdi:racing-helmet", "state_class": "measurement"},
    ),
    Entity(
        "track_flag",
        "Track flag",
        "{{ value_json.flag }}",
        {
            "icon": "mdi:flag",
            "device_class": "enum",
            "options": [status.value for status in TrackStatus],
        },
    ),
    Entity(
        "phase",
        "Session phase",
        "{{ value_json.phase }}",
        {
            "icon": "mdi:flag-checkered",
            "device_class": "enum",
            "options": [phase.value for phase in Phase],
        },
    ),
    Entity(
        "lap",
        "Lap",
        "{{ value_json.lap }}",
        {"icon": "mdi:counter", "state_class": "measurement"},
        "{{ {'total_laps': value_json.total_laps} | tojson }}",
    ),
    Entity(
        "session",
        "Session",
        "{{ value_json.session }}",
        {"icon": "mdi:trophy"},
        "{{ value_json.race | tojson }}",
    ),
    Entity(
        "feed_age",
        "Feed age",
        "{{ value_json.feed_age_s }}",
        {
            "device_class": "duration",
            "unit_of_measurement": "s",
            "state_class": "measurement",
            "entity_category": "diagnostic",
        },
    ),
)


def discovery_messages(topics: HomeTopics) -> dict[str, str]:
    """Return the retained messages by which the entities appear, by topic; {} for no discovery."""
    if not topics.discovery:
        return {}
    messages = {
        _config_topic(topics, "sensor", entity.id): _encoded(_sensor(topics, entity))
        for entity in _SENSORS
    }
    messages[_config_topic(topics, "binary_sensor", "feed")] = _encoded(_connectivity(topics))
    return messages


def _config_topic(topics: HomeTopics, component: str, entity: str) -> str:
    return f"{topics.discovery}/{component}/{topics.node}/{entity}/config"


def _encoded(config: Mapping[str, Any]) -> str:
    return json.dumps(config, ensure_ascii=False, separators=(",", ":"))


def _sensor(topics: HomeTopics, entity: Entity) -> dict[str, Any]:
    attributes = {
        "json_attributes_topic": topics.state,
        "json_attributes_template": entity.attributes,
    }
    return {
        **_common(topics, entity.id, entity.name),
        "state_topic": topics.state,
        "value_template": entity.value,
        "availability_topic": topics.availability,
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        **(attributes if entity.attributes else {}),
        **entity.fields,
    }


def _connectivity(topics: HomeTopics) -> dict[str, Any]:
    """Return what says whether the others are available; it has to be so itself at all times."""
    return {
        **_common(topics, "feed", "Feed"),
        "state_topic": topics.availability,
        "payload_on": ONLINE,
        "payload_off": OFFLINE,
        "device_class": "connectivity",
        "entity_category": "diagnostic",
    }


def _common(topics: HomeTopics, entity: str, name: str) -> dict[str, Any]:
    device = "Pitwall" if topics.prefix == DEFAULT_PREFIX else f"Pitwall {topics.prefix}"
    return {
        "name": name,
        "unique_id": f"{topics.node}_{entity}",
        "device": {
            "identifiers": [topics.node],
            "name": device,
            "manufacturer": "pitwall",
            "model": "Formula 1 dashboard",
            "sw_version": __version__,
            **({"configuration_url": topics.page} if topics.page else {}),
        },
        "origin": {"name": "pitwall", "sw_version": __version__},
    }
