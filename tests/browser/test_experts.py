"""Test interval and experts of a forecast on the stage, in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect

from pitwall.domain.forecasts import Condition
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.web.live.experts import SUBJECTS
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.expert_rows import mix_row
from tests.browser import axe
from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.browser.test_live_page import POOR_CONTRAST, SOON_MS
from tests.contributing import made_up
from tests.web.frames import YELLOW, make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FRAME = make_frame(100)
LONGEST_REFUSAL = "safety car; the next forecast comes when racing resumes, in two laps"
HOTTEST = max(FRAME.battles, key=lambda line: (line.heat, -line.position))


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
    card = opened(server, page).locator(".stage")

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
    card = opened(server, page).locator(".stage")

    lamps, bracket = box(card.locator(".meter")), box(card.locator(".whisker"))
    left, width = card.locator(".whisker").evaluate(
        "e => { const s = getComputedStyle(e, '::before');"
        " return [parseFloat(s.left), parseFloat(s.width)]; }"
    )

    assert (bracket["x"], bracket["width"]) == (lamps["x"], lamps["width"])
    assert left / lamps["width"] == pytest.approx(mixed.p_low, abs=0.01)
    assert width / lamps["width"] == pytest.approx(mixed.p_high - mixed.p_low, abs=0.02)


def test_each_expert_shows_what_it_moves_the_forecast_by(server: Server, page: Page) -> None:
    mixed = HOTTEST.mixed
    assert mixed is not None
    row = mix_row(mixed)
    card = opened(server, page).locator(".stage")
    situation, *experts = card.locator(".move").all()

    expect(situation).to_have_text(f"situation{row.situation} %")
    assert len(experts) == 3
    for expert, told, opinion in zip(experts, row.experts, mixed.experts, strict=True):
        sign = "+" if told.points > 0 else MINUS if told.points < 0 else "\N{PLUS-MINUS SIGN}"
        expect(expert.locator(".move-points")).to_have_text(f"{sign}{abs(told.points)}")
        expect(expert.locator(".move-who")).to_contain_text(
            f"{opinion.expert} {SUBJECTS[told.name]}"
        )
        expect(expert.get_by_text("est.")).to_have_count(int(opinion.is_estimated))
    expect(card.get_by_title("the feed does not tell").first).to_be_visible()
    expect(card.locator(".kept")).to_have_text(f"if passed, stands: {row.kept} %")


def test_what_is_read_out_is_one_sentence(server: Server, page: Page) -> None:
    forecast = made_up(-2.0, (0.3, 1.1, -0.6))
    frame = with_each(FRAME, mixed=forecast.mixed, p_overtake=forecast.p_overtake)
    card = opened(server, page, frame).locator(".stage")

    expect(card.locator(".moves-sentence")).to_have_text(
        "The situation alone gives 12 %, OM (mode, estimated) adds 4 points, BOOST (energy, "
        "estimated) adds 16 points, AERO (wake, estimated) takes 9 points, which makes 23 %."
    )
    read_out = card.locator(".moves").aria_snapshot()
    assert "situation alone" in read_out
    assert "BOOST energy" not in read_out  # the bars and their numbers are not read out again


def test_bars_grow_to_the_side_of_their_sign_and_differ_between_battles(
    server: Server, page: Page
) -> None:
    frame = replace(FRAME, battles=tuple(
        replace(line, mixed=made_up(-1.0, adds).mixed, heat=0.9 - line.position / 1000)
        for line, adds in zip(FRAME.battles, ((0.3, 0.7, -0.4), (-0.2, -0.9, 0.8)), strict=False)
    ))  # fmt: skip
    page_of_two = opened(server, page, frame)

    def bars(place: int) -> list[tuple[float, float]]:
        """Return where each bar begins and ends, in tenths of a point from the track's middle."""
        found = []
        page_of_two.locator(".card").nth(place).click()
        page_of_two.wait_for_timeout(500)  # bars glide to their places
        for move in page_of_two.locator(".stage .move").all()[1:]:
            track, bar = box(move.locator(".move-track")), box(move.locator(".move-bar"))
            middle, half = track["x"] + track["width"] / 2, track["width"] / 2 - 1
            ends = (bar["x"], bar["x"] + bar["width"])
            left, right = (200 * (end - middle) / half for end in ends)
            found.append((left, right))
        return found

    for place, line in enumerate(frame.battles):
        assert line.mixed is not None
        for (left, right), opinion in zip(bars(place), line.mixed.experts, strict=True):
            tenths = 1000 * (opinion.points or 0.0)
            assert left == pytest.approx(min(0.0, tenths), abs=3)
            assert right == pytest.approx(max(0.0, tenths), abs=3)
    for (_, right), (left, _) in zip(bars(0)[:2], bars(1)[:2], strict=True):
        assert left < -10 < 10 < right


def test_a_bar_beyond_the_scale_ends_in_an_arrow(server: Server, page: Page) -> None:
    forecast = made_up(-0.5, (0.0, 2.5, -1.5))
    frame = with_each(FRAME, mixed=forecast.mixed)
    bars = opened(server, page, frame).locator(".stage").locator(".move-bar")

    clips = bars.evaluate_all("all => all.map(e => getComputedStyle(e).clipPath !== 'none')")
    tracks = bars.evaluate_all(
        "all => all.map(e => e.offsetLeft + e.offsetWidth - e.parentElement.clientWidth)"
    )

    assert clips == [False, True, True]
    assert max(tracks) <= 1


