"""Test what links say: escaped, without results, and nothing that guests may not see."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pitwall import services
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import Phase
from pitwall.domain.stored_races import RaceSummary
from pitwall.errors import RaceNotFoundError, StoreError
from pitwall.live.publishing import FrameRing
from pitwall.web.preview import scenes
from pitwall.web.preview.links import LinkPreview, has_preview, preview_of, site_of, tags_of
from pitwall.web.preview.picture import HEIGHT, WIDTH, png_of
from pitwall.web.preview.scene import SITE, LinkScene, scene_of_live, scene_of_moment
from tests.web.frames import make_frame
from tests.web.replay.test_tab import LINE, Looking, at

PRIVATE = replace(Looking.race, id="2025-dutch-grand-prix-race", name="Dutch Grand Prix", year=2025)
OPEN = replace(
    PRIVATE, id="2026-falkenwald-race-3", name="Simulated Grand Prix", source="simulated"
)
HOSTILE = "\"><script>alert(1)</script><meta x='"


class FewRaces:
    """A reader of two races, one of them simulated, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fault: Exception | None = None

    async def race(self, race_id: str) -> RaceSummary:
        self.asked.append(race_id)
        if self.fault is not None:
            raise self.fault
        for race in (PRIVATE, OPEN):
            if race.id == race_id:
                return race
        raise RaceNotFoundError(race_id)


class OneView(Looking):
    """A view of the race that guests may see."""

    race = OPEN


class FewReplays:
    """Opens views and notes for whom."""

    def __init__(self) -> None:
        self.view = OneView()
        self.opened: list[tuple[str, bool]] = []

    async def timeline(self, race: RaceSummary) -> object:
        return LINE

    async def open(self, race: RaceSummary, *, is_guest: bool = False) -> OneView:
        self.opened.append((race.id, is_guest))
        return self.view


class OneFrame:
    """A live cache with one frame."""

    def __init__(self, frame: LiveFrame | None) -> None:
        self.frame = frame

    async def latest(self) -> LiveFrame | None:
        return self.frame


@pytest.fixture
def races() -> FewRaces:
    return FewRaces()


@pytest.fixture
def replays() -> FewReplays:
    return FewReplays()


@pytest.fixture(autouse=True)
def installed(races: FewRaces, replays: FewReplays) -> Iterator[services.Services]:
    for cache in (scenes._races, scenes._scenes, scenes._pictures):
        cache._held.clear()
    made = services.Services(
        live=OneFrame(make_frame(8)),  # type: ignore[arg-type]
        tab_is_open=lambda _token: True,
        frame_buffer=FrameRing(),
        stored_races=races,  # type: ignore[arg-type]
        replays=replays,  # type: ignore[arg-type]
    )
    services.install(made)
    yield made
    services.install(made)


