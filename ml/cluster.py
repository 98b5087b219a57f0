"""Send joblib's work to this machine's processes, or to a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from joblib import parallel_config

from pitwall.errors import SettingsError


@contextmanager
def on(scheduler: str | None) -> Iterator[None]:
    """Send all joblib work of the block to a Dask scheduler; None keeps it on this machine.

    Args:
        scheduler: Its address, such as `tcp://trackside:8786`. Its workers need this package
            and the archive under the same paths.

    Raises:
        SettingsError: Dask is not installed.
    """
    if scheduler is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        message = "a Dask scheduler was given, but Dask is not installed: pip install distributed"
        raise SettingsError(message) from error
    with Client(scheduler), parallel_config(backend="dask"):
        yield
