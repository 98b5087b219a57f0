"""Draw what is behind a forecast: its interval, possible interruptions, and the experts."""

from __future__ import annotations

import reflex as rx

from pitwall.domain.forecasts import ExpertName
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


def expert_panel(mix: rx.Var[MixRow]) -> rx.Component:
    """Draw the weights as one bar, and below it each expert's own forecast."""
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
