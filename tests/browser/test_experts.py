"""Test interval and experts of a forecast on the card, in a real browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect

from pitwall.domain.frames import BattleLine, LiveFrame
from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.browser.test_live_page import POOR_CONTRAST, SOON_MS
from tests.web.frames import make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FRAME = make_frame(100)
HOTTEST = max(FRAME.battles, key=lambda line: (round(line.heat, 1), -line.position))


def opened(server: Server, page: Page, frame: LiveFrame = FRAME) -> Page:
    stage(page, lambda _: frame)
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    return page


def with_each(frame: LiveFrame, **changes: object) -> LiveFrame:
    lines: list[BattleLine] = [replace(line, **changes) for line in frame.battles]  # type: ignore[arg-type]
    return replace(frame, battles=tuple(lines))


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


def test_the_card_shows_interval_three_laps_and_what_may_come_first(
    server: Server, page: Page
) -> None:
    mixed = HOTTEST.mixed
    assert mixed is not None
    card = opened(server, page).locator(".card").first

    low, high, three = (round(100 * p) for p in (mixed.p_low, mixed.p_high, mixed.p_overtake_3))
    span = card.locator(".spans")
    expect(span).to_contain_text(f"90 % interval: {low}\N{EN DASH}{high} %")
    expect(span).to_contain_text(f"3 laps {three if mixed.p_overtake_3 <= 0.99 else '>99'} %")
    expect(card.locator(".first")).to_have_text(
        f"{round(100 * mixed.p_interrupted)} % stop or flag first"
    )


def test_the_bracket_lies_along_the_lamps(server: Server, page: Page) -> None:
    mixed = HOTTEST.mixed
    assert mixed is not None
    card = opened(server, page).locator(".card").first

    lamps, bracket = box(card.locator(".meter")), box(card.locator(".whisker"))
    left, width = card.locator(".whisker").evaluate(
        "e => { const s = getComputedStyle(e, '::before');"
        " return [parseFloat(s.left), parseFloat(s.width)]; }"
    )

    assert (bracket["x"], bracket["width"]) == (lamps["x"], lamps["width"])
    assert left / lamps["width"] == pytest.approx(mixed.p_low, abs=0.01)
    assert width / lamps["width"] == pytest.approx(mixed.p_high - mixed.p_low, abs=0.02)


def test_each_expert_is_named_and_the_one_who_estimates_says_so(server: Server, page: Page) -> None:
    mixed = HOTTEST.mixed
    assert mixed is not None
    experts = opened(server, page).locator(".card").first.locator(".expert")

    expect(experts).to_have_count(3)
    for expert, opinion in zip(experts.all(), mixed.experts, strict=True):
        says = round(100 * opinion.p_overtake) if opinion.p_overtake <= 0.99 else ">99"
        expect(expert).to_contain_text(opinion.expert)
        expect(expert).to_contain_text("counts for")
        expect(expert).to_contain_text(f"says {says} %")
        expect(expert.get_by_text("estimated")).to_have_count(int(opinion.is_estimated))
    expect(experts.get_by_title("the feed does not tell").first).to_be_visible()


def test_weights_are_widths_and_experts_differ_by_pattern(server: Server, page: Page) -> None:
    mixed = HOTTEST.mixed
    assert mixed is not None
    card = opened(server, page).locator(".card").first
    segments = card.locator(".share")

    widths = [box(segment)["width"] for segment in segments.all()]
    patterns = segments.evaluate_all("all => all.map(e => getComputedStyle(e).backgroundImage)")
    swatches = card.locator(".swatch").evaluate_all(
        "all => all.map(e => getComputedStyle(e).backgroundImage)"
    )

    for width, opinion in zip(widths, mixed.experts, strict=True):
        assert width / sum(widths) == pytest.approx(opinion.weight, abs=0.015)
    assert len(set(patterns)) == 3
    assert swatches == patterns


def test_one_model_alone_leaves_the_card_as_it_was(server: Server, page: Page) -> None:
    opened(server, page, with_each(FRAME, mixed=None))

    assert page.locator(".card").count() == len(FRAME.battles)
    expect(page.locator(":is(.whisker, .spans, .first, .expert-panel)")).to_have_count(0)
    expect(page.locator("footer")).not_to_contain_text("AERO")


@pytest.mark.parametrize("width", [320, 375, 768, 920, 1440])
def test_nothing_on_a_card_is_cut_off(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(server, page)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    cut = page.locator(".card").evaluate_all(
        "cards => cards.filter(c => c.scrollWidth > c.clientWidth).map(c => c.innerText)"
    )
    assert cut == []


def test_a_card_is_as_tall_without_a_forecast(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    silent = replace(
        HOTTEST, p_overtake=None, no_forecast_because="track not clear", reasons=(), mixed=None
    )
    lines = tuple(silent if line is HOTTEST else line for line in FRAME.battles)
    opened(server, page, replace(FRAME, battles=lines))

    first, second = (box(page.locator(".card").nth(place))["height"] for place in (0, 1))

    expect(page.locator(".card").first).to_contain_text("track not clear")
    assert first == pytest.approx(second, abs=2)


def test_experts_have_contrast(server: Server, page: Page) -> None:
    assert opened(server, page).evaluate(POOR_CONTRAST) == []


def test_nothing_glides_for_those_who_asked_for_calm(
    server: Server, context: BrowserContext
) -> None:
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    opened(server, page)

    glides = page.evaluate(
        "['.share', '.lit'].map(s => getComputedStyle(document.querySelector(s)))"
        ".concat(getComputedStyle(document.querySelector('.whisker'), '::before'))"
        ".map(s => s.transitionDuration)"
    )

    assert set(glides) == {"0s"}


def test_the_page_has_experts_where_the_served_model_has(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    told = page.request.get(f"{server.url}/live-battles").json()["battles"]

    if any(battle["mixed"] for battle in told):
        expect(page.locator(".expert").first).to_be_visible(timeout=SOON_MS)
        expect(page.locator(".first").first).to_contain_text("stop or flag first")
    else:
        expect(page.locator(":is(.whisker, .spans, .first, .expert-panel)")).to_have_count(0)