def test_reasons_stand_under_what_they_moved(server: Server, page: Page) -> None:
    said = made_up(-2.0, (0.3, 1.1, -0.6)).reasons[:3]
    card = opened(server, page, with_each(FRAME, reasons=said)).locator(".stage")

    for part, sign, words in (
        ("situation", MINUS, "gap 0.6 s"),
        ("boost", r"\+", "more charge on the straights"),
        ("aero", MINUS, "0.2 s lost"),
    ):
        told = card.get_by_role("list", name=f"Reasons: {part}")
        expect(told).to_have_text(re.compile(rf"{sign}(\d+|<1){words}"))
    expect(card.locator(".move-reasons li")).to_have_count(3)


def test_the_condition_of_a_battle_is_one_line(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    opened(server, page, with_each(FRAME, condition=Condition.YELLOW, condition_words=YELLOW))
    lines = page.locator(".stage .condition")

    expect(lines.first).to_have_text(YELLOW)
    heights = {round(box(line)["height"]) for line in lines.all()}
    assert max(heights) < 30


def without_contributions(line: BattleLine) -> BattleLine:
    """Return a battle as an earlier release forecast it."""
    assert line.mixed is not None
    experts = tuple(replace(one, contribution=None, points=None) for one in line.mixed.experts)
    mixed = replace(line.mixed, experts=experts, base=None, p_kept=None)
    return replace(line, mixed=mixed, reasons=tuple(replace(r, expert="") for r in line.reasons))


def test_forecasts_of_an_earlier_release_show_weights_and_opinions(
    server: Server, page: Page
) -> None:
    line = without_contributions(HOTTEST)
    mixed = line.mixed
    assert mixed is not None
    card = opened(server, page, replace(FRAME, battles=(line,))).locator(".stage")
    experts = card.locator(".expert")

    expect(experts).to_have_count(3)
    for expert, opinion in zip(experts.all(), mixed.experts, strict=True):
        says = round(100 * opinion.p_overtake) if opinion.p_overtake <= 0.99 else ">99"
        expect(expert).to_contain_text(f"says {says} %")
        weight = int((expert.inner_text()).split()[1])
        assert weight == pytest.approx(100 * opinion.weight, abs=1)
        expect(expert.get_by_text("estimated")).to_have_count(int(opinion.is_estimated))
    expect(card.locator(".move-reasons li")).to_have_count(len(line.reasons))
    expect(card.locator(".moves")).to_have_count(0)


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
    cut = page.locator(":is(.stage, .card)").evaluate_all(
        "cards => cards.filter(c => c.scrollWidth > c.clientWidth).map(c => c.innerText)"
    )
    assert cut == []


def test_the_stage_is_as_tall_without_a_forecast(
    server: Server, page: Page, context: BrowserContext
) -> None:
    silent = replace(
        HOTTEST, p_overtake=None, no_forecast_because=LONGEST_REFUSAL, reasons=(), mixed=None
    )
    told = opened(server, page, replace(FRAME, battles=(HOTTEST,)))
    other = opened(server, context.new_page(), replace(FRAME, battles=(silent,)))

    heights = [box(each.locator(".stage"))["height"] for each in (told, other)]

    refusal = other.locator(".stage .why.none")
    expect(refusal).to_contain_text(LONGEST_REFUSAL)
    stage_of_refusal = other.locator(".stage")
    assert stage_of_refusal.evaluate("e => e.scrollHeight <= e.clientHeight")
    assert heights[0] == pytest.approx(heights[1], abs=2)


def test_experts_have_contrast(server: Server, page: Page) -> None:
    assert opened(server, page).evaluate(POOR_CONTRAST) == []


@pytest.mark.parametrize("width", [375, 1440])
def test_cards_with_contributions_have_no_barriers(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    shown = opened(server, page)
    # The rows of the tower fade in, and half faded they have too little contrast.
    for line in shown.locator(".line").all():
        expect(line).to_have_css("opacity", "1")

    assert axe.faults(shown) == []


def test_nothing_glides_for_those_who_asked_for_calm(
    server: Server, context: BrowserContext
) -> None:
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    opened(server, page)

    glides = page.evaluate(
        "['.move-bar', '.alone', '.lit'].map(s => getComputedStyle(document.querySelector(s)))"
        ".concat(getComputedStyle(document.querySelector('.whisker'), '::before'))"
        ".map(s => s.transitionDuration)"
    )

    assert set(glides) == {"0s"}


def test_the_page_has_experts_where_the_served_model_has(server: Server, page: Page) -> None:
    page.goto(server.url)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)

    told = page.request.get(f"{server.url}/live-battles").json()["battles"]

    if any(battle["mixed"] for battle in told):
        expect(page.locator(":is(.expert, .move)").first).to_be_visible(timeout=SOON_MS)
        expect(page.locator(".first").first).to_contain_text("stop or flag first")
    else:
        expect(page.locator(":is(.whisker, .spans, .first, .expert-panel)")).to_have_count(0)
