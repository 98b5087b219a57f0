// Draws one battle large: who attacks whom, the chance and what moves it, the gap over five laps,
// the last lap of both, the train of cars, and where each would come out after a stop. The server
// formats all values; they arrive in the order of the fields of its rows, see
// `pitwall/web/shared/battle_rows.py`, `expert_rows.py` and `duel_rows.py`.

import { memo, useState } from "react";
import { jsx, jsxs, Fragment } from "react/jsx-runtime";
import { favour } from "$/public/battle_choice.js";

const WIDTH = 150;
const HEIGHT = 60;
const SCALE_TENTHS = 200; // a bar that moves the forecast by more ends in an arrow
const MINUS = "\u2212";

const span = (className, ...children) => jsxs("span", { className, children });
const label = (text) => jsx("span", { className: "label", children: text });

export const Tyre = memo(function Tyre({ car }) {
  return jsxs("span", {
    className: "tyre",
    title: car.tyre_words,
    children: [
      jsx("span", { className: `compound compound-${car.compound}`, "aria-hidden": true, children: car.tyre }),
      jsx("span", { className: "tyre-age", "aria-hidden": true, children: car.tyre_age }),
      jsx("span", { className: "sr-only", children: car.tyre_words }),
    ],
  });
}, (a, b) => a.car.tyre_words === b.car.tyre_words && a.car.tyre === b.car.tyre);

function Side({ car, place, role, isFavourite, words }) {
  return jsxs("div", {
    className: `side ${role}`,
    children: [
      jsx("span", { className: "team", style: { background: car.colour } }),
      jsxs("p", {
        className: "side-code",
        children: [
          jsx("span", { className: "code", children: car.code }),
          place ? span("side-place", place) : null,
          jsx("button", {
            type: "button",
            className: "favour",
            "aria-pressed": isFavourite,
            "aria-label": `${words.favourite}: ${car.name}`,
            title: words.favour_title,
            onClick: () => favour(car.code),
            children: isFavourite ? "★" : "☆",
          }),
        ],
      }),
      jsx("p", { className: "side-name", title: car.name, children: car.name }),
      jsx(Tyre, { car }),
    ],
  });
}

function Chance({ card, mix, words }) {
  const known = card.percent !== "--";
  return jsxs("div", {
    className: "forecast",
    children: [
      label(words.overtake),
      card.word
        ? jsx("span", { className: "percent word", title: words.unlikely_title, children: card.word })
        : span(
            "percent",
            span("digits big", known ? card.percent.replace(">", "") : "--"),
            known ? span("unit", card.percent.startsWith(">") ? "% +" : "%") : null,
          ),
      jsx("span", {
        className: "meter",
        "aria-hidden": true,
        children: jsx("span", { className: "lit", style: { "--part": `${card.meter}%` } }),
      }),
      mix
        ? jsx("span", {
            className: "whisker",
            "aria-hidden": true,
            style: { "--low": `${mix[0]}%`, "--high": `${mix[1]}%` },
          })
        : null,
      mix ? jsx(Outlook, { mix, words }) : null,
      card.no_forecast
        ? jsxs("p", {
            className: "why none",
            children: [jsx("span", { className: "label", children: words.no_forecast }), " ", card.no_forecast],
          })
        : null,
      span("old", words.old),
    ],
  });
}

function Outlook({ mix, words }) {
  const [, , spread, three, interrupted, pit, neutralised, retired] = mix;
  return jsxs(Fragment, {
    children: [
      jsxs("p", {
        className: "spans",
        children: [
          jsxs("span", {
            title: words.interval_title,
            children: [jsx("span", { className: "sr-only", children: words.interval }), spread, " %"],
          }),
          jsxs("span", {
            title: words.three_title,
            children: [words.three, " ", jsx("strong", { children: `${three} %` })],
          }),
        ],
      }),
      jsxs("p", {
        className: "first",
        title: words.first_title
          .replace("{pit}", pit).replace("{flag}", neutralised).replace("{retired}", retired),
        children: [jsx("strong", { children: `${interrupted} %` }), " ", words.first],
      }),
    ],
  });
}

