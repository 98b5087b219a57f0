// Draws one Plotly figure. Plotly is loaded with the first chart, not with the page's own script, so
// that a page without charts never loads it.
//
// This is the basic bundle: lines, bars and nothing that compiles code at run time, which the
// pages' Content-Security-Policy would refuse. Its style sheet is filled by script, rule by rule,
// as the policy allows.

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const CONFIG = {
  displayModeBar: false,
  responsive: false, // a chart may change its size while the window does not: see below
  scrollZoom: false,
  showTips: false,
};

const CURSOR = {
  name: "cursor",
  type: "line",
  xref: "x",
  yref: "paper",
  y0: 0,
  y1: 1,
  line: { color: "#ece8d5", width: 1.5 },
};

// Figures come in the colours of the retro theme; the theme and palette that hold replace them.
const TOKENS = {
  "#090b08": "--night",
  "#171b13": "--raised",
  "#ece8d5": "--ink",
  "#a9ad96": "--dim",
  "#2b3124": "--line",
  "#ffb52e": "--amber",
  "#63f29a": "--phosphor",
  "#ff6b57": "--alarm",
  "#64b8ff": "--sky",
};
const settings = () => globalThis.pitwallSettings;
const hear = (tell) => settings()?.hear(tell) ?? (() => {});
const look = () => `${settings()?.get("theme")} ${settings()?.get("palette")}`;

function themed(value, tokens) {
  if (typeof value === "string") return tokens[value] ?? value;
  if (Array.isArray(value)) return value.map((each) => themed(each, tokens));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, themed(each, tokens)]));
}

function inTheme(figure) {
  const style = getComputedStyle(document.documentElement);
  const tokens = {};
  for (const [colour, token] of Object.entries(TOKENS)) {
    tokens[colour] = style.getPropertyValue(token).trim() || colour;
  }
  return themed({ data: figure.data, layout: figure.layout }, tokens);
}

let loading = null;

function plotly() {
  // After a failure the next chart tries again, as the network may be back.
  loading ??= import("plotly.js-basic-dist-min").then(
    (module) => module.default ?? module,
    (error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

function withCursor(layout, cursor) {
  if (cursor === "" || cursor == null) return { ...layout };
  const shapes = layout.shapes ?? [];
  return { ...layout, shapes: [...shapes, { ...CURSOR, x0: cursor, x1: cursor }] };
}

export function Chart({ figure, cursor = "", label, onPick, className = "" }) {
  const frame = useRef(null);
  const drawn = useRef({ figure: null, cursor: "", turn: Promise.resolve() });
  const pick = useRef(onPick);
  const [state, setState] = useState("loading");
  pick.current = onPick;
  const isEmpty = !figure?.data?.length;
  const shown = useSyncExternalStore(hear, look, () => "");

  useEffect(() => {
    const box = frame.current;
    const last = drawn.current;
    if (isEmpty || box === null) return;
    let isWanted = true;
    // One drawing after another, as Plotly's own steps are asynchronous.
    last.turn = last.turn
      .then(plotly)
      .then(async (Plotly) => {
        if (!isWanted || !box.isConnected) return;
        if (last.figure === figure && last.look === shown && last.cursor !== "" && cursor !== "") {
          const place = figure.layout.shapes?.length ?? 0;
          await Plotly.relayout(box, {
            [`shapes[${place}].x0`]: cursor,
            [`shapes[${place}].x1`]: cursor,
          });
        } else {
          const drawing = inTheme({ ...figure, layout: withCursor(figure.layout, cursor) });
          const layout = { ...drawing.layout, autosize: true };
          await Plotly.react(box, drawing.data, layout, CONFIG);
          box.removeAllListeners("plotly_click");
          box.on("plotly_click", (click) => pick.current?.(String(click.points[0].x)));
        }
        last.figure = figure;
        last.look = shown;
        last.cursor = cursor;
        setState("drawn");
      })
      .catch((error) => {
        console.error("chart", error);
        setState("failed");
      });
    return () => {
      isWanted = false;
    };
  }, [figure, cursor, isEmpty, shown]);

  useEffect(() => {
    const box = frame.current;
    if (isEmpty || box === null) return undefined;
    const watcher = new ResizeObserver(() => {
      if (box.isConnected && drawn.current.figure !== null) {
        plotly().then((Plotly) => Plotly.Plots.resize(box), () => {});
      }
    });
    watcher.observe(box);
    return () => {
      watcher.disconnect();
      drawn.current = { figure: null, cursor: "", turn: Promise.resolve() };
      plotly().then((Plotly) => Plotly.purge(box), () => {});
    };
  }, [isEmpty]);

  if (isEmpty) return null;
  return jsxs("div", {
    className: `chart ${className}`,
    "data-state": state,
    role: "img",
    "aria-label": label,
    children: [
      jsx("div", { ref: frame, className: "chart-frame" }),
      state === "drawn"
        ? null
        : jsx("p", {
            className: "chart-word",
            children: state === "failed" ? "The chart could not be drawn." : "Drawing the chart …",
          }),
    ],
  });
}
