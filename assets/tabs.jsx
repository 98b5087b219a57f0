// A list of tabs and the panel of the chosen one. Only that panel is mounted: what is not on show
// costs nothing, however often its numbers change, and a chart's library is loaded with the first
// panel that has a chart.
//
// The chosen tab is part of the address, so that a reload or a link comes back to it. Scripts choose
// one with the event `pitwall:panel`.

import { Children, useEffect, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const ASKED = "panel";

function fromAddress(names) {
  const asked = new URLSearchParams(location.search).get(ASKED);
  return names.includes(asked) ? asked : null;
}

function toAddress(name, first) {
  const url = new URL(location.href);
  if (name === first) url.searchParams.delete(ASKED);
  else url.searchParams.set(ASKED, name);
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}

export function Tabs({ names, words, label, opening, children }) {
  const [chosen, setChosen] = useState(names[0]);
  const isChosenByHand = useRef(false);
  const list = useRef(null);

  const choose = (name) => {
    isChosenByHand.current = true;
    setChosen(name);
    toAddress(name, names[0]);
  };

  // The address is read after the first drawing: the page is built without one.
  useEffect(() => {
    const asked = fromAddress(names);
    if (asked !== null) {
      isChosenByHand.current = true;
      setChosen(asked);
    }
    const onAsked = (event) => names.includes(event.detail) && choose(event.detail);
    addEventListener("pitwall:panel", onAsked);
    return () => removeEventListener("pitwall:panel", onAsked);
  }, []);

  useEffect(() => {
    if (opening && !isChosenByHand.current && names.includes(opening)) setChosen(opening);
  }, [opening]);

  useEffect(() => {
    const tab = list.current?.querySelector("[aria-selected=true]");
    const row = list.current;
    if (!tab || !row) return;
    // Not scrollIntoView, which would scroll the page as well.
    const [left, right] = [tab.offsetLeft, tab.offsetLeft + tab.offsetWidth];
    if (left < row.scrollLeft) row.scrollLeft = left - 12;
    if (right > row.scrollLeft + row.clientWidth) row.scrollLeft = right - row.clientWidth + 12;
  }, [chosen]);

  const onKeyDown = (event) => {
    const at = names.indexOf(chosen);
    const to = {
      ArrowLeft: (at + names.length - 1) % names.length,
      ArrowRight: (at + 1) % names.length,
      Home: 0,
      End: names.length - 1,
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // the same keys move a replay
    choose(names[to]);
    list.current.querySelector(`[data-panel="${names[to]}"]`)?.focus();
  };

  const nth = names.indexOf(chosen);
  return jsxs("div", {
    className: "room",
    "data-panel": chosen,
    children: [
      jsx("div", {
        ref: list,
        className: "room-tabs",
        role: "tablist",
        "aria-label": label,
        onKeyDown,
        children: names.map((name, k) =>
          jsx("button", {
            type: "button",
            role: "tab",
            id: `tab-${name}`,
            "data-panel": name,
            "aria-selected": name === chosen,
            "aria-controls": `panel-${name}`,
            tabIndex: name === chosen ? 0 : -1,
            onClick: () => choose(name),
            children: words[k],
          }, name),
        ),
      }),
      jsx("div", {
        className: "room-panel",
        role: "tabpanel",
        id: `panel-${chosen}`,
        "aria-labelledby": `tab-${chosen}`,
        children: Children.toArray(children)[nth],
      }, chosen),
    ],
  });
}
