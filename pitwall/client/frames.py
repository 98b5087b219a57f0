"""Read tables as data frames: of Polars where it is installed, else of pandas."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pitwall.client.errors import MissingLibraryError, UnreadableAnswerError

if TYPE_CHECKING:
    import polars

_NONE_THERE = (
    "Tables need Polars, or pandas with pyarrow, and neither is installed: pip install polars."
)


def read_parquet(content: bytes, path: str) -> polars.DataFrame:
    """Return a Parquet file as a data frame.

    Args:
        content: The file.
        path: Where it comes from, to name it in an error.

    Raises:
        MissingLibraryError: Neither Polars nor pandas with pyarrow is installed.
        UnreadableAnswerError: It is no Parquet file.
    """
    library = _library()
    try:
        frame: polars.DataFrame = library.read_parquet(io.BytesIO(content))
    except ImportError as error:  # pandas without pyarrow
        raise MissingLibraryError(_NONE_THERE) from error
    except Exception as error:  # each library has errors of its own
        message = f"The answer of {path} is no Parquet file: {error}"
        raise UnreadableAnswerError(message) from error
    return frame


def frame_of(columns: Mapping[str, Sequence[Any]]) -> polars.DataFrame:
    """Return columns as a data frame.

    Raises:
        MissingLibraryError: Neither Polars nor pandas is installed.
    """
    frame: polars.DataFrame = _library().DataFrame(dict(columns))
    return frame


def frame_of_rows(rows: Sequence[Mapping[str, Any]]) -> polars.DataFrame:
    """Return rows as a data frame with the columns of all of them.

    Raises:
        MissingLibraryError: Neither Polars nor pandas is installed.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return frame_of({name: [row.get(name) for row in rows] for name in names})


def _library() -> Any:  # noqa: ANN401  one of two modules
    for name in ("polars", "pandas"):
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise MissingLibraryError(_NONE_THERE)
