"""`pitwall serve`: show a race in the browser."""

from __future__ import annotations

import os

import click

from pitwall.app import server
from pitwall.app.environment import variable


@click.command(
    epilog="""
    \b
    Examples:
      pitwall serve                                      the live race, or else another
      pitwall serve --feed simulated:7 --speed 10
      pitwall serve --feed recording:RACE --start-lap 1
      pitwall serve --host 0.0.0.0 --port 9000
    """
)
@click.option(
    "--feed",
    metavar="FEED",
    help="What to show: auto, simulated[:SEED], recording:PATH, timing:DIR#RACE, f1_live, "
    "archive:YEAR/RACE or openf1[:SESSION_KEY].",
)
@click.option("--speed", metavar="FACTOR", help="Race seconds for each real second, 0.5 to 60.")
@click.option(
    "--start-lap", metavar="LAP", help="The leader's lap at which to join; 1 is lights out."
)
@click.option("--host", metavar="HOST", help="Where to listen; 127.0.0.1 is this machine alone.")
@click.option("--port", metavar="PORT", help="The port of page, API and socket; 8000 by default.")
@click.option("--data", metavar="FOLDER", help="Where to keep what pitwall writes.")
def command(**options: str | None) -> int:
    """Show a race on http://127.0.0.1:8000, until Ctrl+C.

    Each option stands for the setting of its name, such as PITWALL_FEED for --feed, and goes
    before it.
    """
    for name, value in options.items():
        if value is not None:  # workers read the environment as well
            os.environ[variable(name)] = value
    return server.main()
