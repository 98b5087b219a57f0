"""Draw what is behind a forecast: its interval, interruptions, experts and their reasons."""

from __future__ import annotations

from typing import NamedTuple

import reflex as rx

from pitwall.domain.forecasts import ExpertName
from pitwall.web.shared.battle_rows import ReasonRow
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.expert_rows import ExpertRow, MixRow

INTERVAL = "90 % interval: how far the forecast could differ had the model learned from other races"
IN_THREE = (
    "Chance that the car behind is ahead within three laps, "
    "if neither car pits and the track stays clear"
)
ESTIMATED = (
    "Estimated: the feed does not tell a battery's charge or mode, "
    "so this expert works from speeds and sector times"
)
VIEWS = {
    ExpertName.OM.value: "OM: who may use DRS or Overtake Mode, and who does",
    ExpertName.BOOST.value: "BOOST: who has more electric power left to deploy",
    ExpertName.AERO.value: "AERO: how much the attacker loses in the wake of the car ahead",
}

SUBJECTS = {
    ExpertName.OM.value: "mode",
    ExpertName.BOOST.value: "energy",
    ExpertName.AERO.value: "wake",
}
SITUATION = (
    "The forecast from gap, closing, traffic, stage, form and the race so far, without the experts"
)
KEPT = "Chance that a pass made now still stands two laps later"
POINTS = "By how many percentage points it moves the forecast, the rest of it as it is"
SCALE_POINTS = 20  # a bar that moves the forecast by more ends in an arrow


class Behind(NamedTuple):
    """What is behind a forecast.

    Attributes:
        mix: Its interval and experts; not valid unless `mixed`.
        mixed: Whether experts made it.
        reasons: Its reasons, sorted under what they moved.
    """

    mix: rx.Var[MixRow]
    mixed: rx.Var[bool]
    reasons: rx.Var[list[ReasonRow]]


def whisker(mix: rx.Var[MixRow]) -> rx.Component:
    """Draw the 90 % interval along the gauge above it."""
    return rx.el.span(
        class_name="whisker",
        aria_hidden="true",
        style={"--low": f"{mix.low}%", "--high": f"{mix.high}%"},
    )


def outlook(mix: rx.Var[MixRow]) -> rx.Component:
    """Draw the interval, the chance within three laps, and the chance of an interruption."""
    return rx.fragment(
        rx.el.p(
            rx.el.span(
                rx.el.span("90 % interval: ", class_name="sr-only"), mix.span, " %", title=INTERVAL
            ),
            rx.el.span(
                "in 3 laps ",
                rx.el.strong(mix.in_three, " %"),
                title=IN_THREE,
            ),
            class_name="spans",
        ),
        rx.el.p(
            rx.el.strong(mix.interrupted, " %"),
            " stop or flag first",
            title="Chance that the battle is interrupted within the next lap: "
            f"by a pit stop {mix.pit} %, by a safety car or red flag {mix.neutralised} %, "
            f"by a retirement {mix.retired} %. The forecast assumes that none of these comes first",
            class_name="first",
        ),
    )


def why(behind: Behind, percent: rx.Var[str]) -> rx.Component:
    """Draw what moved a forecast of `percent`: situation and experts, each with its reasons."""
    return rx.cond(
        behind.mixed & (behind.mix.situation != ""),
        _moves(behind.mix, behind.reasons, percent),
        rx.fragment(
            rx.cond(behind.mixed, _weights(behind.mix), rx.fragment()),
            rx.el.ul(
                rx.foreach(behind.reasons, reason_line),
                class_name="why",
                aria_label="Reasons for the forecast",
            ),
        ),
    )


def condition_line(condition: rx.Var[str]) -> rx.Component:
    """Draw the condition of a battle in one line; nothing for a clean one."""
    return rx.cond(
        condition != "",
        rx.el.p(condition, title=condition, class_name="condition"),
        rx.fragment(),
    )


def reason_line(reason: rx.Var[ReasonRow]) -> rx.Component:
    """Draw one reason with its weight."""
    return rx.el.li(
        rx.el.span(reason.points, class_name="weight"),
        rx.el.span(reason.words),
        key=reason.words,
        class_name=f"reason {reason.tone}",
    )


def _moves(
    mix: rx.Var[MixRow], reasons: rx.Var[list[ReasonRow]], percent: rx.Var[str]
) -> rx.Component:
    """Draw the situation's forecast, what each expert moves it by, and their reasons."""
    return rx.el.div(
        rx.el.p(
            "The situation alone gives ",
            mix.situation,
            " %, ",
            rx.foreach(mix.experts, _clause),
            "which makes ",
            percent,
            " %.",
            class_name="sr-only moves-sentence",
        ),
        rx.el.div(
            rx.el.span("situation", title=SITUATION, class_name="move-who"),
            rx.el.span(
                rx.el.span(class_name="alone", style={"--alone": f"{mix.alone}%"}),
                class_name="move-track alone-track",
            ),
            rx.el.span(mix.situation, " %", class_name="move-points"),
            aria_hidden="true",
            class_name="move",
        ),
        _reasons_of(rx.Var.create("situation"), reasons),
        rx.foreach(mix.experts, lambda expert: _move(expert, reasons)),
        rx.cond(
            mix.kept != "",
            rx.el.p(
                "if passed, stands: ", rx.el.strong(mix.kept, " %"), title=KEPT, class_name="kept"
            ),
            rx.fragment(),
        ),
        class_name="expert-panel moves",
    )


