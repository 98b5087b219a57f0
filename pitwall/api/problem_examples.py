"""What a refused request would read: the documented details, made whole problems route by route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pitwall.api import story
from pitwall.api.problems import MEDIA_TYPE, InvalidParameter, Problem


def complete_problems(paths: Mapping[str, Any]) -> None:
    """Make every example of a problem what its route would answer.

    Args:
        paths: `paths` of the OpenAPI, changed in place.
    """
    for path, methods in paths.items():
        for operation in methods.values():
            parameters = operation.get("parameters", ())
            for status, response in operation["responses"].items():
                media = response.get("content", {}).get(MEDIA_TYPE)
                if media:
                    said = media["example"]
                    media["example"] = _whole(said, int(status), _asked(path, parameters, said))


def _asked(path: str, parameters: Iterable[Any], said: Mapping[str, Any]) -> str:
    """Return the path with the examples of its parameters in it, but for an invalid one."""
    invalid = {each["name"] for each in said.get("invalid", ())}
    for parameter in parameters:
        name = parameter["name"]
        if parameter["in"] == "path":
            wrong = f"path.{name}" in invalid
            example = story.NO_UUID if wrong else parameter["schema"]["examples"][0]
            path = path.replace(f"{{{name}}}", str(example))
    return path


def _whole(said: dict[str, Any], status: int, instance: str) -> dict[str, Any]:
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=said["detail"],
        instance=instance,
        invalid=[InvalidParameter(**each) for each in said.get("invalid", ())] or None,
        request_id=story.REQUEST_ID,
        source=story.SOURCE if status != HTTPStatus.SERVICE_UNAVAILABLE else None,
    )
    return problem.model_dump(exclude_none=True)