const Reasons = ({ part, reasons, words }) =>
  jsx("ul", {
    className: "move-reasons",
    "aria-label": `${words.reasons}: ${part || words.forecast}`,
    children: reasons
      .filter((reason) => reason[3] === part)
      .map(([points, text, tone]) =>
        jsxs("li", {
          className: `move-reason reason ${tone}`,
          children: [
            jsx("span", { className: "weight", title: words.points_title, children: points }),
            jsx("span", { className: "reason-words", title: text, children: text }),
          ],
        }, text),
      ),
  });

function Move({ expert, reasons, words }) {
  const [name, , weight, estimated, points, tenths] = expert;
  const way = tenths < 0 ? "against" : "for";
  const sign = points < 0 ? MINUS : points > 0 ? "+" : "\u00b1";
  return jsxs(Fragment, {
    children: [
      jsxs("div", {
        className: "move",
        "aria-hidden": true,
        title: words.moves_title.replace("{name}", name.toUpperCase()).replace("{weight}", weight),
        children: [
          jsxs("span", {
            className: "move-who",
            title: words.views[name],
            children: [
              span("expert-name", name), " ", words.subjects[name],
              estimated
                ? jsx("span", { className: "estimated", title: words.estimated_title, children: words.est })
                : null,
            ],
          }),
          span("move-track", jsx("span", {
            className: `move-bar ${way}${Math.abs(tenths) > SCALE_TENTHS ? " beyond" : ""}`,
            style: { "--tenths": `${tenths}` },
          })),
          span(`move-points ${way}`, sign, Math.abs(points)),
        ],
      }),
      jsx(Reasons, { part: name, reasons, words }),
    ],
  });
}

const Moves = memo(function Moves({ card, mix, reasons, words }) {
  const [, , , , , , , , experts, situation, alone, kept] = mix;
  // Forecasts of an earlier release say each expert's weight and opinion, but not what it moves.
  if (!situation) {
    return jsxs("div", {
      className: "expert-panel",
      children: [
        jsx("ul", {
          className: "experts",
          "aria-label": words.experts,
          children: experts.map(([name, says, weight, estimated]) =>
            jsxs("li", {
              className: "expert",
              children: [
                span("expert-name", name), ` ${weight} %, ${words.says} `,
                jsx("strong", { children: `${says} %` }),
                estimated
                  ? jsx("span", { className: "estimated", title: words.estimated_title, children: words.estimated })
                  : null,
              ],
            }, name),
          ),
        }),
        jsx(Reasons, { part: "", reasons, words }),
      ],
    });
  }
  const clauses = experts.map(([name, , , estimated, points]) =>
    `${name.toUpperCase()} (${words.subjects[name]}${estimated ? `, ${words.estimated}` : ""}) ` +
    `${points < 0 ? words.takes : words.adds} ${Math.abs(points)} ` +
    `${Math.abs(points) === 1 ? words.point : words.points}, `);
  return jsxs("div", {
    className: "expert-panel moves",
    children: [
      jsx("p", {
        className: "sr-only moves-sentence",
        children: `${words.alone} ${situation} %, ${clauses.join("")}${words.makes} ${
          card.percent ? `${card.percent} %` : words.under}.`,
      }),
      jsxs("div", {
        className: "move",
        "aria-hidden": true,
        children: [
          jsx("span", { className: "move-who", title: words.situation_title, children: words.situation }),
          span("move-track alone-track", jsx("span", { className: "alone", style: { "--alone": `${alone}%` } })),
          span("move-points", situation, " %"),
        ],
      }),
      jsx(Reasons, { part: "situation", reasons, words }),
      ...experts.map((expert) => jsx(Move, { expert, reasons, words }, expert[0])),
      kept
        ? jsxs("p", {
            className: "kept",
            title: words.kept_title,
            children: [words.kept, " ", jsx("strong", { children: `${kept} %` })],
          })
        : null,
    ],
  });
}, (a, b) => a.mix === b.mix && a.reasons === b.reasons && a.card.percent === b.card.percent);

