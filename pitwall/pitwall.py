"""The Reflex app: mounts the API, adds the pages, starts the background work. Wiring only."""

from __future__ import annotations

import reflex as rx

from pitwall import bootstrap
from pitwall.api.app import build_api
from pitwall.cache.redis_client import CLIENT_ERRORS
from pitwall.web.broadcast import relay
from pitwall.web.pages.live import live_page
from pitwall.web.shared_states import share_states
from pitwall.web.shell import head_components
from pitwall.web.states.live import LiveState

app = rx.App(
    api_transformer=build_api(),
    stylesheets=["/theme.css", "/header.css", "/tower.css", "/battles.css"],
    head_components=head_components(),
    html_lang="en",
    toaster=None,
)
# The page's own watchdog says more than Reflex's connection toasts, and in place.
app.app_wraps.pop((5, "Overlay"))

app.add_page(
    live_page,
    route="/",
    title="Pitwall · live battles",
    image="/favicon.svg",
    on_load=LiveState.watch,
)

relay.attach(app, LiveState)
bootstrap.install(tab_is_open=relay.tab_is_open)
shared = bootstrap.shared_states()
if shared is not None:
    share_states(app, shared.redis, shared.is_away, CLIENT_ERRORS)
app.register_lifespan_task(bootstrap.run_worker)
app.register_lifespan_task(relay.run)
