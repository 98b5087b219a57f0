"""Reflex's own settings; everything else is a PITWALL_ variable, read by `pitwall.app.settings`."""

import reflex as rx
from reflex.constants import StateManagerMode

from pitwall.web.shared.same_origin import SameOriginPlugin
from pitwall.web.shared.small_scripts import SmallScriptsPlugin

config = rx.Config(
    app_name="pitwall",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    # A tab's state is its TV delay, which its browser keeps: nothing to write to a disk.
    state_manager_mode=StateManagerMode.MEMORY,
    default_color_mode="dark",
    # Brotli is a sixth smaller; browsers ask for it over TLS and from this machine.
    frontend_compression_formats=["brotli", "gzip"],
    # Nothing is evaluated in the browser, so no page needs every library at hand for it.
    frontend_lazy_bundled_libraries=True,
    # Reflex would let every site in; `pitwall.api.protection` says who may ask.
    cors_allowed_origins=[],
    plugins=[SameOriginPlugin(), SmallScriptsPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
    frontend_packages=[
        "dseg@0.46.0",
        "@fontsource/ibm-plex-mono@5.3.0",
        "@fontsource/saira-condensed@5.3.0",
        "uplot@1.6.32",  # 22 kB gzipped, fetched when a race strip is opened: assets/race_strip.jsx
        "plotly.js-basic-dist-min@4.1.1",  # fetched by pages with charts alone: assets/chart.jsx
    ],
)
