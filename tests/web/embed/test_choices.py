"""Test that an embed's address is read as it is documented, and refused with a reason."""

from __future__ import annotations

import pytest

from pitwall.errors import RefusedFieldError
from pitwall.web.embed.choices import EmbedChoices, EmbedKind, read_choices
from pitwall.web.embed.document import embed_document, refused_document


def test_without_a_query_it_is_made_for_a_stream() -> None:
    assert read_choices({}) == EmbedChoices()
    assert EmbedChoices().background == "transparent"


def test_everything_can_be_chosen() -> None:
    chosen = read_choices(
        {
            "theme": "light",
            "palette": "safe",
            "lang": "de",
            "accent": "#FF8000",
            "background": "00FF00",
            "scale": "1.5",
            "delay": "12,5",
            "drivers": "ver, 4",
            "rows": "10",
        }
    )

    assert chosen == EmbedChoices(
        "light", "safe", "de", "ff8000", "00ff00", 1.5, 12.5, ("VER", "4"), 10
    )


def test_an_empty_value_is_the_default() -> None:
    assert read_choices({"accent": "", "delay": " ", "drivers": ""}) == EmbedChoices()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "neon"),
        ("lang", "fr"),
        ("accent", "red"),
        ("accent", 'ff8000"><script>'),
        ("background", "url(//evil.example)"),
        ("scale", "0.1"),
        ("scale", "nan"),
        ("scale", "1e3"),
        ("delay", "-1"),
        ("delay", "301"),
        ("drivers", "VER-NOR-PIA"),
        ("drivers", "VERSTAPPEN"),
        ("rows", "31"),
        ("colour", "red"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(RefusedFieldError) as refused:
        read_choices({name: value})

    assert refused.value.field == name
    assert name in str(refused.value)


def test_the_page_has_nothing_inline_and_says_a_reason_as_text() -> None:
    page = embed_document(EmbedKind.BATTLE, read_choices({"drivers": "VER-NOR", "delay": "12.5"}))
    refused = refused_document("<script>alert(1)</script>")

    assert 'data-drivers="VER-NOR"' in page
    assert 'data-delay="12.5"' in page
    assert page.count("<script") == 1
    assert "style=" not in page
    assert "<script>" not in refused
    assert "&lt;script&gt;alert(1)" in refused
