"""Test that the page can be built without a model, its libraries, a database or a setting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# As where the system lacks OpenMP, which LightGBM loads when it is imported.
PREAMBLE = """
import sys

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"lightgbm", "xgboost", "numba", "sklearn", "scipy"}:
            raise OSError(f"libgomp.so.1: cannot open shared object file ({name})")

sys.meta_path.insert(0, Hide())
"""
EVERY_PAGE = """
import rxconfig
from pitwall.pitwall import app

for route in list(app._unevaluated_pages):
    app._compile_page(route)
print(*sorted(app._pages))
assert not {"pitwall.app.container", "pyarrow", "pandas", "fastf1"} & set(sys.modules)
"""
SUPERVISOR = """
import pitwall.serve
assert not {"pitwall.app.container", "numpy", "pyarrow", "reflex"} & set(sys.modules)
"""


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_every_page_is_made_where_no_booster_can_be_loaded_and_no_setting_is_right() -> None:
    pages = python(
        EVERY_PAGE, PITWALL_MODEL="/nowhere", PITWALL_DATABASE_URL="rubbish", PITWALL_PORT="0"
    )

    assert {"index", "replay/[race_id]", "ledger", "account"} <= set(pages.split())


def test_the_process_that_watches_over_workers_loads_no_model() -> None:
    python(SUPERVISOR)
