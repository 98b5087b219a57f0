"""`python -m pitwall circuits`: which circuits are described here, and keeping a description."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pitwall.app import database
from pitwall.app.settings import load
from pitwall.circuits.folder import KnownGuide, read_body
from pitwall.domain.names import slug
from pitwall.errors import CircuitGuideError


def add_to(commands: Any) -> None:  # noqa: ANN401  argparse gives its sub-parsers no public type
    """Add the command's parser."""
    parser = commands.add_parser("circuits", help="list or add descriptions of circuits")
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="what is known, the default")
    add = actions.add_parser("add", help="keep a file about a circuit")
    add.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="JSON as MultiViewer answers it, or with columns CornerNumber, X, Y and Distance",
    )
    add.add_argument("--circuit", required=True, help="such as `zandvoort`")
    add.add_argument("--year", type=int, help="the season it is true of; default: any")


async def run(chosen: argparse.Namespace) -> int:
    """List or add.

    Raises:
        CircuitGuideError: The file describes no circuit, or cannot be read or kept.
    """
    folder = database.circuit_folder(load())
    if chosen.action == "add":
        body = read_body(chosen.file, str(chosen.file))
        try:
            kept = folder.keep(slug(chosen.circuit), chosen.year, body)
        except CircuitGuideError as error:
            raise CircuitGuideError(f"{chosen.file} was not kept: {error}") from error
        print(f"kept as {kept}")
        return 0
    known = list(folder.known())
    for each in known:
        print(_line(each))
    if not known:
        print(f"no circuit is described in {folder.folder}")
    return 0


def _line(known: KnownGuide) -> str:
    head = f"{known.circuit_id}  {known.year or 'any year'}"
    if known.guide is None:
        return f"{head}  not used: {known.because}"
    placed = sum(corner.distance_m is not None for corner in known.guide.corners)
    corners = f"{len(known.guide.corners)} corners, {placed} with their distance"
    return f"{head}  {corners}; {known.guide.source}"
