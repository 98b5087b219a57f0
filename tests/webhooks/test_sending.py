"""Test that receivers that fail, hang, redirect or are slow neither lose events nor slow others.

Real receivers on this machine, real databases; only the delays between attempts are shortened.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier

from pitwall.domain.webhooks import (
    HookKind,
    HookPlace,
)
from pitwall.store.database import Database
from pitwall.webhooks import sender as sending
from pitwall.webhooks.targets import Targets
from tests.live.frames import later
from tests.servers.requirement import missing
from tests.webhooks.makers import a_delivery, a_hook, a_user, passing, registered
from tests.webhooks.receivers import (
    Behave,
    Receiver,
    answers,
    breaks_off,
    drips,
    floods,
    hangs,
    receiving,
)
from tests.webhooks.worker import LOOPBACK, Worker, all_sent, failed, settled, states_of, wall_now

pytestmark = pytest.mark.usefixtures("short_delays")


async def test_one_event_reaches_a_receiver_with_a_signature_that_others_verify(
    worker: Worker,
) -> None:
    async with receiving(answers(204)) as receiver, worker.leading():
        hook = a_hook(await a_user(worker.database), receiver.url("/a?b=c"))
        await registered(worker.database, hook)
        await worker.shows(passing(1))
        (got,) = await receiver.has(1)

        assert got.path == "/a?b=c"
        assert Verifier(hook.secret).verify(got.body, got.headers)["type"] == "passed"
        key = base64.b64decode(hook.secret.removeprefix("whsec_"))
        signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
        digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert got.headers["webhook-signature"] == f"v1,{digest}"
        assert got.data["data"]["attacker"]["number"] == 81
        assert got.data["data"]["p_overtake_before"] == 0.09
        (delivery,) = await settled(worker, hook)
        assert (str(delivery.id), delivery.state, delivery.status) == (got.id, "sent", 204)


FAULTS: dict[str, tuple[Behave, str]] = {
    "fails": (answers(500), "The receiver answered 500."),
    "hangs": (hangs, "No answer within 4 s."),
    "drips": (drips, "No answer within 4 s."),
    "breaks off": (breaks_off, "The connection broke off"),
    "says nonsense": (answers(999, body="x"), "The receiver answered 999."),
}


@pytest.mark.alone
async def test_receivers_with_every_fault_slow_nothing_and_lose_nothing(worker: Worker) -> None:
    """Beside one of each that fails, the healthy one is told of everything at once."""
    number = 6
    worker.answered_within_s = 4.0
    async with AsyncExitStack() as stack:

        async def run(behave: Behave) -> Receiver:
            return await stack.enter_async_context(receiving(behave))

        inside, healthy = await run(answers(200)), await run(answers(200))
        redirects = answers(302, f"Location: {inside.url('/private')}")
        kinds = FAULTS | {"redirects": (redirects, "The receiver answered 302, a redirect")}
        faulty = {name: await run(behave) for name, (behave, _) in kinds.items()}
        user = await a_user(worker.database)
        await registered(worker.database, a_hook(user, healthy.url()))
        hooks = {
            name: await registered(worker.database, a_hook(user, receiver.url()))
            for name, receiver in faulty.items()
        }
        async with worker.leading():
            await worker.shows(passing(0))
            shown_at_s = asyncio.get_running_loop().time()
            lag = asyncio.ensure_future(_longest_lag_s())
            await worker.shows(passing(number))
            told = await healthy.has(number)
            assert told[-1].at_s - shown_at_s < 3.0  # less than a receiver hangs
            assert len({got.id for got in told}) == number
            for name, hook in hooks.items():
                found = await failed(worker, hook)
                assert found.health.last_error.startswith(kinds[name][1]), name
                assert [state for state, _ in await states_of(worker, hook)] == ["waiting"] * number
            assert await _stopped(lag) < 2  # the slow ones hang for twice as long
            for receiver in faulty.values():
                receiver.behave = answers(200)  # it is mended
            for name, receiver in faulty.items():
                sent = await all_sent(worker, hooks[name])
                assert len(sent) == number
                assert {got.id for got in receiver.got} == sent
        assert inside.connections == 0


async def _longest_lag_s() -> float:
    """Measure until cancelled how late the event loop came back."""
    loop, longest_s = asyncio.get_running_loop(), 0.0
    try:
        while True:
            began_s = loop.time()
            await asyncio.sleep(0.01)
            longest_s = max(longest_s, loop.time() - began_s - 0.01)
    except asyncio.CancelledError:
        return longest_s


async def _stopped(task: asyncio.Task[float]) -> float:
    task.cancel()
    return await task


@pytest.mark.alone
async def test_many_that_hang_do_not_keep_one_that_answers(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They fill their own lane once they have failed; the lane of the healthy stays free."""
    monkeypatch.setattr(sending, "AT_ONCE", 4)
    worker.answered_within_s = 0.4
    async with receiving(hangs) as bad, receiving(answers(200)) as good, worker.leading():
        user = await a_user(worker.database)
        for _ in range(12):
            await registered(worker.database, a_hook(user, bad.url()))
        await worker.shows(passing(1))
        await bad.has(12)
        await registered(worker.database, a_hook(user, good.url()))
        worker.ring.add(replace(later(passing(1)[1]), ended=()))
        await asyncio.sleep(2.2)  # until webhooks are read again
        shown_at_s = asyncio.get_running_loop().time()
        await worker.shows(passing(3)[2:])
        (got,) = await good.has(1)
        assert got.at_s - shown_at_s < 1.0


