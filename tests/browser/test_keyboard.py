"""Walk pages by Tab alone, in plain and in forced colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.staging import stage
from tests.web.frames import make_frame

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 60_000
MOST_STOPS = 250

# Where the focus is, and whether it can be seen: by an outline of its own, or of a part around it
# (a label that stands for its hidden box).
FOCUSED = """() => {
  const at = document.activeElement;
  if (at === null || at === document.body) return null;
  const drawn = (element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
      && box.width > 3 && box.height > 3;
  };
  const around = [at, at.nextElementSibling, at.parentElement, at.parentElement?.parentElement];
  window.walked ??= new Map();
  if (!window.walked.has(at)) window.walked.set(at, window.walked.size);
  const name = `${at.tagName} ${at.id} ${at.className} ${at.textContent}`.slice(0, 90);
  return [window.walked.get(at), name, around.some((each) => each && drawn(each))];
}"""


def walk(page: Page) -> tuple[list[str], list[str]]:
    """Press Tab until the focus leaves the page; return all stops, and those nobody sees."""
    stops: dict[int, str] = {}
    unseen: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None or (found[0] == 0 and stops):
            return list(stops.values()), unseen
        nth, name, is_seen = found
        assert nth not in stops, f"the focus goes back to {name}"
        stops[nth] = name
        if not is_seen:
            unseen.append(name)
    raise AssertionError(f"the focus never leaves the page: {list(stops.values())[-5:]}")


@pytest.mark.parametrize(
    ("path", "colours"),
    [("/", "none"), ("/", "active"), ("/settings", "active"), ("/races", "none")],
)
def test_tab_goes_through_a_page_and_is_always_seen(
    server: Server, page: Page, path: str, colours: str
) -> None:
    page.emulate_media(forced_colors=colours)  # type: ignore[arg-type]
    frame = make_frame(8)
    stage(page, lambda _nth: frame)
    page.goto(f"{server.url}{path}")
    ready = {"/": ".tower .line", "/settings": "#setting-theme", "/races": "main p a"}[path]
    expect(page.locator(ready).first).to_be_visible(timeout=SOON_MS)
    stops, unseen = walk(page)

    assert len(stops) > 10
    assert unseen == []