class Tags(HTMLParser):
    """Reads the tags as a browser would."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.others: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag != "meta" or set(values) - {"property", "name", "content"}:
            self.others.append(tag)
        self.found[values.get("property") or values.get("name", "")] = values.get("content", "")


@pytest.mark.parametrize("path", ["/", "/races", "/ledger", "/about", "/replay/a"])
async def test_every_page_has_title_words_and_picture(path: str) -> None:
    tags = Tags(tags_of(await preview_of(path, {}), "https://pitwall.example.org")).found

    assert has_preview(path)
    for name in ("og:title", "og:description", "og:image:alt", "twitter:title", "description"):
        assert tags[name]
    assert tags["og:image"].startswith("https://pitwall.example.org/preview/")
    assert tags["og:image"] == tags["twitter:image"]
    assert tags["twitter:card"] == "summary_large_image"
    assert tags["og:url"] == f"https://pitwall.example.org{path}"


@pytest.mark.parametrize("path", ["/login", "/account", "/races/x", "/replay/a/b", "/live", "/x"])
def test_other_paths_have_none(path: str) -> None:
    assert not has_preview(path)


async def test_an_address_cannot_write_html() -> None:
    preview = await preview_of(f"/replay/{HOSTILE[:-8]}".replace("</", "<"), {})
    query = {"t": HOSTILE, "battle": HOSTILE, "other": HOSTILE}
    asked = await preview_of("/replay/2025-dutch-grand-prix-race", query)
    worst = LinkPreview(HOSTILE, HOSTILE, f"/p?{HOSTILE}", f"/{HOSTILE}")

    for each in (preview, asked, worst):
        tags = Tags(tags_of(each, "https://h"))
        assert tags.others == []
        assert "<script" not in tags_of(each, "https://h")
    assert Tags(tags_of(worst, "https://h")).found["og:title"] == HOSTILE
    assert "?" not in asked.picture + asked.address


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("pitwall.example.org", "http://pitwall.example.org"),
        ("localhost:8000", "http://localhost:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ('x"><script>', ""),
        ("user@evil.example", ""),
        ("h/path", ""),
        ("", ""),
    ],
)
def test_the_site_is_a_host_or_nothing(host: str, site: str) -> None:
    assert site_of("", "http", host) == site
    assert site_of("https://set.example", "http", host) == "https://set.example"


async def test_a_permalink_keeps_its_moment_and_battle() -> None:
    query = {"t": "2026-07-05T13:04:10.250Z", "battle": "NOR-PIA", "utm_source": "x"}

    preview = await preview_of(f"/replay/{OPEN.id}", query)

    asked = "?t=2026-07-05T13%3A04%3A10.250Z&battle=NOR-PIA"
    assert preview.picture == f"/preview/replay/{OPEN.id}.png{asked}"
    assert preview.address == f"/replay/{OPEN.id}{asked}"
    assert preview.title == "NOR attacks PIA · Simulated Grand Prix 2025"
    assert "no result" in preview.words


async def test_a_race_that_guests_may_not_see_and_one_that_is_not_there_look_alike(
    races: FewRaces, replays: FewReplays
) -> None:
    not_there = "2024-monaco-grand-prix-race"
    query = {"t": "13:04", "battle": "NOR-PIA"}

    private = await preview_of(f"/replay/{PRIVATE.id}", query)
    missing = await preview_of(f"/replay/{not_there}", query)
    drawn = await scenes.replay_scene(PRIVATE.id, "13:04", "NOR-PIA")
    undrawn = await scenes.replay_scene(not_there, "13:04", "NOR-PIA")

    assert private.title == "NOR attacks PIA · Dutch Grand Prix 2025"
    assert missing.title == "NOR attacks PIA · Monaco Grand Prix 2024"
    assert private.words == missing.words
    assert replace(drawn, title="") == replace(undrawn, title="")
    assert drawn.fight is None
    assert replays.opened == []
    assert set(races.asked) == {PRIVATE.id, not_there}


async def test_words_of_an_address_are_repeated_only_if_they_name_a_race() -> None:
    for race_id in ("2025-send-money-to-me", "dutch-grand-prix", "2025-a-b-c-d-e-grand-prix-race"):
        assert (await preview_of(f"/replay/{race_id}", {})).title == "Replay of a race"


async def test_a_moment_is_drawn_as_a_guest_would_see_it(replays: FewReplays) -> None:
    scene = await scenes.replay_scene(OPEN.id, "250", "")
    again = await scenes.replay_scene(OPEN.id, "250", "")

    assert scene is again
    assert scene.fight is not None
    assert replays.opened == [(OPEN.id, True)]
    assert [(moment, pace.paused) for moment, pace in replays.view.asked] == [(at(250), True)]


async def test_a_battle_without_a_moment_is_drawn_as_it_opened(replays: FewReplays) -> None:
    await scenes.replay_scene(OPEN.id, "", "NOR-PIA")

    assert [moment for moment, _ in replays.view.asked] == [at(200)]


@pytest.mark.parametrize(
    ("moment", "battle"), [("", ""), ("soon", ""), ("", "XXX-YYY"), ("<b>", "")]
)
async def test_a_bare_race_tells_name_and_date_and_no_result(
    replays: FewReplays, moment: str, battle: str
) -> None:
    scene = await scenes.replay_scene(OPEN.id, moment, battle)

    assert replays.view.asked == []
    assert scene.fight is None
    assert (scene.title, scene.detail) == ("Simulated Grand Prix 2025", "Race · 5 July 2026")


async def test_a_fault_of_the_database_is_no_fault_of_the_page(races: FewRaces) -> None:
    races.fault = StoreError("away")
    first = await preview_of(f"/replay/{OPEN.id}", {})
    races.fault = None

    assert first.title == "Replay of a race"
    assert (await preview_of(f"/replay/{OPEN.id}", {})).title == "Simulated Grand Prix 2025"


async def test_a_race_is_looked_up_once_for_many_links(races: FewRaces) -> None:
    for second in range(5):
        await preview_of(f"/replay/{OPEN.id}", {"t": str(second)})

    assert races.asked == [OPEN.id]


def over(source: str) -> LiveFrame:
    frame = make_frame(8)
    return replace(frame, header=replace(frame.header, phase=Phase.FINISHED, source=source))


async def test_the_live_page_tells_its_race_but_not_after_the_flag(
    installed: services.Services,
) -> None:
    racing = await preview_of("/", {})
    services.install(replace(installed, live=OneFrame(over("live"))))  # type: ignore[arg-type]
    finished = await preview_of("/", {})

    assert racing.title == "Dutch Grand Prix, live battles"
    assert racing.picture.endswith("?race=2026-dutch-grand-prix-race&lap=23")
    assert finished.title == SITE.title
    assert "Dutch" not in str(finished)
    assert scene_of_live(over("live")) is SITE
    assert scene_of_live(over("simulated")).title == "Dutch Grand Prix"


def test_a_chance_is_shown_as_the_page_shows_it() -> None:
    frame = make_frame(8)
    battle = replace(frame.battles[0], p_overtake=0.4, p_shown=0.03)

    low = scene_of_moment(replace(frame, battles=(battle,)), None).fight
    none = replace(battle, p_overtake=None, p_shown=None, no_forecast_because="in the pit lane")
    without = scene_of_moment(replace(frame, battles=(none,)), None).fight

    assert low is not None
    assert low.chance == "unlikely"
    assert without is not None
    assert (without.chance, without.has_forecast) == ("no forecast", False)


def test_a_chosen_battle_that_is_not_on_is_not_replaced_by_another() -> None:
    scene = scene_of_moment(make_frame(8), (77, 1))

    assert scene.fight is None
    assert scene.title == "Dutch Grand Prix"


@pytest.mark.parametrize("said", ["X" * 900, "<b>&\n\u202e", "ü Ł 漢 → 🏎"])
def test_any_text_of_a_feed_can_be_drawn(said: str) -> None:
    frame = make_frame(8)
    cars = tuple(replace(car, code=said, name=said, team_colour=said) for car in frame.tower)
    header = replace(frame.header, name=said, circuit=said)

    body = png_of(scene_of_live(replace(frame, tower=cars, header=header)))

    assert body.startswith(b"\x89PNG")
    assert body[16:24] == WIDTH.to_bytes(4, "big") + HEIGHT.to_bytes(4, "big")
    assert len(body) < 300_000


async def test_a_picture_is_drawn_once_and_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def draw(scene: LinkScene) -> bytes:
        drawn.append(threading.current_thread().name)
        return scene.title.encode()

    monkeypatch.setattr(scenes, "png_of", draw)

    bodies = {await scenes.picture(SITE) for _ in range(3)}

    assert bodies == {SITE.title.encode()}
    assert len(drawn) == 1
    assert not re.match("MainThread", drawn[0])