async def test_an_answer_counts_however_endless_its_body(worker: Worker) -> None:
    async with receiving(floods) as receiver, worker.leading():
        hook = await registered(
            worker.database, a_hook(await a_user(worker.database), receiver.url())
        )
        await worker.shows(passing(1))
        (delivery,) = await settled(worker, hook)
        assert (delivery.state, delivery.status) == ("sent", 200)


async def test_a_receiver_is_left_alone_as_long_as_it_asks(worker: Worker) -> None:
    async with receiving(answers(429, "Retry-After: 1.5")) as receiver, worker.leading():
        await registered(worker.database, a_hook(await a_user(worker.database), receiver.url()))
        await worker.shows(passing(1))
        await receiver.has(1)
        receiver.behave = answers(200)
        first, second = await receiver.has(2)
        assert second.at_s - first.at_s >= 1.4
        assert first.id == second.id
        assert first.body == second.body


async def test_who_is_gone_is_told_nothing_any_more(worker: Worker) -> None:
    async with receiving(answers(410)) as receiver, worker.leading():
        hook = a_hook(await a_user(worker.database), receiver.url())
        await registered(worker.database, hook)
        for _ in range(3):
            await worker.store.enqueue(a_delivery(hook, created_at=wall_now(), next_at=wall_now()))
        assert "410 Gone" in (await failed(worker, hook)).pause_reason
        assert [state for state, _ in await states_of(worker, hook)] == ["dead"] * 3
        assert len(receiver.got) == 1
        assert await worker.store.put([a_delivery(hook)], HookPlace()) == 0


async def test_a_name_that_leads_inside_at_sending_is_not_connected_to(database: Database) -> None:
    """It led elsewhere when it was registered: rebinding."""
    async with receiving(answers(200)) as receiver:
        worker = Worker(database, Targets((), lambda _host, _port: ["127.0.0.1"]))
        async with worker.leading():
            url = receiver.url(host="hooks.example.org", scheme="https")
            hook = await registered(database, a_hook(await a_user(database), url))
            await worker.shows(passing(1))
            (delivery,) = await settled(worker, hook)
        assert "does not lead to the public internet" in delivery.error
        assert receiver.connections == 0


async def test_connects_to_the_address_that_was_judged(database: Database) -> None:
    """The name exists for the judge alone; a second look-up would not find it."""
    looked_up = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    async with receiving(answers(200)) as receiver:
        worker = Worker(database, Targets(LOOPBACK, resolve))
        async with worker.leading():
            hook = a_hook(await a_user(database), receiver.url(host="nowhere.invalid"))
            await registered(database, hook)
            await worker.shows(passing(1))
            (got,) = await receiver.has(1)
        assert got.headers["host"] == f"nowhere.invalid:{receiver.port}"
        assert looked_up == ["nowhere.invalid"]


async def test_a_certificate_must_be_of_the_name_and_trusted(
    database: Database, tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        missing("openssl is not installed, which makes a certificate")
    server = _certificate(tmp_path, "hooks.example.org")
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(server)
    trusting = ssl.create_default_context(cafile=str(server))
    user = await a_user(database)
    async with receiving(answers(200), theirs) as receiver:
        for name, tls, state in (
            ("hooks.example.org", trusting, "sent"),
            ("other.example.org", trusting, "waiting"),
            ("hooks.example.org", None, "waiting"),
        ):
            targets = Targets(LOOPBACK, lambda _host, _port: ["127.0.0.1"])
            worker = Worker(database, targets, tls)
            url = receiver.url(host=name, scheme="https")
            hook = await registered(database, a_hook(user, url))
            await worker.store.enqueue(a_delivery(hook, created_at=wall_now(), next_at=wall_now()))
            async with worker.leading():
                (delivery,) = await settled(worker, hook)
            assert delivery.state == state, delivery.error
            await worker.store.remove(user, hook.id)


def _certificate(folder: Path, name: str) -> Path:
    file, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    where = ["-keyout", str(key), "-out", str(file)]
    subprocess.run([*command.split(), *names, *where], check=True, capture_output=True)
    file.write_bytes(key.read_bytes() + file.read_bytes())
    return file


async def test_ntfy_and_discord_get_words(worker: Worker) -> None:
    async with receiving(answers(200)) as receiver, worker.leading():
        user = await a_user(worker.database)
        ntfy = a_hook(user, receiver.url("/my-battles?auth=x"), kind=HookKind.NTFY)
        discord = a_hook(user, receiver.url("/api/webhooks/1/a"), kind=HookKind.DISCORD)
        for hook in (ntfy, discord):
            await registered(worker.database, hook)
        await worker.shows(passing(1))
        got = {each.path: each.data for each in await receiver.has(2)}

        note, message = got["/?auth=x"], got["/api/webhooks/1/a"]
        assert note["topic"] == "my-battles"
        assert "has passed" in note["message"]
        assert "9 %" in note["message"]
        assert note["message"] in message["content"]
        assert message["allowed_mentions"] == {"parse": []}


async def test_who_does_not_lead_sends_nothing(worker: Worker) -> None:
    worker.leads = False
    async with receiving(answers(200)) as receiver, worker.leading():
        hook = await registered(
            worker.database, a_hook(await a_user(worker.database), receiver.url())
        )
        await worker.store.enqueue(a_delivery(hook, created_at=wall_now(), next_at=wall_now()))
        await asyncio.sleep(0.4)
        assert receiver.connections == 0
        worker.leads = True
        await receiver.has(1)
