// Says the words of a page in the visitor's language. The page is built in English, which is also
// what is said where a catalogue has no other word.

import { useSyncExternalStore } from "react";

const CATALOGUES = { de: () => import("./words_de.js") };
const heard = new Set();
const known = new Map();
let held = {};
let forms = [];
let language = "en";

async function follow() {
  const wanted = document.documentElement.lang;
  if (wanted === language) return;
  try {
    held = (await CATALOGUES[wanted]?.())?.default ?? {};
  } catch {
    return; // the network is away: the words stay as they are
  }
  language = wanted;
  forms = formsOf(held);
  known.clear();
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

// Keys with {} stand for every text of that form: numbers and names go where they stood.
function formsOf(catalogue) {
  const forms = [];
  for (const [key, value] of Object.entries(catalogue)) {
    if (!key.includes("{}")) continue;
    const parts = key.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    forms.push([new RegExp(`^${parts.join("(.+?)")}$`), value]);
  }
  return forms;
}

function lookedUp(bare) {
  if (Object.hasOwn(held, bare)) return held[bare];
  for (const [form, value] of forms) {
    const match = form.exec(bare);
    if (match) {
      let place = 0;
      return value.replaceAll("{}", () => match[(place += 1)]);
    }
  }
  return bare;
}

// Most texts come again and again; what changes all the time must not fill the memory.
function translate(text) {
  const said = String(text);
  const bare = said.trim();
  if (!/[A-Za-z]{2}/.test(bare)) return text;
  let found = known.get(bare);
  if (found === undefined) {
    found = lookedUp(bare);
    if (known.size > 2000) known.clear();
    known.set(bare, found);
  }
  return found === bare ? text : said.replace(bare, () => found);
}

const same = (text) => text;

// Return the function that says a text in the visitor's language; the page is drawn anew with it.
export function useWords() {
  return useSyncExternalStore(hear, () => language, () => "en") === "en" ? same : translate;
}
