"""Test that the catalogues have the words of all pages, and German those of the live page."""

from __future__ import annotations

import json
from importlib import util
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from pitwall.pitwall import PAGES
from pitwall.web.live.page import live_page
from pitwall.web.shared import words

ROOT = Path(__file__).parents[2]


def _script() -> Any:
    spec = util.spec_from_file_location("catalogues", ROOT / "scripts" / "words.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


catalogues = _script()
LOCALES = Path(words.__file__).parents[1] / "locales"
LONG = 60  # a sentence that nobody translated yet is said in English; a label may not be


def test_the_browser_loads_what_the_catalogues_say() -> None:
    for path in LOCALES.glob("*.po"):
        catalogue = catalogues.merged(path, catalogues.words_of_pages())
        script = ROOT / "assets" / f"words_{path.stem}.js"
        assert script.read_text(encoding="utf-8") == catalogues.as_script(catalogue), (
            "run: python scripts/words.py"
        )


def test_german_says_the_labels_of_the_live_page() -> None:
    words.found.clear()
    words.in_words(live_page)().render()
    with (LOCALES / "de.po").open("rb") as file:
        said = {str(each.id) for each in read_po(file, locale="de") if each.string}
    labels = {word for word in words.found if len(word) < LONG}

    missing = sorted(labels - said)

    assert len(missing) <= 0.1 * len(labels), missing


def test_what_varies_stands_in_a_translation_as_often_as_in_the_word() -> None:
    with (LOCALES / "de.po").open("rb") as file:
        for each in read_po(file, locale="de"):
            if each.string:
                assert str(each.string).count("{}") == str(each.id).count("{}"), each.id


def test_every_page_is_looked_up() -> None:
    for _route, name, page, _on_load in PAGES:
        assert "pitwall_words(" in json.dumps(str(words.in_words(page)().render())), name
