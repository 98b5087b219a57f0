"""Run the recipes of `docs/notebooks` against a server, and keep what they show.

Each recipe is a Python file with cells (jupytext's percent format), which is what people edit. The
notebook beside it is made from it, with results and pictures:

    python -m tests.client.served python scripts/notebooks.py

The server is the one that `PITWALL_URL` and `PITWALL_KEY` name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "docs" / "notebooks"
CELL_WITHIN_S = 300
_TIDY = "%reset -f\nimport matplotlib.pyplot\nmatplotlib.pyplot.rcParams['figure.dpi'] = 72"


def notebook_of(recipe: Path) -> NotebookNode:
    """Return a recipe as a notebook without results; the same file gives the same notebook."""
    notebook: NotebookNode = jupytext.read(recipe, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{recipe.stem.partition('_')[0]}-{number}"
        cell.metadata = nbformat.from_dict({})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    return notebook


@contextmanager
def one_kernel() -> Iterator[NotebookClient]:
    """Run one kernel for all recipes: to start one takes longer than most of them."""
    client = NotebookClient(
        nbformat.v4.new_notebook(),
        timeout=CELL_WITHIN_S,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(ROOT)}},
    )
    with client.setup_kernel():
        yield client


def run(client: NotebookClient, notebook: NotebookNode) -> None:
    """Run a notebook from a clean slate, and put its results into it.

    Raises:
        CellExecutionError: A cell failed.
    """
    client.nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(_TIDY)])
    client.reset_execution_trackers()
    client.execute_cell(client.nb.cells[0], 0)
    client.nb = notebook
    client.reset_execution_trackers()
    count = 0
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            count += 1
            client.execute_cell(cell, number, execution_count=count)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run recipes; return 1 if one failed."""
    parser = argparse.ArgumentParser(description="Run the recipes, and keep what they show.")
    parser.add_argument("recipes", nargs="*", type=Path, help="files; default: all")
    parser.add_argument("--into", type=Path, default=RECIPES, help="the folder of the notebooks")
    chosen = parser.parse_args(arguments)
    failed = 0
    with one_kernel() as client:
        for recipe in chosen.recipes or sorted(RECIPES.glob("*.py")):
            notebook = notebook_of(recipe)
            try:
                run(client, notebook)
            except CellExecutionError as error:
                sys.stderr.write(f"{recipe.name}: {error}\n")
                failed += 1
                continue
            nbformat.write(notebook, chosen.into / f"{recipe.stem}.ipynb")
            sys.stderr.write(f"{recipe.name}: done\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
