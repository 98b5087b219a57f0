"""Build the Content-Security-Policy: what a page of pitwall may load, run and reach.

Everything comes from the server itself. The few inline scripts of the built pages are allowed by
their hash, so that no other one runs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_INLINE: Final = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)

_DIRECTIVES: Final = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "manifest-src": "'self'",
    "media-src": "'self'",
    # Emotion, which Reflex uses, opens an empty <style> and fills it by script: the hash is that of
    # an empty text.
    "style-src": "'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def content_policy(script_hashes: Iterable[str] = (), **directives: str) -> str:
    """Return the header's value.

    Args:
        script_hashes: Hashes of inline scripts, from `inline_script_hashes`.
        directives: Values that replace the defaults, by directive with _ for -, as in `style_src`.
    """
    changed = {name.replace("_", "-"): value for name, value in directives.items()}
    scripts = " ".join(["'self'", *sorted(set(script_hashes))])
    policy = _DIRECTIVES | {"script-src": scripts} | changed
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def inline_script_hashes(html: bytes) -> list[str]:
    """Return the hash of each inline script of a page.

    Example:
        >>> inline_script_hashes(b'<script src="/x.js"></script><script>1</script>')
        ["'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"]
    """
    digests = (hashlib.sha256(script).digest() for script in _INLINE.findall(html) if script)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def hashes_of_pages(built: Path) -> frozenset[str]:
    """Return the hashes of all inline scripts of a build's pages; none without a build."""
    return frozenset(
        found for page in built.rglob("*.html") for found in inline_script_hashes(page.read_bytes())
    )
