"""Define what a model knows from outside the race: earlier seasons and the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pitwall.prediction.columns.history import Histories
from pitwall.prediction.rules import Rules


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Knowledge that is stored in a bundle at training.

    Attributes:
        history: Passes against expectation, by circuit, driver and team, for each season from the
            seasons before it.
        rules: The rules of every season that the model was made for.
    """

    history: Histories = field(default_factory=Histories)
    rules: Rules = field(default_factory=Rules)

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"history": self.history.to_document(), "rules": self.rules.to_document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Knowledge:
        """Return it from a document that `to_document` returned.

        Raises:
            ModelError: The rules contradict each other.
        """
        return cls(
            Histories.from_document(document["history"]), Rules.from_document(document["rules"])
        )


NOTHING_KNOWN: Final = Knowledge()
