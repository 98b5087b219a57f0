"""Find the words of all pages, merge them into the catalogues, and write what the browser loads.

    python scripts/words.py [--check]

A catalogue is a gettext file in `pitwall/web/locales`, one for each language; Babel reads and
writes it. Words that are gone stay in it as obsolete, new ones are added without a translation:
they are then said in English. With `--check` nothing is written, and the exit code says whether
something would be.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "pitwall" / "web" / "locales"


def main() -> int:
    """Write the catalogues; return the exit code."""
    words = words_of_pages()
    is_stale = False
    for path in sorted(FOLDER.glob("*.po")):
        catalogue = merged(path, words)
        script = ROOT / "assets" / f"words_{path.stem}.js"
        for file, text in ((path, as_po(catalogue)), (script, as_script(catalogue))):
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                is_stale = True
                if "--check" not in sys.argv:
                    file.write_text(text, encoding="utf-8")
        said = sum(1 for word in words if catalogue[word].string)
        sys.stdout.write(f"{path.stem}: {said} of {len(words)} words\n")
    return int(is_stale and "--check" in sys.argv)


def words_of_pages() -> list[str]:
    """Return the texts of all pages, and those that reach them in rows."""
    from pitwall.pitwall import PAGES
    from pitwall.web.shared import words

    for _route, _name, page, _on_load in PAGES:
        words.in_words(page)().render()
    rows = (FOLDER / "rows.txt").read_text(encoding="utf-8").splitlines()
    return sorted({*words.found, *(row for row in rows if row)})


def merged(path: Path, words: Iterable[str]) -> Catalog:
    """Return a language's catalogue with exactly these words, and the translations it had."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    template = Catalog()
    for word in words:
        template.add(word)
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue


def as_po(catalogue: Catalog) -> str:
    """Return the text of the catalogue's file; without dates, which no diff needs."""
    file = io.BytesIO()
    write_po(file, catalogue, width=100, sort_output=True, omit_header=True)
    return file.getvalue().decode("utf-8")


def as_script(catalogue: Catalog) -> str:
    """Return the module that the browser loads: translated words only."""
    said = {str(m.id): str(m.string) for m in catalogue if m.id and m.string}
    body = json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True)
    return f"// Written by scripts/words.py from pitwall/web/locales.\nexport default {body};\n"


if __name__ == "__main__":
    sys.exit(main())
