"""`pitwall circuits`: list the descriptions of circuits, or add one."""

from __future__ import annotations

from pathlib import Path

import click

from pitwall.app import database
from pitwall.app.settings import load
from pitwall.circuits.folder import KnownGuide, read_body
from pitwall.domain.names import slug
from pitwall.errors import CircuitGuideError, shown
from pitwall.logs import one_line


@click.group(
    invoke_without_command=True,
    epilog="""
    \b
    Examples:
      pitwall circuits
      pitwall circuits add corners.json --circuit zandvoort --year 2025
    """,
)
@click.pass_context
def command(ctx: click.Context) -> int:
    """List the stored descriptions of circuits, or add one."""
    return 0 if ctx.invoked_subcommand else _print_all()


@command.command("list")
def list_all() -> int:
    """List the stored descriptions; plain `circuits` does the same."""
    return _print_all()


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--circuit", required=True, help="Such as `zandvoort`.")
@click.option("--year", type=int, help="The season it describes; without it, any.")
def add(file: Path, circuit: str, year: int | None) -> int:
    """Store FILE, which describes a circuit.

    FILE is JSON as MultiViewer answers it, or with columns CornerNumber, X, Y and Distance.
    """
    body = read_body(file, shown(file))
    try:
        stored = database.circuit_folder(load()).save(slug(circuit), year, body)
    except CircuitGuideError as error:
        raise CircuitGuideError(f"{shown(file)} was not stored: {error}") from error
    print(f"stored as {one_line(str(stored))}")
    return 0


def _print_all() -> int:
    folder = database.circuit_folder(load())
    known = list(folder.known())
    for guide in known:
        print(_line(guide))
    if not known:
        print(f"{one_line(str(folder.folder))} describes no circuit")
    return 0


def _line(known: KnownGuide) -> str:
    head = f"{known.circuit_id}  {known.year or 'any year'}"
    if known.guide is None:
        return f"{head}  not used: {known.because}"
    measured = sum(corner.distance_m is not None for corner in known.guide.corners)
    corners = f"{len(known.guide.corners)} corners, {measured} with their distance"
    return f"{head}  {corners}; {known.guide.source}"
