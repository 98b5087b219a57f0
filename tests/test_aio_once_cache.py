"""Test that an expensive answer is computed once, also if the first to ask is cancelled."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from pitwall.aio import OnceCache


class Oracle:
    """Answers when it is told to; counts how often each question is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.error: Exception | None = None

    async def answer(self, question: str) -> str:
        self.asked.append(question)
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return question.upper()


async def soon() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_however_many_wait_one_asks() -> None:
    oracle, cache = Oracle(), OnceCache[str, str](4)
    waiting = [asyncio.ensure_future(cache.get("a", lambda: oracle.answer("a"))) for _ in range(9)]
    await soon()
    assert (cache.known("a"), cache.items()) == (None, [])

    oracle.may_answer.set()

    assert await asyncio.gather(*waiting) == ["A"] * 9
    assert await cache.get("a", lambda: oracle.answer("a")) == "A"
    assert oracle.asked == ["a"]
    assert (cache.known("a"), cache.items()) == ("A", [("a", "A")])


async def test_who_goes_away_does_not_take_the_answer_from_the_others() -> None:
    oracle, cache = Oracle(), OnceCache[str, str](4)
    first = asyncio.ensure_future(cache.get("a", lambda: oracle.answer("a")))
    second = asyncio.ensure_future(cache.get("a", lambda: oracle.answer("a")))
    await soon()

    first.cancel()
    await soon()
    oracle.may_answer.set()

    assert first.cancelled()
    assert await second == "A"
    assert oracle.asked == ["a"]


async def test_an_error_is_told_to_all_and_not_held() -> None:
    oracle, cache = Oracle(), OnceCache[str, str](4)
    oracle.error = ValueError("no")
    waiting = [asyncio.ensure_future(cache.get("a", lambda: oracle.answer("a"))) for _ in range(3)]
    await soon()
    oracle.may_answer.set()

    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(each) for each in told] == ["no"] * 3
    assert len(cache) == 0

    oracle.error = None
    assert await cache.get("a", lambda: oracle.answer("a")) == "A"
    assert oracle.asked == ["a", "a"]


async def test_an_error_that_nobody_waits_for_is_no_complaint() -> None:
    complaints: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    oracle, cache = Oracle(), OnceCache[str, str](4)
    oracle.error = ValueError("no")
    alone = asyncio.ensure_future(cache.get("a", lambda: oracle.answer("a")))
    await soon()
    alone.cancel()
    oracle.may_answer.set()
    await soon()

    assert len(cache) == 0
    assert complaints == []


async def test_the_answer_used_longest_ago_goes_first() -> None:
    oracle, cache = Oracle(), OnceCache[str, str](2)
    oracle.may_answer.set()
    for question in ("a", "b", "a", "c"):
        await cache.get(question, partial(oracle.answer, question))

    assert [key for key, _ in cache.items()] == ["a", "c"]
    assert oracle.asked == ["a", "b", "c"]


async def test_a_question_that_is_being_asked_is_not_dropped() -> None:
    oracle, cache = Oracle(), OnceCache[str, str](1)
    waiting = [
        asyncio.ensure_future(cache.get(each, partial(oracle.answer, each)))
        for each in ("a", "b", "a")
    ]
    await soon()
    oracle.may_answer.set()

    assert await asyncio.gather(*waiting) == ["A", "B", "A"]
    assert oracle.asked == ["a", "b"]
    assert len(cache) == 1


async def test_what_is_forgotten_is_asked_anew() -> None:
    oracle, cache = Oracle(), OnceCache[str, str](2)
    oracle.may_answer.set()
    await cache.get("a", lambda: oracle.answer("a"))

    cache.forget("a")
    cache.forget("never asked")
    with pytest.raises(LookupError):
        await cache.get("b", _fails)
    await cache.get("a", lambda: oracle.answer("a"))

    assert oracle.asked == ["a", "a"]


async def _fails() -> str:
    raise LookupError