const Gap = memo(function Gap({ trace, words }) {
  const [lines, gap, chance, top, laps] = trace ?? ["", "", "", 2.5, []];
  const reach = HEIGHT * (1 - 1 / top);
  return jsxs("figure", {
    className: "stage-gap",
    "aria-hidden": true, // the numbers beside it say the same
    children: [
      jsxs("figcaption", {
        className: "label",
        children: [
          jsx("span", { className: "key-gap", children: words.gap_drawn }),
          jsx("span", { className: "key-chance", children: words.chance_drawn }),
        ],
      }),
      jsxs("div", {
        className: "stage-drawing",
        children: [
          jsxs("svg", {
            viewBox: `0 -1 ${WIDTH} ${HEIGHT + 2}`,
            preserveAspectRatio: "none",
            children: [
              ...laps.map(([x]) => jsx("line", { className: "lap", x1: x, x2: x, y1: 0, y2: HEIGHT }, x)),
              jsx("line", { className: "guide", x1: 0, x2: WIDTH, y1: reach, y2: reach }),
              jsx("polyline", { className: "drawn-chance", points: chance }),
              jsx("polyline", { className: "drawn-lines", points: lines }),
              jsx("polyline", { className: "drawn-gap", points: gap }),
            ],
          }),
          jsx("span", { className: "scale-top", children: `${top} s` }),
          jsx("span", { className: "scale-reach", style: { top: `${(100 * reach) / HEIGHT}%` }, children: "1 s" }),
          ...laps.map(([x, lap]) =>
            jsx("span", { className: "scale-lap", style: { left: `${(100 * x) / WIDTH}%` }, children: lap }, lap)),
        ],
      }),
    ],
  });
}, (a, b) => a.trace === b.trace);

const Laps = memo(function Laps({ duel, attacker, defender, words }) {
  const [lap, parts] = duel;
  if (!parts.length) return jsx("p", { className: "quiet stage-laps", children: words.no_lap });
  const row = (name, at, kind) =>
    jsxs("tr", {
      className: kind,
      children: [
        jsx("th", { scope: "row", children: name }),
        ...parts.map((part) =>
          jsx("td", { className: kind === "apart" ? part[4] : "", children: part[at] || "–" }, part[0])),
      ],
    });
  return jsxs("table", {
    className: "stage-laps",
    children: [
      jsx("caption", { className: "sr-only", children: words.laps_caption }),
      jsx("thead", {
        children: jsxs("tr", {
          children: [
            jsx("th", { scope: "col", children: `${words.lap} ${lap}` }),
            ...parts.map(([name]) =>
              jsx("th", { scope: "col", title: words.parts[name], children: name }, name)),
          ],
        }),
      }),
      jsxs("tbody", {
        children: [row(attacker, 1, "back"), row(defender, 2, "front"), row(words.apart, 3, "apart")],
      }),
    ],
  });
}, (a, b) => a.duel === b.duel && a.attacker === b.attacker);

// The cars that hang together, with the intervals of the tower between them.
function Train({ train, staged, cars, tower, words }) {
  const known = train.filter((key) => cars[key]);
  const lines = new Map(tower.map((line) => [line.key, line]));
  if (known.length < 3) return null;
  return jsxs("p", {
    className: "train",
    children: [
      jsx("span", { className: "label", children: words.train.replace("{n}", known.length) }),
      jsx("span", {
        className: "wagons",
        children: known.map((key, nth) =>
          jsxs(Fragment, {
            children: [
              nth ? jsx("span", { className: "coupling", children: (lines.get(key)?.interval ?? "").replace(/(\.\d)\d+$/, "$1") }) : null,
              jsx("span", {
                className: `wagon${staged.includes(key) ? " staged" : ""}`,
                style: { "--team": cars[key].colour },
                title: cars[key].name,
                children: cars[key].code,
              }),
            ],
          }, key)),
      }),
    ],
  });
}

// The cars before and behind the two: what comes after this battle.
function Neighbours({ card, cars, tower, words }) {
  const at = tower.findIndex((line) => line.key === card.defender);
  const under = tower.findIndex((line) => line.key === card.attacker);
  const ahead = at > 0 ? cars[tower[at - 1].key] : undefined;
  const behind = under >= 0 ? tower[under + 1] : undefined;
  const gapAhead = ahead ? tower[at].interval : "";
  return jsxs("p", {
    className: "neighbours",
    children: [
      label(words.next), " ",
      ahead ? `${ahead.code} ${gapAhead}` : words.clear_ahead,
      behind && cars[behind.key] && behind.interval
        ? jsxs(Fragment, { children: [" · ", words.behind, ` ${cars[behind.key].code} ${behind.interval}`] })
        : null,
    ],
  });
}

