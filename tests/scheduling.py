"""Decide on which worker and when each test runs, if several workers share them (pytest-xdist).

A module runs as a whole on one worker, because it shares what is costly, and modules with slow
tests run first. Tests in a browser all run on one worker: they share servers, and two browsers at
once would be late for one another. Two marks say otherwise: `apart` shares only among tests of the
same parameters, and `alone` runs at the end, when nothing else does.

Only the workers know the marks of tests, so they pass them in a file to the process that hands out
the tests.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ALONE, APART = "alone", "apart"
TOGETHER = "tests/browser/"
_SCOPES = pytest.StashKey[Path]()


class Scheduling(LoadScopeScheduling):
    """Hand out modules in the order in which they come, and what is `alone` to the last worker."""

    def __init__(self, config: pytest.Config, log: Producer | None, scopes: Path) -> None:
        super().__init__(config, log)
        self._file = scopes
        self._scopes: dict[str, str] = {}

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False  # not the modules of most tests first
        self._scopes = json.loads(self._file.read_text())
        super().schedule()

    def remove_node(self, node: WorkerController) -> str | None:
        crashed: str | None = super().remove_node(node)
        if self.collection is not None:
            for left in self.nodes:
                self._reschedule(left)  # which may have waited to be alone
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return self._scopes[nodeid]

    def _assign_work_unit(self, node: WorkerController) -> None:
        if ALONE in self.workqueue:
            self.workqueue.move_to_end(ALONE)
        if self._waits_to_be_alone():
            return
        super()._assign_work_unit(node)
        if ALONE in self.assigned_work[node]:
            node.shutdown()  # these are its last; without a word it would wait for more

    def _reschedule(self, node: WorkerController) -> None:
        if node.shutting_down or not self._waits_to_be_alone():
            super()._reschedule(node)
        elif any(not other.shutting_down for other in self.nodes if other is not node):
            node.shutdown()  # another one stays for the rest

    def _waits_to_be_alone(self) -> bool:
        return list(self.workqueue) == [ALONE] and len(self.nodes) > 1


def scopes_file(config: pytest.Config) -> Path:
    """Return the file in which this run's workers tell what belongs together."""
    if _SCOPES not in config.stash:
        folder = TemporaryDirectory(prefix="pitwall-tests-")
        config.add_cleanup(folder.cleanup)
        config.stash[_SCOPES] = Path(folder.name) / "scopes.json"
    return config.stash[_SCOPES]


def prepare(items: list[pytest.Item], scopes: Path) -> None:
    """Put what takes long first, and tell what belongs together."""
    slow = {_module(item) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda each: (not each.nodeid.startswith(TOGETHER), _module(each) not in slow))
    own = scopes.with_name(str(os.getpid()))
    own.write_text(json.dumps({item.nodeid: scope_of(item) for item in items}))
    own.replace(scopes)  # every worker tells the same


def scope_of(item: pytest.Item) -> str:
    """Return what an item's worker is chosen by."""
    if item.get_closest_marker(ALONE):
        return ALONE
    if item.get_closest_marker(APART):
        _, _, rest = item.nodeid.partition("::")
        _, _, parameters = rest.partition("[")
        return f"{_module(item)}[{parameters or rest}"
    return TOGETHER if item.nodeid.startswith(TOGETHER) else _module(item)


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
