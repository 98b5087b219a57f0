"""Say where the files beside the code are, and where pitwall may write.

A checkout has the built page, the migrations and Reflex's settings in its root. An installed wheel
carries the same files in a folder of the package (`hatch_build.py` puts them there), and may not
write beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from platformdirs import user_data_path

_PACKAGE: Final = Path(__file__).resolve().parent

IS_CHECKOUT: Final = (_PACKAGE.parent / "rxconfig.py").is_file()
"""Whether the code lies in a checkout, or in a copy of one such as the container's."""

BESIDE: Final = _PACKAGE.parent if IS_CHECKOUT else _PACKAGE / "installed"
"""The folder with `rxconfig.py`, `.web` and `alembic`."""

WEB: Final = BESIDE / ".web"
"""The folder of the built page."""

PAGES: Final = WEB / "build" / "client"
"""The files of the built page."""

MIGRATIONS: Final = BESIDE / "alembic"
"""The scripts that migrate the database."""


def data_folder() -> Path:
    """Return where pitwall keeps what it writes, unless `PITWALL_DATA` says otherwise.

    In a checkout that is its own `data`, else the user's folder for data of programs.
    """
    return BESIDE / "data" if IS_CHECKOUT else user_data_path("pitwall", appauthor=False)
