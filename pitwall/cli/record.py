"""`pitwall record`: record a live feed byte for byte, until interrupted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import click

from pitwall.app.feed_runner import open_openf1, recordings_folder
from pitwall.app.settings import load
from pitwall.cli.coroutines import waiting
from pitwall.engine.clock import wall_now
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_live import F1LiveFeed
from pitwall.feeds.recording.tape_recorder import TapeRecorder, tape_path
from pitwall.live.ingest import Backoff
from pitwall.logs import one_line
from pitwall.ports.feeds import LiveFeed

_STEADY_S = 20.0
_SILENT_S = 30.0  # without even a ping


@click.command(
    epilog="""
    \b
    Examples:
      pitwall record                          F1 live timing, into the data folder
      pitwall record --feed openf1 zandvoort.jsonl.zst
    """
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--feed",
    "kind",
    type=click.Choice(["f1_live", "openf1"]),
    default="f1_live",
    show_default=True,
    help="What to record.",
)
@waiting
async def command(file: Path | None, kind: str) -> int:
    """Record what a live feed sends, byte for byte, until Ctrl+C.

    It reconnects when the connection is lost. Without FILE it makes a new file in the data folder.
    """
    settings = load()
    feed: LiveFeed = (
        open_openf1(settings, "latest")
        if kind == "openf1"
        else F1LiveFeed(settings.f1tv_token.get_secret_value(), settings.f1_url)
    )
    path = file or tape_path(recordings_folder(settings), feed.name, wall_now())
    recorder = TapeRecorder(path, feed.name)
    print(f"recording to {one_line(str(path))}; press Ctrl+C to stop")
    try:
        await record(feed, recorder, report=lambda text: sys.stderr.write(one_line(text) + "\n"))
    finally:
        await recorder.close()
        print(f"{recorder.frames} frames in {one_line(str(path))}")
    return 1  # recording ends by itself only when the disk fails


async def record(feed: LiveFeed, recorder: TapeRecorder, report: Callable[[str], object]) -> None:
    """Record what the feed sends until cancelled, or until the disk fails.

    Args:
        feed: What to connect to.
        recorder: Writes the recording.
        report: Called with a sentence when the connection is lost or something fails.
    """
    loop, backoff, last_reason = asyncio.get_running_loop(), Backoff(), ""
    while not recorder.failed:
        began_s = loop.time()
        try:
            await _one_connection(feed, recorder)
            reason = "The server ended the connection."
        except FeedUnavailableError as error:
            reason = str(error)
        if loop.time() - began_s >= _STEADY_S:
            backoff.reset()
        await recorder.mark_gap(reason)
        if reason != last_reason:
            report(f"{reason} Trying again.")
        last_reason = reason
        await asyncio.sleep(backoff.next_s())
    report(recorder.failed)


async def _one_connection(feed: LiveFeed, recorder: TapeRecorder) -> None:
    async with aclosing(feed.frames()) as frames:
        while not recorder.failed:
            try:
                async with asyncio.timeout(_SILENT_S):
                    frame = await anext(frames)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise FeedUnavailableError(f"Nothing arrived for {_SILENT_S:.0f} s.") from error
            await recorder.record([frame])
