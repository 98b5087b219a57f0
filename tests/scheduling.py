"""Which test runs where and when, if several workers share them (pytest-xdist).

A module runs as a whole on one worker, because it shares what is costly, and modules with slow
tests run first. Tests in a browser all run on one worker: they share servers, and two browsers at
once would be late for one another. Two marks say otherwise: `apart` shares only among tests of the
same parameters, and `alone` runs at the end, when nothing else does.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ALONE, APART = "alone", "apart"
TOGETHER = "tests/browser/"


class Scheduling(LoadScopeScheduling):
    """Hand out modules in the order in which they come, and what is `alone` to the last worker."""

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False  # not the modules of most tests first
        super().schedule()

    def remove_node(self, node: WorkerController) -> str | None:
        crashed: str | None = super().remove_node(node)
        if self.collection is not None:
            for left in self.nodes:
                self._reschedule(left)  # which may have waited to be alone
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

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


def scope_of(nodeid: str) -> str:
    """Return what a test's worker is chosen by."""
    test, _, how = nodeid.rpartition("@")
    if how == ALONE:
        return ALONE
    if how == APART:
        module, _, rest = test.partition("::")
        _, _, parameters = rest.partition("[")
        return f"{module}[{parameters or rest}"
    return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]


def prepare(items: list[pytest.Item]) -> None:
    """Put what takes long first, and write the marks into the names that workers tell."""
    slow = {_module(item) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda each: (not each.nodeid.startswith(TOGETHER), _module(each) not in slow))
    for item in items:
        for mark in (ALONE, APART):
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.xdist_group(mark))


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
