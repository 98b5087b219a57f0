"""Name the fonts that come with the package, for embeds and for the pictures of links.

The pages get theirs from the build; these are the same ones. All are under the SIL Open Font
License 1.1, whose texts are beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "fonts"


@dataclass(frozen=True, slots=True)
class Typeface:
    """A font's family, weight and file."""

    family: str
    weight: int
    file: str

    def css(self, address: str) -> str:
        """Return the rule with which a style sheet loads it."""
        return (
            f'@font-face {{ font-family: "{self.family}"; font-weight: {self.weight}; '
            f'font-display: swap; src: url("{address}") format("woff2"); }}'
        )


LABEL: Final = Typeface("Saira Condensed", 500, "saira-condensed-500.woff2")
LABEL_BOLD: Final = Typeface("Saira Condensed", 700, "saira-condensed-700.woff2")
DATA: Final = Typeface("IBM Plex Mono", 400, "ibm-plex-mono-400.woff2")
DATA_BOLD: Final = Typeface("IBM Plex Mono", 600, "ibm-plex-mono-600.woff2")
FACES: Final = (LABEL, LABEL_BOLD, DATA, DATA_BOLD)
