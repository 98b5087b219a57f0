"""Test that each test runs once where workers share them, and alone if it is so marked."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scheduling import Scheduling, prepare

ROOT = Path(__file__).parents[1]


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

    def __init__(self, tests: list[str], workers: int, luck: random.Random, told: Path) -> None:
        self.ran: list[str] = []
        self.beside: list[int] = []
        options: Any = SimpleNamespace(
            option=SimpleNamespace(loadscopereorder=True),
            getvalue=lambda _name: ["popen"] * workers,
        )
        nodes = [Worker(f"gw{number}") for number in range(workers)]
        scopes = {test: "alone" if "alone" in test else test.partition("::")[0] for test in tests}
        told.write_text(json.dumps(scopes))
        scheduling = Scheduling(options, None, told)
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


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("told") / "scopes.json"


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8),
    alone=st.integers(0, 4),
    workers=st.integers(1, 4),
    luck=st.randoms(use_true_random=False),
)
def test_each_test_runs_once_and_what_is_alone_runs_when_nothing_else_does(
    told: Path, sizes: list[int], alone: int, workers: int, luck: random.Random
) -> None:
    tests = [f"m{m}.py::test_{t}" for m, size in enumerate(sizes) for t in range(size)]
    tests += [f"m{t}.py::test_alone_{t}" for t in range(alone)]
    luck.shuffle(tests)

    run = Run(tests, workers, luck, told)

    assert sorted(run.ran) == sorted(tests)
    for test, beside in zip(run.ran, run.beside, strict=True):
        assert beside == 0 or "alone" not in test


def test_modules_run_in_the_order_in_which_they_are_collected(told: Path) -> None:
    tests = ["slow.py::test_a", *(f"quick.py::test_{t}" for t in range(9)), "last.py::test_b"]

    assert Run(tests, 1, random.Random(1), told).ran == tests


def an_item(nodeid: str, *marks: str) -> Any:
    return SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda mark: mark in marks)


def test_what_takes_long_comes_first_and_marks_say_what_belongs_together(told: Path) -> None:
    items = [
        an_item("tests/test_q.py::test_a[1]"),
        an_item("tests/test_s.py::test_a[1-b]", "apart"),
        an_item("tests/test_s.py::test_b[1-b]", "apart", "slow"),
        an_item("tests/test_s.py::test_c", "apart"),
        an_item("tests/test_q.py::test_b", "alone"),
        an_item("tests/browser/test_p.py::test_a", "slow"),
        an_item("tests/browser/test_p.py::test_b", "slow", "alone"),
    ]

    prepare(items, told)

    assert list(map(_short, items)) == ["p::a", "p::b", "s::a", "s::b", "s::c", "q::a", "q::b"]
    assert list(json.loads(told.read_text()).values()) == [
        "tests/browser/",
        "alone",
        "tests/test_s.py[1-b]",
        "tests/test_s.py[1-b]",
        "tests/test_s.py[test_c",
        "tests/test_q.py",
        "alone",
    ]


def _short(item: Any) -> str:
    module, _, test = item.nodeid.partition(".py::test_")
    return f"{module[-1]}::{test[0]}"


@pytest.mark.slow
def test_the_marks_of_real_tests_reach_whoever_hands_them_out(tmp_path: Path) -> None:
    """What plugins tell one another changes with their versions: hence as people run it."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = alone\n slow\n apart\n")
    note = "import os, pathlib, time, pytest\nworker = os.environ['PYTEST_XDIST_WORKER']\n"
    note += f"def note(name):\n    with open({str(tmp_path / 'notes')!r}, 'a') as file:\n"
    note += "        file.write(f'{name} {worker}\\n')\n"
    for module in "ab":
        (tmp_path / f"test_{module}.py").write_text(
            f"{note}def test_one():\n    time.sleep(0.2)\n    note('{module}')\n"
            f"@pytest.mark.alone\ndef test_two():\n    note('alone')\n"
        )

    outside = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n2", "-p", "tests.conftest", str(tmp_path)],
        cwd=tmp_path,
        env=outside | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    notes = [line.split() for line in (tmp_path / "notes").read_text().splitlines()]
    assert [name for name, _ in notes[2:]] == ["alone", "alone"]
    assert len({worker for _, worker in notes[:2]}) == 2
    assert len({worker for _, worker in notes[2:]}) == 1