def _clause(expert: rx.Var[ExpertRow]) -> rx.Component:
    return rx.fragment(
        expert.name.upper(),
        " (",
        rx.Var.create(SUBJECTS)[expert.name],
        rx.cond(expert.estimated, ", estimated)", ")"),
        rx.cond(expert.points < 0, " takes ", " adds "),
        abs(expert.points),
        rx.cond(abs(expert.points) == 1, " point, ", " points, "),
    )


def _move(expert: rx.Var[ExpertRow], reasons: rx.Var[list[ReasonRow]]) -> rx.Component:
    beyond = rx.cond(abs(expert.tenths) > 10 * SCALE_POINTS, "beyond", "")
    way = rx.cond(expert.tenths < 0, "against", "for")
    return rx.fragment(
        rx.el.div(
            rx.el.span(
                rx.el.span(expert.name, class_name="expert-name"),
                " ",
                rx.Var.create(SUBJECTS)[expert.name],
                rx.cond(
                    expert.estimated,
                    rx.el.span("est.", class_name="estimated", title=ESTIMATED),
                    rx.fragment(),
                ),
                title=rx.Var.create(VIEWS)[expert.name],
                class_name="move-who",
            ),
            rx.el.span(
                rx.el.span(
                    class_name=f"move-bar {way} {beyond}", style={"--tenths": f"{expert.tenths}"}
                ),
                class_name="move-track",
            ),
            rx.el.span(
                rx.cond(
                    expert.points < 0, MINUS, rx.cond(expert.points > 0, "+", "\N{PLUS-MINUS SIGN}")
                ),
                abs(expert.points),
                class_name=f"move-points {way}",
            ),
            title=f"{expert.name.upper()} moves the forecast by this many percentage points, "
            f"{expert.weight} % of what the experts move",
            aria_hidden="true",
            class_name="move",
        ),
        _reasons_of(expert.name, reasons),
        key=expert.name,
    )


def _reasons_of(part: rx.Var[str], reasons: rx.Var[list[ReasonRow]]) -> rx.Component:
    return rx.el.ul(
        rx.foreach(
            reasons,
            lambda reason: rx.cond(reason.expert == part, _reason_of(reason), rx.fragment()),
        ),
        class_name="move-reasons",
        aria_label=f"Reasons: {part}",
    )


def _reason_of(reason: rx.Var[ReasonRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(reason.points, class_name="weight", title=POINTS),
        rx.el.span(reason.words, title=reason.words, class_name="reason-words"),
        key=reason.words,
        class_name=f"move-reason reason {reason.tone}",
    )


def _weights(mix: rx.Var[MixRow]) -> rx.Component:
    """Draw a forecast without contributions: the weights as one bar, and each expert's own."""
    return rx.el.div(
        rx.el.div(
            rx.foreach(mix.experts, _segment),
            class_name="shares",
            aria_hidden="true",
        ),
        rx.el.ul(
            rx.foreach(mix.experts, _expert),
            class_name="experts",
            aria_label="Experts, each with weight and forecast",
        ),
        class_name="expert-panel",
    )


def _segment(expert: rx.Var[ExpertRow]) -> rx.Component:
    return rx.el.span(
        rx.el.span(
            rx.el.span(expert.name, " ", class_name="share-name"),
            expert.weight,
            " %",
            class_name="share-label",
        ),
        key=expert.name,
        title=f"{expert.name.upper()} counts for {expert.weight} % of the forecast",
        class_name=f"share pattern-{expert.name}",
        style={"--share": f"{expert.weight}"},
    )


def _expert(expert: rx.Var[ExpertRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(class_name=f"swatch pattern-{expert.name}", aria_hidden="true"),
            rx.el.span(
                expert.name, title=rx.Var.create(VIEWS)[expert.name], class_name="expert-name"
            ),
            rx.cond(
                expert.estimated,
                rx.el.span("estimated", class_name="estimated", title=ESTIMATED),
                rx.fragment(),
            ),
            class_name="expert-who",
        ),
        rx.el.span(" counts for ", expert.weight, " %, ", class_name="sr-only"),
        rx.el.span("says ", rx.el.strong(expert.forecast, " %")),
        key=expert.name,
        class_name="expert",
    )
