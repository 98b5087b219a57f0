// Draws a whole race in a strip: gaps of chosen cars to the leader lap by lap, their tyres, flags and
// rain, and the points as it stands. uPlot draws the chart: some 22 kB, fetched when a strip is
// opened. Rows come from the server when it is opened and once a lap; between laps nothing is drawn.

import { memo, useEffect, useMemo, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { temperature, useImperial } from "$/public/units.js";

const HEIGHT = 260;
const AXIS_PX = 46; // left of the plot, and of the tyres below it
const RIGHT_PX = 14;
const ASK_EVERY_MS = 4000;
const ASK_AGAIN_MS = 10000; // while nothing is stored yet
const OVER_AFTER_MS = 150000; // of a chequered flag: by then every car has finished
const MOST_CARS = 8;
const FIRST_CARS = 5;
const WORDS = { yellow: "yellow flag", safety: "safety car", red: "red flag" };

let loading = null;

function uplot() {
  // After a failure the next opening tries again, as the network may be back.
  loading ??= import("uplot").then((module) => module.default ?? module, (error) => {
    loading = null;
    throw error;
  });
  return loading;
}

const own = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
const isForced = () => matchMedia("(forced-colors: active)").matches;

// Join the newest rows to what is there. Lapped cars complete laps later: those are sent again.
function joined(held, row) {
  if (!row.race_id) return held;
  const isNext = held !== null && held.race_id === row.race_id && row.base <= held.laps + 1;
  if (!isNext && row.base !== 1) return held;
  const before = isNext ? held.gaps : {};
  const gaps = {};
  for (const car of row.cars) gaps[car.key] = [...(before[car.key] ?? []).slice(0, row.base - 1), ...car.gaps];
  return { ...row, gaps };
}

// Return the strip as it was when the leader was on a lap: nothing later is ever drawn.
function clipped(held, done) {
  if (held === null) return null;
  const laps = Math.min(held.laps, done);
  const upTo = laps + 1;
  const cut = (rows) => rows.filter((row) => row[0] < upTo).map(([from, to, ...more]) => [from, Math.min(to, upTo), ...more]);
  return {
    ...held,
    laps,
    flags: cut(held.flags),
    rain: cut(held.rain),
    track_c: held.track_c.filter(([at]) => at <= upTo),
  };
}

function bands(chart, view, colours) {
  const { ctx, bbox } = chart;
  const x = (lap) => chart.valToPos(lap, "x", true);
  ctx.save();
  for (const [from, to, kind] of view.flags) {
    const [left, right] = [x(from), Math.max(x(to), x(from) + 2)];
    ctx.globalAlpha = 0.16;
    ctx.fillStyle = colours[kind];
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 0.9;
    ctx.fillRect(left, bbox.top, right - left, 5); // a lid, so that it shows without colour too
  }
  ctx.globalAlpha = 0.8;
  ctx.strokeStyle = colours.rain;
  ctx.lineWidth = 1.5;
  for (const [from, to] of view.rain) {
    ctx.beginPath();
    for (let at = x(from); at <= x(to); at += 7) {
      ctx.moveTo(at + 3, bbox.top + bbox.height - 12);
      ctx.lineTo(at, bbox.top + bbox.height - 2);
    }
    ctx.stroke();
  }
  ctx.restore();
}

// Return the data and lines of a chart of some cars.
function chartOf(view, chosen, cars, colours) {
  const laps = Array.from({ length: view.laps }, (_, k) => k + 1);
  const seen = new Set();
  const lines = chosen.map((key) => {
    const row = view.cars.find((car) => car.key === key);
    const colour = row?.colour || colours.ink;
    const isSecond = seen.has(colour); // the second car of a team is dashed
    seen.add(colour);
    return {
      key,
      code: row?.code ?? key,
      stroke: isForced() ? "CanvasText" : colour,
      dash: isSecond ? [6, 4] : undefined,
      gaps: laps.map((lap) => view.gaps[key]?.[lap - 1] ?? null),
    };
  });
  return { laps, lines };
}

function Plot({ view, chosen, onLap }) {
  const [theme, setTheme] = useState(0);
  const box = useRef(null);
  const chart = useRef(null);
  const shown = useRef({ view, onLap });
  const [state, setState] = useState("loading");
  shown.current = { view, onLap };
  const lines = chosen.join(" ");

  useEffect(() => {
    const restyle = () => setTheme((was) => was + 1);
    const styles = new MutationObserver(restyle);
    styles.observe(document.documentElement, { attributeFilter: ["data-theme", "data-palette"] });
    return () => styles.disconnect();
  }, []);

  useEffect(() => {
    let isWanted = true;
    let watcher = null;
    uplot().then((UPlot) => {
      if (!isWanted || !box.current) return;
      const colours = {
        ink: own(box.current, "--ink"), dim: own(box.current, "--dim"), line: own(box.current, "--line"),
        yellow: "#ffd60a", safety: "#ff9f1c", red: "#e0301e", rain: own(box.current, "--sky"),
      };
      if (isForced()) for (const name of Object.keys(colours)) colours[name] = "CanvasText";
      const { laps, lines: cars } = chartOf(view, chosen, null, colours);
      const font = "11px 'IBM Plex Mono', ui-monospace, monospace";
      const axis = { stroke: colours.dim, font, ticks: { stroke: colours.line }, grid: { stroke: colours.line, width: 1 } };
      const size = () => ({ width: Math.max(200, box.current.clientWidth), height: HEIGHT });
      chart.current = new UPlot(
        {
          ...size(),
          padding: [8, RIGHT_PX, 0, 0],
          legend: { show: false },
          cursor: { drag: { x: false, y: false }, points: { size: 5 } },
          scales: {
            x: { time: false, range: () => [0, Math.max(shown.current.view.total, 5)] },
            // The leader is at the top.
            y: { dir: -1, range: (_, __, most) => [0, Math.max(5, (most ?? 5) * 1.05)] },
          },
          axes: [
            { ...axis, size: 30, values: (_, ticks) => ticks.map((lap) => (lap % 1 ? "" : `${lap}`)) },
            { ...axis, size: AXIS_PX, values: (_, ticks) => ticks.map((gap) => `${gap} s`) },
          ],
          series: [
            {},
            ...cars.map((car) => ({
              label: car.code, stroke: car.stroke, dash: car.dash, width: 2, spanGaps: false,
              points: { show: laps.length < 3 },
            })),
          ],
          hooks: {
            drawAxes: [(drawn) => bands(drawn, shown.current.view, colours)],
            setCursor: [(drawn) => {
              const nth = drawn.cursor.idx;
              shown.current.onLap(nth === null || nth === undefined ? null : nth + 1);
            }],
          },
        },
        [laps, ...cars.map((car) => car.gaps)],
        box.current,
      );
      watcher = new ResizeObserver(() => {
        if (box.current?.clientWidth) chart.current?.setSize(size());
      });
      watcher.observe(box.current);
      setState("drawn");
    }).catch((error) => {
      console.error("race strip", error);
      setState("failed");
    });
    return () => {
      isWanted = false;
      watcher?.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [lines, view.race_id, theme]);

  useEffect(() => {
    if (chart.current === null) return;
    const { laps, lines: cars } = chartOf(view, chosen, null, { ink: "" });
    chart.current.setData([laps, ...cars.map((car) => car.gaps)]);
  }, [view]);

  return jsxs("div", {
    className: "strip-plot",
    "data-state": state,
    role: "img",
    "aria-label": view.words,
    children: [
      jsx("div", { ref: box }),
      state === "drawn" ? null : jsx("p", {
        className: "chart-word",
        children: state === "failed" ? "The chart could not be drawn." : "Drawing the chart …",
      }),
    ],
  });
}

// One row of tyres; its bars stand under the laps of the chart.
function Tyres({ view, chosen }) {
  const total = Math.max(view.total, 5);
  return jsx("div", {
    className: "strip-tyres",
    children: chosen.map((key) => {
      const car = view.cars.find((each) => each.key === key);
      const stints = (car?.stints ?? []).filter(([first]) => first <= view.laps)
        .map(([first, last, compound]) => [first, Math.min(last, view.laps), compound]);
      return jsxs("div", {
        className: "strip-car",
        children: [
          jsx("span", { className: "strip-code", children: car?.code ?? key }),
          jsx("span", {
            className: "strip-bars",
            children: stints.map(([first, last, compound]) => jsx("span", {
              className: `strip-bar compound-${compound || "unknown"}`,
              title: `${compound || "unknown"} from lap ${first} to ${last}`,
              style: {
                left: `${(100 * (first - 1)) / total}%`,
                width: `calc(${(100 * (last - first + 1)) / total}% - 2px)`,
              },
              children: jsx("span", { children: (compound || "?")[0].toUpperCase() }),
            }, first)),
          }),
        ],
      }, key);
    }),
  });
}

function Points({ points, cars }) {
  if (!points.title) return null;
  return jsxs("section", {
    className: "strip-points",
    children: [
      jsx("h3", { className: "label", children: points.title }),
      jsx("ol", {
        children: points.cars.map(([key, worth], nth) => jsxs("li", {
          children: [
            jsx("span", { className: "strip-place", children: nth + 1 }),
            jsx("span", { className: "strip-colour", style: { background: cars[key]?.colour } }),
            jsx("span", { className: "strip-name", children: cars[key]?.code ?? key }),
            jsx("strong", { children: worth }),
          ],
        }, key)),
      }),
      jsx("ol", {
        children: points.teams.slice(0, 5).map(([team, colour, worth]) => jsxs("li", {
          children: [
            jsx("span", { className: "strip-colour", style: { background: colour } }),
            jsx("span", { className: "strip-name", children: team }),
            jsx("strong", { children: worth }),
          ],
        }, team)),
      }),
    ],
  });
}

function Table({ view, chosen }) {
  const [isOpen, setOpen] = useState(false);
  const codes = chosen.map((key) => view.cars.find((car) => car.key === key)?.code ?? key);
  const laps = isOpen ? Array.from({ length: view.laps }, (_, k) => view.laps - k) : [];
  return jsxs("details", {
    className: "chart-words",
    onToggle: (event) => setOpen(event.currentTarget.open),
    children: [
      jsx("summary", { children: "Show as a table" }),
      jsx("div", {
        className: "chart-table", tabIndex: 0, role: "region", "aria-label": "Table, scrollable",
        children: jsxs("table", {
          children: [
            jsx("thead", { children: jsxs("tr", { children: [
              jsx("th", { scope: "col", children: "lap" }),
              ...codes.map((code, k) => jsx("th", { scope: "col", children: `${code} s` }, chosen[k])),
            ] }) }),
            jsx("tbody", { children: laps.map((lap) => jsxs("tr", { children: [
              jsx("th", { scope: "row", children: lap }),
              ...chosen.map((key) => jsx("td", { children: view.gaps[key]?.[lap - 1]?.toFixed(1) ?? "" }, key)),
            ] }, lap)) }),
          ],
        }),
      }),
    ],
  });
}

function Body({ view, order, pair, points, cars }) {
  const isImperial = useImperial();
  const [picked, setPicked] = useState(null);
  const [lap, setLap] = useState(null);
  const known = useMemo(() => view.cars.map((car) => car.key), [view.cars]);
  const first = useRef([]);
  if (first.current.length < FIRST_CARS) first.current = order.slice(0, FIRST_CARS);
  const chosen = (picked ?? [...new Set([...pair, ...first.current])]).filter((key) => known.includes(key)).slice(0, MOST_CARS);
  const toggle = (key) => setPicked(
    chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key].slice(-MOST_CARS),
  );
  const at = lap ?? view.laps;
  const track = view.track_c.at(-1);
  const isRaining = view.rain.some(([, to]) => to >= view.laps);
  return jsxs("div", {
    className: "strip-body",
    children: [
      jsxs("div", {
        className: "strip-main",
        children: [
          jsxs("p", {
            className: "strip-facts",
            children: [
              jsx("span", { children: at ? `At the line after lap ${at}` : view.words }),
              ...view.flags.slice(-1).map(([from, , kind, words]) => jsx("span", {
                className: `strip-flag strip-${kind}`, children: `${words ?? WORDS[kind]} from lap ${Math.floor(from) + 1}`,
              }, "flag")),
              track ? jsx("span", { children: `track ${temperature(track[1], isImperial)}` }, "track") : null,
              jsx("span", { children: isRaining ? "rain" : view.rain.length ? "dry now, it has rained" : "dry" }, "rain"),
            ],
          }),
          jsx(Plot, { view, chosen, onLap: setLap }),
          jsx(Tyres, { view, chosen }),
          jsx("div", {
            className: "strip-cars",
            role: "group",
            "aria-label": "Cars in the chart",
            children: [...new Set([...order, ...known])].filter((key) => known.includes(key)).map((key) => {
              const car = view.cars.find((each) => each.key === key);
              const gap = chosen.includes(key) && at ? view.gaps[key]?.[at - 1] : undefined;
              return jsxs("button", {
                type: "button",
                className: "strip-chip",
                "aria-pressed": chosen.includes(key),
                onClick: () => toggle(key),
                children: [
                  jsx("span", { className: "strip-colour", style: { background: car.colour } }),
                  car.code,
                  gap === undefined || gap === null ? null : jsx("span", { className: "strip-gap", children: gap === 0 ? "first" : `+${gap.toFixed(1)}` }),
                ],
              }, key);
            }),
          }),
          jsx(Table, { view, chosen }),
        ],
      }),
      jsx(Points, { points, cars }),
    ],
  });
}

export const RaceStrip = memo(function RaceStrip(props) {
  const { strip, points, cars, tower, race, lap, flag, chosen, folded, onNeed } = props;
  const [isOpen, setOpen] = useState(!folded);
  const [held, setHeld] = useState(null);
  const need = useRef({ askedMs: -Infinity, timer: 0, overMs: 0 });
  const now = Number.parseInt(lap, 10) || 0;
  const isChequered = flag === "chequered";
  const done = isChequered ? Infinity : Math.max(0, now - 1);
  const order = tower.map((line) => line.key).join(" ");

  useEffect(() => setHeld((before) => joined(before, strip)), [strip]);

  useEffect(() => {
    if (!isOpen || !race) return undefined;
    const own = need.current;
    if (isChequered && !own.overMs) own.overMs = performance.now();
    if (!isChequered) own.overMs = 0;
    const have = held?.laps ?? 0;
    const ask = () => {
      if (document.hidden) return;
      own.askedMs = performance.now();
      const isOver = own.overMs > 0 && own.askedMs - own.overMs > OVER_AFTER_MS;
      onNeed?.(have, isChequered ? now + 1 : now, isOver);
    };
    // The lap after the one that is there has begun, or there is nothing yet.
    const wants = have === 0 || done > have;
    if (!wants) return undefined;
    const due = own.askedMs + (have === 0 && own.askedMs > 0 ? ASK_AGAIN_MS : ASK_EVERY_MS) - performance.now();
    own.timer = setTimeout(ask, Math.max(0, Number.isFinite(due) ? due : 0));
    const again = setInterval(ask, ASK_AGAIN_MS);
    return () => {
      clearTimeout(own.timer);
      clearInterval(again);
    };
  }, [isOpen, race, now, isChequered, held?.laps, held?.race_id]);

  // Another race begins with nothing.
  useEffect(() => {
    setHeld((before) => (before !== null && before.race_id === strip.race_id ? joined(null, strip) : null));
    need.current.askedMs = -Infinity;
  }, [race]);

  const view = useMemo(() => clipped(held, done), [held, done]);
  const keys = useMemo(() => order.split(" ").filter(Boolean), [order]);
  const pair = useMemo(() => (chosen ? chosen.split("-") : []), [chosen]);

  const body = view === null || view.laps === 0
    ? jsx("p", { className: "none", children: "The strip begins when the first lap is completed." })
    : jsx(Body, { view, order: keys, pair, points, cars });
  return jsxs("section", {
    className: "panel strip-panel",
    "aria-label": "Race strip",
    children: [
      jsx("h2", {
        className: "heading",
        children: folded
          ? jsx("button", {
            type: "button", className: "strip-fold", "aria-expanded": isOpen, onClick: () => setOpen(!isOpen),
            children: "Race strip",
          })
          : "The race so far",
      }),
      isOpen ? body : null,
    ],
  });
});
