"""Judge MQTT discovery messages, states and templates as Home Assistant would.

Home Assistant publishes no schema file of its discovery messages. What it takes is defined in
Python, with voluptuous, and cannot be installed beside pitwall. The JSON Schema here was written by
hand from these files of github.com/home-assistant/core, as of 2024 and 2025:

- `homeassistant/components/mqtt/schemas.py`: `MQTT_ENTITY_COMMON_SCHEMA`,
  `MQTT_ORIGIN_INFO_SCHEMA`, `MQTT_AVAILABILITY_SINGLE_SCHEMA` and
  `MQTT_ENTITY_DEVICE_INFO_SCHEMA` (at least one identifier)
- `homeassistant/components/mqtt/sensor.py`: `_PLATFORM_SCHEMA_BASE` and
  `validate_sensor_state_and_device_class_config` (options belong to `enum`, which has neither unit
  nor state class; a device class has its units)
- `homeassistant/components/mqtt/binary_sensor.py`: the `PLATFORM_SCHEMA`
- `homeassistant/components/mqtt/discovery.py`: `TOPIC_MATCHER`

It is stricter in one point: Home Assistant drops fields that it does not know, and this refuses
them, since a field that is dropped is a mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft202012Validator

MOST_CHARACTERS_OF_A_STATE = 255
TOPIC = re.compile(
    r"(?P<component>\w+)/(?:(?P<node_id>[a-zA-Z0-9_-]+)/)?(?P<object_id>[a-zA-Z0-9_-]+)/config"
)
_TEXT = {"type": "string", "minLength": 1}
_SUBSCRIBED = {"type": "string", "minLength": 1, "maxLength": 65535, "pattern": "^[^#+\\u0000]+$"}
_DEVICE = {
    "type": "object",
    "properties": {
        "identifiers": {"type": "array", "items": _TEXT, "minItems": 1},
        **dict.fromkeys(("manufacturer", "model", "model_id", "name"), _TEXT),
        **dict.fromkeys(("hw_version", "sw_version"), _TEXT),
        "suggested_area": _TEXT,
        "configuration_url": {"type": "string", "pattern": "^(https?|homeassistant)://"},
    },
    "required": ["identifiers"],
    "additionalProperties": False,
}
_ORIGIN = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "sw_version": _TEXT,
        "support_url": {"type": "string", "pattern": "^(https?|homeassistant)://"},
    },
    "required": ["name"],
    "additionalProperties": False,
}
_COMMON = {
    "name": _TEXT,
    "unique_id": _TEXT,
    "device": _DEVICE,
    "origin": _ORIGIN,
    "state_topic": _SUBSCRIBED,
    "value_template": _TEXT,
    "qos": {"enum": [0, 1, 2]},
    "availability_topic": _SUBSCRIBED,
    "availability_template": _TEXT,
    "payload_available": _TEXT,
    "payload_not_available": _TEXT,
    "json_attributes_topic": _SUBSCRIBED,
    "json_attributes_template": _TEXT,
    "enabled_by_default": {"type": "boolean"},
    "entity_category": {"enum": ["config", "diagnostic"]},
    "icon": {"type": "string", "pattern": "^[a-z]+:[a-z0-9-]+$"},
    "expire_after": {"type": "integer", "minimum": 0},
    "force_update": {"type": "boolean"},
}
_SENSOR = {
    "type": "object",
    "properties": {
        **_COMMON,
        "device_class": {"enum": ["enum", "duration", "timestamp"]},
        "options": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
        "state_class": {"enum": ["measurement", "total", "total_increasing"]},
        "suggested_display_precision": {"type": "integer", "minimum": 0},
        "unit_of_measurement": _TEXT,
    },
    "required": ["state_topic"],
    "additionalProperties": False,
    "allOf": [
        {
            "if": {"required": ["options"]},
            "then": {
                "properties": {
                    "device_class": {"const": "enum"},
                    "state_class": False,
                    "unit_of_measurement": False,
                },
                "required": ["device_class"],
            },
        },
        {
            "if": {
                "properties": {"device_class": {"const": "duration"}},
                "required": ["device_class"],
            },
            "then": {"properties": {"unit_of_measurement": {"enum": ["d", "h", "min", "s", "ms"]}}},
        },
    ],
}
_BINARY_SENSOR = {
    "type": "object",
    "properties": {
        **_COMMON,
        "device_class": {"enum": ["connectivity", "problem", "running"]},
        "payload_on": _TEXT,
        "payload_off": _TEXT,
        "off_delay": {"type": "integer", "minimum": 0},
    },
    "required": ["state_topic"],
    "additionalProperties": False,
}
_VALIDATORS = {
    "sensor": Draft202012Validator(_SENSOR),
    "binary_sensor": Draft202012Validator(_BINARY_SENSOR),
}
_TEMPLATES = ImmutableSandboxedEnvironment()


def faults(topic: str, payload: str, prefix: str = "homeassistant") -> list[str]:
    """Return why Home Assistant would refuse a discovery message, or drop a part of it."""
    trimmed = topic.removeprefix(f"{prefix}/")
    match = TOPIC.fullmatch(trimmed)
    if match is None or trimmed == topic:
        return [f"{topic} is no topic of discovery"]
    component = match["component"]
    if component not in _VALIDATORS:
        return [f"{component} is not known here"]
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in _VALIDATORS[component].iter_errors(json.loads(payload))
    ]


def state_of(config: Mapping[str, Any], payload: str) -> str:
    """Return the state that an entity shows after a message on its topic."""
    if "value_template" not in config:
        return payload
    return _rendered(config["value_template"], payload)


def attributes_of(config: Mapping[str, Any], payload: str) -> dict[str, Any]:
    """Return the attributes of an entity; Home Assistant refuses all but objects."""
    found = json.loads(_rendered(config["json_attributes_template"], payload))
    assert isinstance(found, dict)
    return found


def state_faults(config: Mapping[str, Any], state: str) -> Iterator[str]:
    """Yield why an entity could not take a state; "None" is `unknown`, which each can."""
    if state == "None":
        return
    if len(state) > MOST_CHARACTERS_OF_A_STATE:
        yield f"{len(state)} characters"
    if "options" in config and state not in config["options"]:
        yield f"{state} is none of the options"
    if "unit_of_measurement" in config or "state_class" in config:
        try:
            float(state)
        except ValueError:
            yield f"{state} is no number"


def _rendered(template: str, payload: str) -> str:
    return _TEMPLATES.from_string(template).render(value=payload, value_json=json.loads(payload))