function Stops({ duel, attacker, defender, words }) {
  const [, , , back, front, note] = duel;
  if (!back && !front) return null;
  return jsxs("p", {
    className: "stops",
    title: note,
    children: [
      label(words.stops), " ",
      back ? jsxs("span", { children: [jsx("strong", { children: attacker.code }), ` ${back}`] }) : null,
      back && front ? " · " : null,
      front ? jsxs("span", { children: [jsx("strong", { children: defender.code }), ` ${front}`] }) : null,
      " ",
      jsx("span", { className: "estimated", title: note, children: words.est }),
      jsx("span", { className: "sr-only", children: note }),
    ],
  });
}

export function Stage(props) {
  const { card, reading, attacker, defender, mix, reasons, trace, words, isPinned, onPin } = props;
  const duel = props.duel ?? ["", [], "", "", "", ""];
  const [gap, note, trend, trendWords] = reading;
  const [isOpen, open] = useState(false);
  const place = (key) => {
    const line = props.tower.find((each) => each.key === key);
    return line ? `P${line.position}` : "";
  };
  return jsxs("article", {
    className: `stage tone-${card.tone}${isOpen ? " is-open" : ""}`,
    "aria-labelledby": "stage-title",
    "data-battle-on-stage": card.key,
    children: [
      jsxs("div", {
        className: "stage-top",
        children: [
          jsxs("h3", {
            id: "stage-title",
            className: "stake",
            children: [
              jsx("span", { className: "sr-only", children: `${attacker.name} ${words.attacks} ${defender.name} ` }),
              span("for", `${words.for} `), card.stake,
            ],
          }),
          jsx("span", { className: "laps", title: words.laps_title, children: card.laps }),
          card.condition
            ? jsx("p", { className: "condition", title: card.condition, children: card.condition })
            : jsx("span", { className: "condition-none" }),
          onPin
            ? jsx("button", {
                type: "button",
                className: "pin",
                "aria-pressed": isPinned,
                title: words.pin_title,
                onClick: onPin,
                children: isPinned ? words.unpin : words.pin,
              })
            : null,
        ],
      }),
      jsxs("div", {
        className: "duo",
        children: [
          jsx(Side, {
            car: attacker, place: place(card.attacker), role: "attacker", words,
            isFavourite: props.favourites.includes(attacker.code),
          }),
          jsxs("div", {
            className: "gap",
            children: [
              span("gap-value", gap, span("unit", " s")),
              span("gap-note", note),
              span(`trend trend-${trend}`, jsx("span", { className: "arrow", "aria-hidden": true }), trendWords),
              duel[2] ? jsx("span", { className: "reach", title: words.reach_title, children: duel[2] }) : null,
            ],
          }),
          jsx(Side, {
            car: defender, place: place(card.defender), role: "defender", words,
            isFavourite: props.favourites.includes(defender.code),
          }),
        ],
      }),
      jsx(Chance, { card, mix, words }),
      jsx(Gap, { trace, words }),
      jsx("button", {
        type: "button",
        className: "more",
        "aria-expanded": isOpen,
        onClick: () => open(!isOpen),
        children: isOpen ? words.less : words.more,
      }),
      mix
        ? jsx(Moves, { card, mix, reasons, words })
        : jsx("div", { className: "stage-reasons", children: jsx(Reasons, { part: "", reasons, words }) }),
      jsx(Laps, { duel, attacker: attacker.code, defender: defender.code, words }),
      jsxs("div", {
        className: "stage-foot",
        children: [
          jsx(Train, { train: props.train, staged: [card.attacker, card.defender], cars: props.cars, tower: props.tower, words }),
          jsx(Neighbours, { card, cars: props.cars, tower: props.tower, words }),
          jsx(Stops, { duel, attacker, defender, words }),
        ],
      }),
    ],
  });
}
