"""Answer unexpected errors: a problem for the client, and one line in the log."""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitwall.api.problems import UNEXPECTED, plain_problem

log = logging.getLogger(__name__)


class Failures:
    """Answers requests whose route raised an unexpected error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, and stop any error that it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            log.error(  # noqa: TRY400  one line: a visitor who repeats it must not fill the log
                "request failed", extra={"path": scope["path"], "because": _in_a_line(error)}
            )
            log.debug("where it failed", exc_info=error)
            if not has_begun:  # otherwise the answer is cut, so that its reader notices
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                await plain_problem(scope, send, status, UNEXPECTED)


def _in_a_line(error: BaseException) -> str:
    """Return what went wrong and where, on one line."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if "/pitwall/" in each.filename] or frames
    place = f" at {own[-1].filename.rpartition('/pitwall/')[2]}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__}: {str(error)[:200]!r}{place}"
