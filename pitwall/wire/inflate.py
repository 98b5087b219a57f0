"""Decompress the `.z` topics, which are quoted base64 of raw deflate, up to a size limit."""

from __future__ import annotations

import base64
import zlib

from pitwall.errors import MalformedMessageError

LARGEST_PAYLOAD = 4 * 1024 * 1024  # the largest that the feed sends has 0.2 MB


def inflate(packed: object) -> bytes:
    """Return the JSON text of a `.z` payload, at most 4 MB.

    Raises:
        MalformedMessageError: `inflate` for a payload that cannot be decompressed, `inflate_size`
            for a larger one, as a small message can hold gigabytes of zeros.
    """
    if not isinstance(packed, str):
        raise MalformedMessageError("inflate", f"a .z payload is text, was {type(packed).__name__}")
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = unpacker.decompress(base64.b64decode(packed, validate=True), LARGEST_PAYLOAD)
    except (ValueError, zlib.error) as error:
        raise MalformedMessageError("inflate", str(error)) from error
    if unpacker.unconsumed_tail:
        raise MalformedMessageError("inflate_size", f"more than {LARGEST_PAYLOAD} bytes")
    if not unpacker.eof:
        raise MalformedMessageError("inflate", "the compressed text is cut short")
    return text
