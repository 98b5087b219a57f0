"""Publish the race on the owner's MQTT broker, for Home Assistant and its like."""
