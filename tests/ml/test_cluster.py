"""Test that work runs in this machine's processes, or on a given Dask scheduler."""

from __future__ import annotations

import os

import pytest
from joblib import Parallel, delayed

from ml.cluster import on


def whereabouts(number: int) -> tuple[int, int]:
    return number, os.getpid()


@pytest.mark.filterwarnings("ignore")  # of the cluster's own sockets when it closes
def test_a_named_scheduler_does_the_work_in_order() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        on(cluster.scheduler_address),
    ):
        work = Parallel(n_jobs=2, return_as="generator")(
            delayed(whereabouts)(number) for number in range(6)
        )
        found = list(work)

    assert [number for number, _ in found] == list(range(6))
    assert os.getpid() not in {process for _, process in found}


def test_without_a_scheduler_the_work_stays_here() -> None:
    with on(None):
        found = Parallel(n_jobs=1)(delayed(whereabouts)(number) for number in range(3))

    assert found == [(number, os.getpid()) for number in range(3)]
