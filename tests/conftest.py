"""Provide the fixtures that every folder of tests may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.fixtures import (
    database,
    empty_database,
    postgres_server,
    postgres_url,
    store_url,
)
from tests.servers.redis_fixtures import redis, redis_server, running_redis

__all__ = ["database", "empty_database", "postgres_server", "postgres_url", "store_url"]
__all__ += ["redis", "redis_server", "running_redis"]

REQUIRE_ALL = os.environ.get("PITWALL_REQUIRE_ALL") == "1"

# How fast the machine is today is no property of the code. Where everything is required, the
# examples are the same ones each time, so that a change is judged by itself and not by luck;
# everywhere else they are new ones.
settings.register_profile(
    "pitwall",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=REQUIRE_ALL,
)
settings.load_profile("pitwall")


if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

    from tests.scheduling import Scheduling


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker where to say what belongs together: see `tests/scheduling.py`."""
    from tests.scheduling import scopes_file

    node.workerinput["scopes"] = str(scopes_file(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Share the tests out, where several workers run them."""
    from tests.scheduling import Scheduling, scopes_file

    return Scheduling(config, log, scopes_file(config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests, in a worker, and give a test of a page one more try.

    Pages are tested against a clock, and where two cores run three tests, a neighbour can make a
    page late. The summary names each test that needed its second try (`R`); a fault fails twice.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    if told := getattr(config, "workerinput", None):
        from tests.scheduling import prepare

        prepare(items, Path(told["scopes"]))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real recordings, beside the repository or where the environment says.

    Without it the test is skipped, or fails where everything is required.
    """
    beside = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("PITWALL_SHARED") or beside)
    if not (folder / "data").is_dir():
        reason = f"no recordings at {folder}; set PITWALL_SHARED"
        if REQUIRE_ALL:
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
