// Runs an embed: follows the server, holds pictures back for a TV delay, says when they are
// old, and leaves the drawing to `embed_battle.js`, `embed_tower.js` or `embed_map.js`.
//
// A browser opens six connections to a server that speaks HTTP/1.1, and a stream holds one for good.
// So at most three embeds in a browser follow a stream; further ones ask once a second.
//
// What was chosen in the address stands as attributes on <html>; see docs/embeds.md.

import { load, translate } from "./catalogue.js";

const SILENT_MS = 10_000; // as on the page
const OPEN_AGAIN_MS = 5_000;
const STREAMS = 3;
const ASK_EVERY_MS = 1_000;
const WHOLE_EVERY = 15; // that often the answer has the outline of the circuit again
const MOST_HELD = 2_000; // pictures of a long delay; five minutes at four a second are 1,200
const VIEWS = {
  battle: () => import("./embed_battle.js"),
  tower: () => import("./embed_tower.js"),
  map: () => import("./embed_map.js"),
};
const WORDS = {
  lost: "Disconnected",
  silent: "No news from the server",
  first: "Waiting for the first picture",
  stale: "Feed stale",
};

const root = document.documentElement;
const { embed, accent, background, language, drivers } = root.dataset;
const delayMs = 1000 * Number(root.dataset.delay || 0);
root.style.setProperty("--scale", root.dataset.scale || 1);
if (accent) root.style.setProperty("--amber", `#${accent}`);
if (/^[0-9a-f]{6}$/.test(background)) root.style.setProperty("--behind", `#${background}`);

// Return a new element; `text` is set as text, never as markup.
export function made(tag, className, parent) {
  const element = document.createElement(tag);
  element.className = className;
  parent?.append(element);
  return element;
}

export function say(element, words) {
  const text = translate(words ?? "");
  if (element.textContent !== text) element.textContent = text;
}

// The line that every embed has: race, lap and flag; below it what kind of data it is, and its age.
class Frame {
  constructor(main) {
    const head = made("header", "head", main);
    this.race = made("span", "race", head);
    this.lap = made("span", "lap", head);
    this.flag = made("span", "flag", head);
    this.body = made("div", "body", main);
    const foot = made("footer", "foot", main);
    this.source = made("span", "source", foot);
    this.note = made("span", "note", foot);
    this.link = made("strong", "link", foot);
    this.link.setAttribute("role", "status");
  }

  show(head) {
    say(this.race, head.race);
    const of = head.total_laps === "--" ? "" : `/${head.total_laps}`;
    say(this.lap, head.lap === "--" ? "" : `Lap ${head.lap}${of}`);
    say(this.flag, head.flag_word);
    this.flag.className = `flag flag-${head.flag}`;
    say(this.source, head.source_word);
    this.source.className = `source source-${head.source}`;
    if (head.pace) this.source.textContent += ` ${translate(head.pace)}`;
  }
}

class Follower {
  constructor(draw, frame) {
    this.draw = draw;
    this.frame = frame;
    this.held = []; // pictures that wait for the delay: when they arrived, and what changed
    this.pieces = {};
    this.shownMs = null; // when what is on show arrived
    this.beganMs = performance.now();
    this.isConnected = false;
    setInterval(() => this.turn(), delayMs ? 100 : 500);
    withSlot(() => this.follow(), () => this.ask());
  }

  follow() {
    const source = new EventSource(address("stream"));
    source.onopen = () => { this.isConnected = true; };
    source.onmessage = (event) => this.take(JSON.parse(event.data));
    source.onerror = () => {
      this.isConnected = false;
      // A browser comes back by itself, unless the server answered with an error.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.follow(), OPEN_AGAIN_MS);
    };
  }

  async ask(turn = 0, tag = "") {
    let next = tag;
    try {
      const known = turn % WHOLE_EVERY ? { without: "track" } : {};
      const answer = await fetch(address("now", known), {
        headers: tag ? { "If-None-Match": tag } : {},
        signal: AbortSignal.timeout(SILENT_MS),
      });
      this.isConnected = answer.ok || answer.status === 304;
      if (answer.ok) {
        next = answer.headers.get("ETag") ?? "";
        this.take(await answer.json());
      }
    } catch {
      this.isConnected = false;
    }
    setTimeout(() => this.ask(turn + 1, next), ASK_EVERY_MS);
  }

  take(pieces) {
    this.held.push([performance.now(), pieces]);
    if (this.held.length > MOST_HELD) {
      const [[, first], [at, second]] = this.held.splice(0, 2);
      this.held.unshift([at, { ...first, ...second }]);
    }
    this.turn();
  }

  turn() {
    const due = performance.now() - delayMs;
    let changed = null;
    while (this.held.length > 0 && this.held[0][0] <= due) {
      const [at, pieces] = this.held.shift();
      changed = { ...changed, ...pieces };
      this.shownMs = at;
    }
    if (changed !== null) {
      Object.assign(this.pieces, changed);
      if (changed.head) this.frame.show(this.pieces.head);
      this.draw(this.pieces, changed);
    }
    this.judge();
  }

  // Say whether what is on show is old: grey, with a word.
  judge() {
    const now = performance.now();
    const pulse = this.pieces.pulse;
    const silentMs = now - (this.shownMs ?? this.beganMs) - delayMs;
    const age = pulse && pulse.age_s >= 0 ? pulse.age_s + Math.max(0, silentMs) / 1000 : null;
    let why = "";
    if (silentMs > SILENT_MS) {
      why = !this.isConnected ? "lost" : this.shownMs === null ? "first" : "silent";
    } else if (pulse?.feed === "stale") why = "stale";
    root.dataset.link = why || (this.shownMs === null ? "connecting" : "up");
    const old = why && age !== null ? ` · ${age < 10 ? age.toFixed(1) : Math.floor(age)} s` : "";
    const waits = this.shownMs === null && delayMs > 0 && silentMs <= 0;
    const words = why ? `${translate(WORDS[why])}${old}` : waits
      ? `${translate("TV delay")}: ${Math.ceil(-silentMs / 1000)} s`
      : translate(this.pieces.head?.notice ?? "");
    if (this.frame.link.textContent !== words) this.frame.link.textContent = words;
  }
}

const address = (what, parameters = {}) => {
  const query = new URLSearchParams({ ...(drivers ? { drivers } : {}), ...parameters }).toString();
  return `/embed/${embed}/${what}${query ? `?${query}` : ""}`;
};

// Call `stream` if one of the browser's streams is free, and hold it while this embed is open; else
// `ask`. Without locks (plain HTTP from another machine) nobody counts: all ask.
async function withSlot(stream, ask) {
  for (let slot = 0; navigator.locks && slot < STREAMS; slot += 1) {
    const isMine = await new Promise((tell) => {
      navigator.locks.request(`pitwall-embed-${slot}`, { ifAvailable: true }, (lock) => {
        tell(lock !== null);
        return lock === null ? undefined : new Promise(() => {}); // until the embed is closed
      }).catch(() => tell(false));
    });
    if (isMine) return stream();
  }
  return ask();
}

async function begin() {
  const main = document.getElementById("embed");
  if (!main) return; // the address was refused: the page says why
  const speaks = language === "auto" ? (navigator.language ?? "en").slice(0, 2) : language;
  const view = VIEWS[embed]();
  if (speaks === "de") {
    try {
      await load(speaks);
      root.lang = speaks;
    } catch {
      // the words stay English
    }
  }
  main.classList.add("plate", embed);
  const frame = new Frame(main);
  const { begin: draws } = await view;
  new Follower(draws(frame), frame);
}

begin();
