// Draws one battle large: who attacks whom, the chance and what moves it, the gap over five laps,
// the last lap of both, the train of cars, and where each would come out after a stop. The server
// formats all values; they arrive in the order of the fields of its rows, see
// `pitwall/web/shared/battle_rows.py`, `expert_rows.py` and `duel_rows.py`.

import { memo, useState } from "react";
import { jsx, jsxs, Fragment } from "react/jsx-runtime";
import { favour } from "$/public/battle_choice.js";
import { speed, speedWords, useImperial } from "$/public/units.js";

const WIDTH = 150;
const HEIGHT = 60;
const SCALE_TENTHS = 200; // a bar that moves the forecast by more ends in an arrow
const MINUS = "\u2212";
const EXPERTS = ["om", "boost", "aero"];
const PARTS = ["Lap", "S1", "S2", "S3", "I1", "I2", "FL", "ST"];
const TIMES = 4; // the first parts are seconds, the others km/h

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

function Reasons({ part, reasons, words }) {
  const isImperial = useImperial();
  return jsx("ul", {
    className: "move-reasons",
    "aria-label": `${words.reasons}: ${part || words.forecast}`,
    children: reasons
      .filter((reason) => reason[2] === part)
      .map(([points, text]) => [points, speedWords(text, isImperial)])
      .map(([points, text]) =>
        jsxs("li", {
          className: `move-reason reason ${points.startsWith("+") ? "for" : "against"}`,
          children: [
            jsx("span", { className: "weight", title: words.points_title, children: points }),
            jsx("span", { className: "reason-words", title: text, children: text }),
          ],
        }, text),
      ),
  });
}

function Move({ name, expert, reasons, words }) {
  const [points, tenths, weight, estimated] = expert;
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
          children: experts.map(([, , weight, estimated, says], nth) =>
            jsxs("li", {
              className: "expert",
              children: [
                span("expert-name", EXPERTS[nth]), ` ${weight} %, ${words.says} `,
                jsx("strong", { children: `${says} %` }),
                estimated
                  ? jsx("span", { className: "estimated", title: words.estimated_title, children: words.estimated })
                  : null,
              ],
            }, EXPERTS[nth]),
          ),
        }),
        jsx(Reasons, { part: "", reasons, words }),
      ],
    });
  }
  const clauses = experts.map(([points, , , estimated], nth) =>
    `${EXPERTS[nth].toUpperCase()} (${words.subjects[EXPERTS[nth]]}${estimated ? `, ${words.estimated}` : ""}) ` +
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
      ...experts.map((expert, nth) =>
        jsx(Move, { name: EXPERTS[nth], expert, reasons, words }, EXPERTS[nth])),
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

// Return a lap time or sector as timing screens show it, or a speed.
function shown(value, nth) {
  if (value === null || value === undefined) return "–";
  if (nth >= TIMES) return String(value);
  if (value < 60) return value.toFixed(3);
  return `${Math.floor(value / 60)}:${(value % 60).toFixed(3).padStart(6, "0")}`;
}

// Return how far apart two values are, and whether that is for the attacker.
function apart(back, front, nth) {
  if (back === null || front === null) return ["–", ""];
  const by = back - front;
  const text = Math.abs(by).toFixed(nth < TIMES ? 3 : 0);
  if (Number(text) === 0) return [text, ""];
  return [`${by < 0 ? MINUS : "+"}${text}`, by < 0 === nth < TIMES ? "for" : "against"];
}

const Laps = memo(function Laps({ duel, attacker, defender, words }) {
  const isImperial = useImperial();
  const inUnits = (values) => values.map((value, nth) => (nth < TIMES ? value : speed(value, isImperial)));
  const lap = duel[0];
  const [back, front] = duel.slice(1).map(inUnits);
  if (!back.length) return jsx("p", { className: "quiet stage-laps", children: words.no_lap });
  const row = (name, cells) =>
    jsxs("tr", {
      children: [
        jsx("th", { scope: "row", children: name }),
        ...cells.map(([text, tone], nth) => jsx("td", { className: tone, children: text }, PARTS[nth])),
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
            ...PARTS.map((name) =>
              jsx("th", { scope: "col", title: speedWords(words.parts[name], isImperial), children: name }, name)),
          ],
        }),
      }),
      jsxs("tbody", {
        children: [
          row(attacker, back.map((value, nth) => [shown(value, nth), ""])),
          row(defender, front.map((value, nth) => [shown(value, nth), ""])),
          row(words.apart, back.map((value, nth) => apart(value, front[nth], nth))),
        ],
      }),
    ],
  });
}, (a, b) => JSON.stringify(a.duel) === JSON.stringify(b.duel) && a.attacker === b.attacker && a.defender === b.defender);

// Return a car's interval to the car ahead, as the tower has it.
const interval = (gaps, key) => gaps[key]?.split("|")[1] ?? "";

// The cars that hang together, with the intervals of the tower between them.
function Train({ train, staged, cars, gaps, words }) {
  const known = train.filter((key) => cars[key]);
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
              nth ? jsx("span", { className: "coupling", children: interval(gaps, key).replace(/(\.\d)\d+$/, "$1") }) : null,
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
function Neighbours({ card, cars, tower, gaps, words }) {
  const at = tower.findIndex((line) => line.key === card.defender);
  const under = tower.findIndex((line) => line.key === card.attacker);
  const ahead = at > 0 ? cars[tower[at - 1].key] : undefined;
  const behind = under >= 0 ? tower[under + 1] : undefined;
  const gapAhead = ahead ? interval(gaps, card.defender) : "";
  const gapBehind = behind ? interval(gaps, behind.key) : "";
  return jsxs("p", {
    className: "neighbours",
    children: [
      label(words.next), " ",
      ahead ? `${ahead.code} ${gapAhead}` : words.clear_ahead,
      behind && cars[behind.key] && gapBehind
        ? jsxs(Fragment, { children: [" · ", words.behind, ` ${cars[behind.key].code} ${gapBehind}`] })
        : null,
    ],
  });
}

function Stops({ outlook, attacker, defender, cars, note, words }) {
  const known = [[attacker, outlook[1]], [defender, outlook[2]]].filter(([, [place]]) => place);
  if (!known.length) return null;
  const told = ([place, ahead]) =>
    ahead
      ? words.stop_behind.replace("{place}", place).replace("{code}", cars[ahead]?.code ?? ahead)
      : words.stop_lead;
  return jsxs("p", {
    className: "stops",
    title: note,
    children: [
      label(words.stops), " ",
      ...known.map(([car, stop], nth) =>
        jsxs("span", {
          children: [nth ? " · " : "", jsx("strong", { children: car.code }), ` ${told(stop)}`],
        }, car.code)),
      " ",
      jsx("span", { className: "estimated", children: words.est }),
      jsx("span", { className: "sr-only", children: note }),
    ],
  });
}

export function Stage(props) {
  const { card, reading, attacker, defender, mix, reasons, trace, words, isPinned, onPin } = props;
  const duel = props.duel ?? [0, [], []];
  const outlook = props.outlook ?? ["", [0, ""], [0, ""]];
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
              outlook[0] ? jsx("span", { className: "reach", title: words.reach_title, children: outlook[0] }) : null,
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
          jsx(Train, { train: props.train, staged: [card.attacker, card.defender], cars: props.cars, gaps: props.gaps, words }),
          jsx(Neighbours, { card, cars: props.cars, tower: props.tower, gaps: props.gaps, words }),
          jsx(Stops, { outlook, attacker, defender, cars: props.cars, note: props.note, words }),
        ],
      }),
    ],
  });
}
