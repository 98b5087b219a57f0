"""Encode values the way F1 live timing does, so that `decode` and recordings can be read back."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta

import orjson

from pitwall.domain.gaps import Gap, LapsDown, LeaderLap, TimeGap


def encode_body(payload: object) -> bytes:
    """Return the JSON text of a payload as UTF-8, keys in their given order."""
    return orjson.dumps(payload)


def encode_zipped(payload: object) -> bytes:
    """Return the body of a `.z` topic: a quoted base64 string of raw deflate."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(orjson.dumps(payload)) + packer.flush()
    return b'"' + base64.b64encode(packed) + b'"'


def gap_text(gap: Gap) -> str:
    """Return the text from which `pitwall.domain.gaps.parse_gap` reads this gap.

    Example:
        >>> gap_text(TimeGap(1.2)), gap_text(TimeGap(62.5)), gap_text(LapsDown(2))
        ('+1.200', '+62.500', '2L')
        >>> gap_text(LeaderLap(12))
        'LAP 12'
    """
    match gap:
        case TimeGap(seconds):
            return f"+{seconds:.3f}"
        case LapsDown(laps):
            return f"{laps}L"
        case LeaderLap(lap):
            return f"LAP {lap}"
    return ""


def lap_time_text(seconds: float) -> str:
    """Return a lap time as `1:23.456`, or as `56.789` below one minute.

    Sector times are written the same way.

    Example:
        >>> lap_time_text(83.4564), lap_time_text(28.1), lap_time_text(59.9999)
        ('1:23.456', '28.100', '1:00.000')
    """
    whole_ms = round(seconds * 1000)
    minutes, rest_ms = divmod(whole_ms, 60_000)
    if minutes:
        return f"{minutes}:{rest_ms // 1000:02d}.{rest_ms % 1000:03d}"
    return f"{rest_ms // 1000}.{rest_ms % 1000:03d}"


def archive_time(since_zero: timedelta) -> str:
    """Return the 12 characters at the start of a line of a `.jsonStream` file.

    Example:
        >>> archive_time(timedelta(hours=1, minutes=2, seconds=3, milliseconds=45))
        '01:02:03.045'
    """
    whole_ms = round(since_zero / timedelta(milliseconds=1))
    seconds, ms = divmod(whole_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def utc_text(instant: datetime) -> str:
    """Return an aware instant as `2025-08-31T13:00:00.123Z`, in UTC, truncated to milliseconds."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
