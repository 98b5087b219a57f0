"""Assemble the Reflex app: mount the API, add the pages, start the background tasks.

Importing this module only describes the app, as the build of the pages needs no model, database or
settings. A worker calls `asgi`, which wires up the rest.
"""

from __future__ import annotations

import contextlib
import os
import sys

import reflex as rx
from starlette.types import ASGIApp

from pitwall import places
from pitwall.api.app import build_api
from pitwall.api.protection.stack import protected
from pitwall.cache.redis_client import CLIENT_ERRORS
from pitwall.errors import PitwallError
from pitwall.logs import one_line
from pitwall.web.about.page import about_page
from pitwall.web.about.state import AboutState
from pitwall.web.account.ended_log_ins import watch_log_ins
from pitwall.web.account.page import account_page, log_in_page, register_page
from pitwall.web.embed.routes import router as embeds
from pitwall.web.ledger.page import ledger_page
from pitwall.web.ledger.state import LedgerState
from pitwall.web.live.page import live_page
from pitwall.web.live.state import LiveState
from pitwall.web.missing.page import missing_page
from pitwall.web.preview.heads import LinkHeads
from pitwall.web.preview.routes import router as previews
from pitwall.web.races.page import races_page
from pitwall.web.races.state import RacesState
from pitwall.web.replay.page import replay_page
from pitwall.web.replay.state import ReplayState
from pitwall.web.settings.page import settings_page
from pitwall.web.shared.account_state import AccountState
from pitwall.web.shared.relay import relay
from pitwall.web.shared.site_nav import head_components
from pitwall.web.shared.trouble import on_backend_trouble
from pitwall.web.shared.words import in_words
from pitwall.web.socket.guard import door_server, guard, on_page_trouble
from pitwall.web.socket.redis_states import share_states

app = rx.App(
    sio=door_server(),
    api_transformer=build_api(embeds, previews),
    stylesheets=[
        "/tokens.css",
        "/theme.css",
        "/header.css",
        "/tower.css",
        "/control.css",
        "/session.css",
        "/map.css",
        "/battles.css",
        "/experts.css",
        "/account.css",
        "/chart.css",
        "/race_strip.css",
        "/replay.css",
        "/battle_details.css",
        "/layout.css",
        "/ledger.css",
        "/settings.css",
        "/themes.css",
    ],
    head_components=head_components(),
    html_lang="en",
    toaster=None,
    backend_exception_handler=on_backend_trouble,
    frontend_exception_handler=on_page_trouble,
)
# The page's own watchdog replaces Reflex's connection toasts: it says more, and in place.
app.app_wraps.pop((5, "Overlay"))

PAGES = (
    ("/", "live battles", live_page, [LiveState.watch, AccountState.recognise]),
    ("/login", "log in", log_in_page, AccountState.recognise),
    ("/register", "register", register_page, AccountState.recognise),
    ("/account", "account", account_page, AccountState.show),
    ("/races", "races", races_page, [AccountState.recognise, RacesState.show]),
    ("/replay/[race_id]", "replay", replay_page, [AccountState.recognise, ReplayState.watch]),
    ("/ledger", "ledger", ledger_page, [AccountState.recognise, LedgerState.show]),
    ("/about", "about the forecasts", about_page, [AccountState.recognise, AboutState.show]),
    ("/settings", "settings", settings_page, AccountState.recognise),
    ("404", "no such page", missing_page, AccountState.recognise),
)

for route, name, page, on_load in PAGES:
    app.add_page(
        in_words(page),
        route=route,
        title=f"Pitwall · {name}",
        image="/favicon.svg",
        on_load=on_load,
    )

relay.attach(app, LiveState)


def asgi() -> ASGIApp:
    """Return the ASGI app that the server runs: pages, API and socket behind their protections.

    Raises:
        SystemExit: The settings are not valid, or the model is damaged; the reason has been
            printed.
    """
    from pitwall.app import container  # brings numpy, pyarrow and, with the model, its libraries
    from pitwall.app.connection_bounds import bound_connections
    from pitwall.app.orphan_watch import end_without_supervisor
    from pitwall.app.settings import STARTED_IN

    end_without_supervisor()
    guard(app, places.PAGES)
    os.chdir(os.environ.get(STARTED_IN, "."))
    try:
        container.install(tab_is_open=relay.tab_is_open)
    except PitwallError as error:
        sys.stderr.write(f"pitwall: {one_line(str(error))}\n")
        raise SystemExit(1) from error
    shared = container.shared_states()
    if shared is not None:
        share_states(app, shared.redis, shared.is_away, CLIENT_ERRORS)
    app.register_lifespan_task(bound_connections, port=container.parts().settings.port)
    app.register_lifespan_task(container.run_worker)
    app.register_lifespan_task(relay.run)
    app.register_lifespan_task(watch_log_ins)
    with contextlib.chdir(places.BESIDE):  # Reflex tidies up the `assets` folder here
        whole = app()
    return protected(LinkHeads(whole, places.PAGES), container.protection(places.PAGES))
