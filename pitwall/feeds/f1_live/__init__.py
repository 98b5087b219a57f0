"""Receive F1 live timing over SignalR Core while a session runs."""

from pitwall.feeds.f1_live.client import F1_URL, F1LiveFeed

__all__ = ["F1_URL", "F1LiveFeed"]
