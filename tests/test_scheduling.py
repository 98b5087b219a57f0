"""Where several workers share the tests, each runs once, and what must be alone is."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scheduling import Scheduling, scope_of


class Worker:
    """A worker as pytest-xdist has them: it runs a test when it knows the next, or that none is."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = self.had_tests = False
        self.waiting: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        assert not self.shutting_down
        self.waiting += indices
        self.had_tests = True

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def can_run(self) -> bool:
        return len(self.waiting) > (0 if self.shutting_down else 1)

    @property
    def is_over(self) -> bool:
        return self.shutting_down and not self.waiting


class Run:
    """A run of tests by workers of which another one is the fastest at each step.

    Attributes:
        ran: The tests in the order in which they ended.
        beside: For each, how many other workers that had tests were not over when it ran.
    """

    def __init__(self, tests: list[str], workers: int, luck: random.Random) -> None:
        self.ran: list[str] = []
        self.beside: list[int] = []
        options: Any = SimpleNamespace(
            option=SimpleNamespace(loadscopereorder=True),
            getvalue=lambda _name: ["popen"] * workers,
        )
        nodes = [Worker(f"gw{number}") for number in range(workers)]
        scheduling = Scheduling(options)
        for node in nodes:
            scheduling.add_node(node)
        for node in nodes:
            scheduling.add_node_collection(node, tests)
        scheduling.schedule()
        left = list(nodes)
        while left:
            ready = [node for node in left if node.can_run or node.is_over]
            assert ready, "every worker waits for another"
            node = luck.choice(ready)
            if node.is_over:
                left.remove(node)
                if node in scheduling.nodes:
                    scheduling.remove_node(node)
                continue
            index = node.waiting.pop(0)
            self.ran.append(tests[index])
            self.beside.append(sum(each.had_tests for each in left if each is not node))
            scheduling.mark_test_complete(node, index)
            if scheduling.tests_finished:
                for each in left:
                    each.shutdown()


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8),
    alone=st.integers(0, 4),
    workers=st.integers(1, 4),
    luck=st.randoms(use_true_random=False),
)
def test_each_test_runs_once_and_what_is_alone_runs_when_nothing_else_does(
    sizes: list[int], alone: int, workers: int, luck: random.Random
) -> None:
    tests = [f"m{m}.py::test_{t}" for m, size in enumerate(sizes) for t in range(size)]
    tests += [f"z{t % 2}.py::test_{t}@alone" for t in range(alone)]
    luck.shuffle(tests)

    run = Run(tests, workers, luck)

    assert sorted(run.ran) == sorted(tests)
    for test, beside in zip(run.ran, run.beside, strict=True):
        assert beside == 0 or not test.endswith("@alone")


def test_modules_run_in_the_order_in_which_they_are_collected() -> None:
    tests = ["slow.py::test_a", *(f"quick.py::test_{t}" for t in range(9)), "last.py::test_b"]

    assert Run(tests, 1, random.Random(1)).ran == tests


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [
        ("tests/test_x.py::test_a[1]", "tests/test_x.py"),
        ("tests/test_x.py::test_a[mary@alone.example]", "tests/test_x.py"),
        ("tests/browser/test_x.py::test_a[1]", "tests/browser/"),
        ("tests/browser/test_x.py::test_a[1]@alone", "alone"),
        ("tests/test_x.py::test_a[1-b]@apart", "tests/test_x.py[1-b]"),
        ("tests/test_x.py::test_b[1-b]@apart", "tests/test_x.py[1-b]"),
        ("tests/test_x.py::test_a@apart", "tests/test_x.py[test_a"),
    ],
)
def test_a_module_stays_together_unless_a_mark_says_otherwise(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope
