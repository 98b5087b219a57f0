// Says the words of a page in the visitor's language. The page is built in English, which is also
// what is said where a catalogue has no other word.

import { useSyncExternalStore } from "react";
import { load, translate } from "$/public/catalogue.js";

const heard = new Set();
let language = "en";

async function follow() {
  const wanted = document.documentElement.lang;
  if (wanted === language) return;
  try {
    await load(wanted);
  } catch {
    return; // the network is away: the words stay as they are
  }
  language = wanted;
  for (const tell of heard) tell();
}

if (typeof document !== "undefined") {
  follow();
  globalThis.pitwallSettings?.hear(follow);
}

function hear(tell) {
  heard.add(tell);
  return () => heard.delete(tell);
}

const same = (text) => text;

// Return the function that says a text in the visitor's language; the page is drawn anew with it.
export function useWords() {
  return useSyncExternalStore(hear, () => language, () => "en") === "en" ? same : translate;
}
