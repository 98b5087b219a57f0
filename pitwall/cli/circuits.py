"""`python -m pitwall circuits`: list the descriptions of circuits, or add one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pitwall.app import database
from pitwall.app.settings import load
from pitwall.circuits.folder import KnownGuide, read_body
from pitwall.domain.names import slug
from pitwall.errors import CircuitGuideError, shown
from pitwall.logs import one_line


def add_to(commands: Any) -> None:  # noqa: ANN401  argparse gives its sub-parsers no public type
    """Add the command's parser."""
    parser = commands.add_parser("circuits", help="list or add descriptions of circuits")
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="list the stored descriptions (default)")
    add = actions.add_parser("add", help="store a file that describes a circuit")
    add.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="JSON as MultiViewer answers it, or with columns CornerNumber, X, Y and Distance",
    )
    add.add_argument("--circuit", required=True, help="such as `zandvoort`")
    add.add_argument("--year", type=int, help="the season it describes; default: any")


async def run(chosen: argparse.Namespace) -> int:
    """List the descriptions, or add one.

    Raises:
        CircuitGuideError: The file describes no circuit, or cannot be read or stored.
    """
    folder = database.circuit_folder(load())
    if chosen.action == "add":
        body = read_body(chosen.file, shown(chosen.file))
        try:
            file = folder.save(slug(chosen.circuit), chosen.year, body)
        except CircuitGuideError as error:
            raise CircuitGuideError(f"{shown(chosen.file)} was not stored: {error}") from error
        print(f"stored as {one_line(str(file))}")
        return 0
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
