"""The Reflex app: mounts the API, adds the pages, starts the background work. Wiring only.

Importing this describes the app and nothing more: that is what building the page does, which
needs no model, no database and no setting. `asgi` is what a worker calls, and wires the rest.
"""

from __future__ import annotations

import sys
from pathlib import Path

import reflex as rx
from starlette.types import ASGIApp

from pitwall.api.app import build_api
from pitwall.api.protection.around import protected
from pitwall.cache.redis_client import CLIENT_ERRORS
from pitwall.errors import PitwallError
from pitwall.web.broadcast import relay
from pitwall.web.door.guard import door_server, guard, on_page_trouble
from pitwall.web.pages.accounts import account_page, log_in_page, register_page
from pitwall.web.pages.ledger import ledger_page
from pitwall.web.pages.live import live_page
from pitwall.web.pages.races import races_page
from pitwall.web.pages.replay import replay_page
from pitwall.web.shared_states import share_states
from pitwall.web.shell import head_components
from pitwall.web.states.account import AccountState
from pitwall.web.states.ledger import LedgerState
from pitwall.web.states.live import LiveState
from pitwall.web.states.log_ins import watch_log_ins
from pitwall.web.states.races import RacesState
from pitwall.web.states.replay import ReplayState
from pitwall.web.states.trouble import on_backend_trouble

BUILT_PAGES = Path(".web") / "build" / "client"

app = rx.App(
    sio=door_server(),
    api_transformer=build_api(),
    stylesheets=[
        "/theme.css",
        "/header.css",
        "/tower.css",
        "/map.css",
        "/battles.css",
        "/experts.css",
        "/account.css",
        "/chart.css",
        "/replay.css",
        "/room.css",
        "/ledger.css",
    ],
    head_components=head_components(),
    html_lang="en",
    toaster=None,
    backend_exception_handler=on_backend_trouble,
    frontend_exception_handler=on_page_trouble,
)
# The page's own watchdog says more than Reflex's connection toasts, and in place.
app.app_wraps.pop((5, "Overlay"))

for route, name, page, on_load in (
    ("/", "live battles", live_page, [LiveState.watch, AccountState.recognise]),
    ("/login", "log in", log_in_page, AccountState.recognise),
    ("/register", "register", register_page, AccountState.recognise),
    ("/account", "account", account_page, AccountState.show),
    ("/races", "races", races_page, [AccountState.recognise, RacesState.show]),
    ("/replay/[race_id]", "replay", replay_page, [AccountState.recognise, ReplayState.watch]),
    ("/ledger", "ledger", ledger_page, [AccountState.recognise, LedgerState.show]),
):
    app.add_page(
        page, route=route, title=f"Pitwall · {name}", image="/favicon.svg", on_load=on_load
    )

relay.attach(app, LiveState)


def asgi() -> ASGIApp:
    """Return what the server runs: the app, with its protections around pages, API and socket.

    Raises:
        SystemExit: The environment asks for something that cannot be, or the model is damaged; the
            sentence has been told.
    """
    from pitwall import bootstrap  # brings numpy, pyarrow and, with the model, its libraries

    guard(app, BUILT_PAGES)
    try:
        bootstrap.install(tab_is_open=relay.tab_is_open)
    except PitwallError as error:
        sys.stderr.write(f"pitwall: {error}\n")
        raise SystemExit(1) from error
    shared = bootstrap.shared_states()
    if shared is not None:
        share_states(app, shared.redis, shared.is_away, CLIENT_ERRORS)
    app.register_lifespan_task(bootstrap.run_worker)
    app.register_lifespan_task(relay.run)
    app.register_lifespan_task(watch_log_ins)
    return protected(app(), bootstrap.protection(BUILT_PAGES))
