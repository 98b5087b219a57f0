"""Test the project's own rules, which no linter knows."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from pitwall.app.environment import unknown_variables
from pitwall.app.settings import Settings

ROOT = Path(__file__).parents[1]
CODE = sorted(
    path
    for folder in ("pitwall", "ml", "benchmarks", "scripts", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAX_LINES = 500

# Modules with one user or none, which are subjects of their own all the same, and why.
SUBJECTS_OF_THEIR_OWN = {
    # Entries
    "pitwall.__main__": "python runs it: the command line",
    "pitwall.pitwall": "Reflex imports it: the app",
    "pitwall.serve": "python runs it: the server, without the imports of the command line",
    "pitwall.web.shared.same_origin": "rxconfig.py names it: a plugin of the build",
    "pitwall.web.shared.small_scripts": "rxconfig.py names it: a plugin of the build",
    "pitwall.wire.merge": "the feed's rule for snapshots, by which the test servers answer",
    # One of a kind each, listed in one place
    "pitwall.cli.*": "one command each",
    "pitwall.web.*.page": "the pages at one address each",
    "pitwall.prediction.columns.*": "the columns of one question each",
    "pitwall.api.head_requests": "one rule of HTTP, around all routes",
    "pitwall.api.accounts": "the routes of one prefix",
    "pitwall.api.webhooks": "the routes of one prefix",
    "pitwall.api.export": "the routes of one kind of file",
    "pitwall.api.race_timeline": "one route and its answer",
    "pitwall.api.llms": "one route and its text",
    "pitwall.api.ledger": "the routes of one prefix",
    "pitwall.api.live_stream": "the route of what happens, and how its readers are served",
    "pitwall.api.v1": "the routes of one prefix",
    "pitwall.api.openf1_query": "queries as OpenF1 takes them",
    "pitwall.analysis.openf1_tables": "a session's messages as rows of OpenF1",
    "pitwall.app.connection_bounds": "what the system does for each connection",
    "pitwall.api.protection.kept_answers": "answers given again, in front of the app",
    "pitwall.api.stream_encoding": "what readers of the stream are told, as bytes",
    "pitwall.api.predict": "the routes of one prefix",
    "pitwall.api.account_schemas": "the bodies of requests and answers",
    "pitwall.api.webhook_schemas": "the bodies of requests and answers",
    "pitwall.domain.control_reducer": "what race control's messages change",
    "pitwall.wire.telemetry": "the decoders of car data and positions",
    "pitwall.wire.timing": "the decoder of lap timing",
    "pitwall.wire.tyres": "the decoders of tyres",
    "pitwall.wire.drivers": "the decoder of who drives",
    "pitwall.wire.best_times": "the decoder of bests and their places",
    "pitwall.wire.championship": "the decoder of the championships",
    "pitwall.wire.overtakes": "the decoder of overtakes",
    "pitwall.wire.pit_stops": "the decoder of pit stops",
    "pitwall.wire.top_three": "the decoder of the first three",
    "pitwall.feeds.timing.laps": "one table of the archive, as messages",
    "pitwall.feeds.timing.session": "the tables about a whole race, as messages",
    "pitwall.web.replay.forecast_chart": "one chart: its figure, table and words",
    "pitwall.web.replay.gap_chart": "the charts of how far apart two cars are",
    "pitwall.web.replay.telemetry_chart": "one chart: its figure, table and words",
    "pitwall.web.replay.timeline": "one panel of the replay page",
    "pitwall.web.replay.transport": "one panel of the replay page",
    "pitwall.web.replay.what_if": "one panel of the replay page",
    "pitwall.web.ledger.charts": "the charts of the ledger page",
    "pitwall.api.session_schemas": "the answers on any session, as OpenAPI documents them",
    "pitwall.api.fact_schemas": "the answers on stops, bests, championship and radio",
    "pitwall.api.health_schemas": "the answer of one route",
    "pitwall.domain.inference": "what follows where a feed leaves a topic out",
    "pitwall.domain.next_session": "what is told of a session before it is named",
    "pitwall.domain.stint_laps": "on which lap a stint began",
    "pitwall.domain.facts_reducer": "what follows from topics beside the timing",
    "pitwall.engine.timed_frame": "the picture of qualifying and practice",
    "pitwall.feeds.openf1.account": "who asks OpenF1, and the token of that account",
    "pitwall.feeds.openf1.history_fetch": "what is fetched of a past race, in which order",
    "pitwall.feeds.recording.lines": "the line formats of other people's recorders",
    "pitwall.feeds.recording.naming": "the name of a session that does not say it",
    "pitwall.prediction.reasons": "a forecast in words",
    "pitwall.web.live.battle_board": "one panel of the live page",
    "pitwall.web.account.webhook_panel": "one panel of the account page",
    "pitwall.web.shared.duel_rows": "how the two cars of a battle compare, in rows",
    "pitwall.web.live.phone": "what a small screen needs",
    "pitwall.web.live.race_pause": "one panel of the live page",
    "pitwall.web.live.alert_feed": "one part of the live page",
    "pitwall.web.live.clock_rows": "the words of a tab's clock",
    "pitwall.domain.points": "the rule of what a place is worth",
    "pitwall.web.live.standings": "one panel of the live page",
    "pitwall.web.live.tv_clock": "one panel of the live page",
    "pitwall.web.shared.tabs": "tabs of which one panel is mounted",
    "pitwall.web.shared.strip_rows": "the rows of the race strip",
    "pitwall.web.embed.document": "the HTML of embeds",
    "pitwall.web.embed.feed": "how readers of embeds are served",
    "pitwall.web.embed.routes": "the routes of one prefix",
    "pitwall.web.preview.heads": "one wrapper around the pages: tags on their way out",
    "pitwall.web.preview.links": "the words of links, and their tags",
    "pitwall.web.preview.routes": "the routes of one prefix",
    "pitwall.web.shared.words": "the language of all pages; `pitwall.pitwall` puts them in it",
    "pitwall.web.shared.local_time": "times in the visitor's zone",
    "pitwall.web.socket.rates": "how many events and sockets a visitor may have",
    "pitwall.client.battles": "what a battle of a stored race is, for programs",
    "pitwall.client.clients": "the clients that block and are awaited",
    "pitwall.client.frames": "data frames, of whichever library is there",
    "pitwall.client.tables": "the names of the tables, for both kinds of race",
    # Adapters of ports, chosen in one place
    "pitwall.analysis.what_if": "implements BattleInspector",
    "pitwall.app.demo_race": "implements DemoRace",
    "pitwall.cache.redis_limits": "implements RateLimiter over Redis",
    "pitwall.cache.shared": "implements LiveCache and TelemetryCache over Redis and a copy",
    "pitwall.circuits.fastf1_guides": "implements CircuitGuides over FastF1",
    "pitwall.feeds.auto.programme": "the feed `auto`",
    "pitwall.feeds.f1_archive.feed": "the feed `archive`",
    "pitwall.feeds.openf1.history_feed": "the feed `openf1` for finished sessions",
    "pitwall.feeds.openf1.live_feed": "the feed `openf1` for running sessions",
    "pitwall.store.accounts": "implements AccountStore",
    "pitwall.store.webhooks": "implements HookRegister and HookQueue",
    "pitwall.store.race_exporter": "implements RaceExporter",
    # Work that is started once
    "pitwall.app.webhooks": "the webhooks of each worker, and what the leader sends",
    "pitwall.app.orphan_watch": "a thread of each worker, tested in a process without the app",
    "pitwall.cache.backend": "the choice of what a worker shares with others",
    "pitwall.mcp_server.tools": "what a model can ask",
    "pitwall.mcp_server.answers": "what it is answered",
    "pitwall.mqtt.broker_link": "the connection to the broker, and what is published when",
    "pitwall.mqtt.race_report": "the values of those entities",
    "pitwall.live.standby": "what a worker without the lease does",
    "pitwall.web.account.ended_log_ins": "a task of each worker, about all open tabs",
    "pitwall.web.socket.guard": "what stands between the browser and Reflex",
    "pitwall.web.socket.redis_states": "where Reflex keeps the states of tabs",
    # Parts with a boundary, and tests, of their own
    "pitwall.api.app": "the API as one app; `pitwall.pitwall` mounts it",
    "pitwall.api.documentation": "the pages about the API",
    "pitwall.api.downloads": "bounds of long answers, whatever they contain",
    "pitwall.api.protection.origins": "one protection: other web sites",
    "pitwall.api.protection.request_bounds": "one protection: sizes and numbers of requests",
    "pitwall.engine.outcomes": "the rule by which forecasts are settled",
    "pitwall.feeds.f1_live.negotiation": "the plain HTTP before the WebSocket, and its token",
    "pitwall.feeds.f1_live.topics": "the list with which a new topic begins",
    "pitwall.feeds.openf1.broker": "MQTT",
    "pitwall.feeds.simulated.energy": "one model: the battery",
    "pitwall.feeds.simulated.outline": "the circuits that are known before a race",
    "pitwall.feeds.simulated.pace": "one model: a car alone",
    "pitwall.feeds.simulated.strategy": "one model: stops and tyres",
    "pitwall.feeds.simulated.traffic": "one model: cars that meet",
    "pitwall.feeds.simulated.session_messages": "the messages of one group of topics",
    "pitwall.feeds.simulated.telemetry_messages": "the messages of one group of topics",
    "pitwall.prediction.energy.lap_filter": "one step of the battery's filter",
    "pitwall.prediction.explanations": "the attribution of a forecast to its features",
    "pitwall.webhooks.announcer": "from events to deliveries",
    "pitwall.webhooks.messages": "the forms of requests, and their signature",
    "pitwall.webhooks.posting": "one attempt, over a connection to a judged address",
    "pitwall.replay.cursor": "one viewer's place in a race",
    "pitwall.store.export_spool": "the buffer between a slow client and the database",
    "pitwall.store.ledger.verifier": "the check of the ledger against itself",
    "pitwall.store.timeline": "the SQL of the timeline",
    "pitwall.web.socket.connection": "one socket, as python-engineio drives it",
    "pitwall.web.socket.namespace": "the events that reach Reflex",
    "pitwall.wire.lateness": "the rule for messages that arrive late",
}


def is_empty_marker(path: Path) -> bool:
    return path.name == "__init__.py" and not path.read_text().strip()


@pytest.mark.parametrize("module", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_it_is_for(module: Path) -> None:
    source = module.read_text()

    assert source.count("\n") <= MAX_LINES, "split it: a module is one subject"
    if not is_empty_marker(module):
        assert ast.get_docstring(ast.parse(source)), "open with one sentence: what is this for?"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`PITWALL_{name.upper()}`" in (ROOT / "docs" / "settings.md").read_text()


def test_every_variable_that_the_project_names_is_known() -> None:
    texts = [*CODE, *DOCUMENTS, ROOT / "Makefile", ROOT / "Dockerfile", ROOT / "docker-compose.yml"]
    own = [text for text in texts if text.name != "test_variable_names.py"]
    named = {
        name
        for text in own
        for name in re.findall(r"\bPITWALL_[A-Z0-9_]*[A-Z0-9]\b", text.read_text())
    }

    assert unknown_variables(dict.fromkeys(named, ""), Settings.model_fields) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_pictures_in_documents_exist(document: Path) -> None:
    reference = ROOT / "docs" / "api"  # written for the site, whose strict build checks these
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text()):
        place = (document.parent / target).resolve()
        assert place.exists() or place.parent == reference, f"{target} is not there"


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert targets is not None

    unexplained = [
        name
        for name in targets[1].split()
        if not re.search(rf"^{name}:.*##", makefile, re.MULTILINE)
    ]
    assert unexplained == []


def test_a_class_name_means_one_thing() -> None:
    homes: dict[str, set[str]] = {}
    for path in (ROOT / "pitwall").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, set()).add(str(path.relative_to(ROOT)))

    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


def users_of_modules() -> dict[str, set[str]]:
    """Return who imports each module; who imports it from its package counts, the package not."""
    paths = {module_name(path): path for root in ("pitwall", "ml") for path in code_of(root)}
    users: dict[str, set[str]] = {name: set() for name in paths}
    for name, path in paths.items():
        for node in ast.walk(ast.parse(path.read_text())):
            for imported in imported_names(node):
                module = imported if imported in paths else imported.rpartition(".")[0]
                if module in paths and module != name:
                    users[module].add(name)
    modules = {name for name, path in paths.items() if path.name != "__init__.py"}
    return {name: without_own_package(name, users) for name in modules if name[:3] != "ml."}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def code_of(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def without_own_package(name: str, users: dict[str, set[str]]) -> set[str]:
    package = name.rpartition(".")[0]
    found = users[name]
    return found - {package} | users[package] - {name} if package in found else found


def test_a_module_with_one_user_lives_with_that_user_or_is_a_subject_of_its_own() -> None:
    lonely = {name for name, users in users_of_modules().items() if len(users) < 2}

    unexplained = [
        name
        for name in sorted(lonely)
        if not any(fnmatchcase(name, pattern) for pattern in SUBJECTS_OF_THEIR_OWN)
    ]
    assert unexplained == [], "move it to its one user, or say why not in SUBJECTS_OF_THEIR_OWN"
    outdated = [
        pattern
        for pattern in SUBJECTS_OF_THEIR_OWN
        if not any(fnmatchcase(n, pattern) for n in lonely)
    ]
    assert outdated == [], "these are gone, or have more users by now: remove the line"
