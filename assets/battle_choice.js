// The visitor's own settings about battles: which one is pinned to the stage, for this tab, and
// which drivers are favourites, for this browser. They never leave it.

import { useSyncExternalStore } from "react";

const PINNED = "pitwall_battle";
const FAVOURITES = "pitwall_favourites";
const MOST_FAVOURITES = 10;

const listeners = new Set();
let state = { pinned: "", favourites: [] };

// Storage may be forbidden, or hold anything.
function stored(read, otherwise) {
  try {
    return read() ?? otherwise;
  } catch {
    return otherwise;
  }
}

function codes(text) {
  const list = JSON.parse(text);
  return Array.isArray(list) ? list.filter((code) => /^\w{1,6}$/.test(code)) : [];
}

if (typeof window !== "undefined") {
  state = {
    pinned: stored(() => sessionStorage.getItem(PINNED), ""),
    favourites: stored(() => codes(localStorage.getItem(FAVOURITES) || "[]"), []),
  };
  addEventListener("storage", (event) => {
    if (event.key !== FAVOURITES) return;
    change({ favourites: stored(() => codes(event.newValue || "[]"), []) });
  });
}

function change(news) {
  state = { ...state, ...news };
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useChoice = () => useSyncExternalStore(subscribe, () => state, () => state);

// Pin a battle to the stage; "" lets the hottest one have it again.
export function pin(key) {
  stored(() => sessionStorage.setItem(PINNED, key));
  change({ pinned: key });
}

export function favour(code) {
  const others = state.favourites.filter((each) => each !== code);
  const favourites =
    others.length < state.favourites.length ? others : [...others, code].slice(-MOST_FAVOURITES);
  stored(() => localStorage.setItem(FAVOURITES, JSON.stringify(favourites)));
  change({ favourites });
}
