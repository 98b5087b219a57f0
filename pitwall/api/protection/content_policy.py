"""The Content-Security-Policy: what a page of pitwall may load, run and reach.

Everything comes from the server itself. The few scripts that stand inside the built pages are
named by their hash, so that no other one runs.
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
    # Emotion, of which Reflex makes use, opens an empty <style> and fills it by script: the hash
    # is that of nothing.
    "style-src": "'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def content_policy(script_hashes: Iterable[str] = (), **directives: str) -> str:
    """Return the header's value.

    Args:
        script_hashes: From `inline_script_hashes`, of the scripts that stand inside pages.
        directives: Other values, by directive, with _ for -, such as `style_src`.
    """
    changed = {name.replace("_", "-"): value for name, value in directives.items()}
    scripts = " ".join(["'self'", *sorted(set(script_hashes))])
    policy = _DIRECTIVES | {"script-src": scripts} | changed
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def inline_script_hashes(html: bytes) -> list[str]:
    """Return the hash of each script that stands inside a page.

    Example:
        >>> inline_script_hashes(b'<script src="/x.js"></script><script>1</script>')
        ["'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"]
    """
    digests = (hashlib.sha256(script).digest() for script in _INLINE.findall(html) if script)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def hashes_of_pages(built: Path) -> frozenset[str]:
    """Return the hashes of all scripts inside the pages of a build; none where there is none."""
    return frozenset(
        found for page in built.rglob("*.html") for found in inline_script_hashes(page.read_bytes())
    )
