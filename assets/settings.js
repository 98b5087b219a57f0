// Keeps what the visitor chose for all pages, in this browser and with their account, and applies it.
//
// It runs before the page is drawn, so that no page appears in the wrong theme first. Most choices
// are attributes of <html> which the style sheets read; what needs a script asks
// `window.pitwallSettings`. Fields with data-setting="NAME" show and change a choice.
(() => {
  "use strict";
  const KEY = "pitwall_settings";
  const CHOICES = {
    theme: ["retro", "dark", "light"],
    palette: ["standard", "safe"],
    density: ["roomy", "tight"],
    motion: ["auto", "calm"],
    names: ["letters", "full"],
    zone: ["utc", "local", "track"],
    units: ["metric", "imperial"],
    language: ["auto", "en", "de"],
    awake: ["no", "yes"],
    sound: ["no", "yes"],
    notify: ["no", "yes"],
    title: ["no", "yes"],
    flags: ["no", "yes"],
    surprise: ["no", "yes"],
    chance: ["off", "30", "50", "70", "80"],
    drivers: null, // three-letter names
  };
  // What a device has to allow stays there.
  const OF_THIS_DEVICE = ["awake", "notify"];
  // Whether the choices are those of an account: "account", or "unsent" while it lacks a change.
  const KEPT = "pitwall_settings_kept";
  const ROUTE = "/auth/settings";
  const SENT_AFTER_MS = 600; // several changes are sent as one
  const root = document.documentElement;
  const heard = new Set();
  let chosen = read();

  function read() {
    let stored = {};
    try {
      stored = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      // not allowed, or not ours: as if nothing had been chosen
    }
    const known = {};
    for (const [name, values] of Object.entries(CHOICES)) {
      const value = String(stored[name] ?? "");
      known[name] = values === null ? value.slice(0, 60) : values.includes(value) ? value : values[0];
    }
    return known;
  }

  function apply() {
    for (const name of ["theme", "palette", "density", "motion", "names", "zone"]) {
      root.dataset[name] = chosen[name];
    }
    // Reflex has a mode of its own, which the browser's own controls follow.
    root.style.colorScheme = chosen.theme === "light" ? "light" : "dark";
    const colour = document.querySelector("meta[name=theme-color]");
    if (colour) colour.content = { retro: "#0b0d0a", dark: "#16181d", light: "#f4f4f0" }[chosen.theme];
    const speaks = chosen.language === "auto" ? (navigator.language ?? "en").slice(0, 2) : chosen.language;
    root.lang = CHOICES.language.includes(speaks) ? speaks : "en";
    for (const tell of heard) tell();
    show();
  }

  function set(name, value) {
    if (!(name in CHOICES)) return;
    chosen = { ...chosen, [name]: value };
    try {
      localStorage.setItem(KEY, JSON.stringify(chosen));
    } catch {
      // private windows of some browsers: it holds for this page
    }
    chosen = { ...read(), [name]: value };
    apply();
    if (kept() && !OF_THIS_DEVICE.includes(name)) {
      keep("unsent");
      sendSoon();
    }
  }

  function kept() {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null;
    }
  }

  function keep(where) {
    try {
      if (where) localStorage.setItem(KEPT, where);
      else localStorage.removeItem(KEPT);
    } catch {
      // as above: such a window follows no account
    }
    tellWhere();
  }

  function tellWhere() {
    root.dataset.kept = kept() ? "account" : "browser";
  }

  let timer = 0;

  function sendSoon() {
    clearTimeout(timer);
    timer = setTimeout(send, SENT_AFTER_MS);
  }

  // Send every choice to the account. Where that fails it is tried again with the next change and
  // when a page is opened; nobody need know.
  async function send() {
    clearTimeout(timer);
    timer = 0;
    const shared = { ...chosen };
    for (const name of OF_THIS_DEVICE) delete shared[name];
    const body = JSON.stringify(shared);
    try {
      const answer = await fetch(ROUTE, {
        method: "PUT",
        headers: { "Content-Type": "application/json" },
        body,
        keepalive: true, // the page may be left meanwhile
      });
      if (answer.status === 401) keep(null);
      else if (answer.ok && kept() && timer === 0) keep("account");
    } catch {
      // the network is away
    }
  }

  // The account's choices replace the browser's; an account without any takes the browser's.
  async function fetchKept() {
    try {
      const answer = await fetch(ROUTE, { headers: { Accept: "application/json" } });
      if (answer.status === 401) keep(null);
      if (!answer.ok || kept() !== "account") return; // something was chosen meanwhile
      const theirs = await answer.json();
      if (Object.keys(theirs).length === 0) {
        await send();
        return;
      }
      localStorage.setItem(KEY, JSON.stringify({ ...chosen, ...theirs }));
      chosen = read();
      apply();
    } catch {
      // the network is away: the browser's own are good enough
    }
  }

  // Show every choice in its field; fields are drawn by the app, later than this.
  function show() {
    for (const field of document.querySelectorAll("[data-setting]")) {
      const value = chosen[field.dataset.setting];
      if (value === undefined || field === document.activeElement) continue;
      if (field.type === "checkbox") field.checked = value === "yes";
      else if (field.value !== value) field.value = value;
    }
  }

  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.setting;
    if (!name) return;
    const field = event.target;
    set(name, field.type === "checkbox" ? (field.checked ? "yes" : "no") : field.value);
  });
  // Another tab of this browser has changed something.
  addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) {
      chosen = read();
      apply();
    }
    if (event.key === KEPT || event.key === null) tellWhere();
  });
  addEventListener("pagehide", () => {
    if (timer !== 0) send();
  });
  addEventListener("DOMContentLoaded", show);
  setInterval(() => {
    if (document.querySelector("[data-setting]")) show();
  }, 400);

  window.pitwallSettings = {
    get: (name) => chosen[name],
    set,
    // Called when a log-in begins or ends. What was meant for another account is not sent to this one.
    keepInAccount: (isTheirs) => {
      clearTimeout(timer);
      timer = 0;
      keep(isTheirs ? "account" : null);
    },
    hear: (tell) => {
      heard.add(tell);
      return () => heard.delete(tell);
    },
  };
  apply();
  tellWhere();
  if (kept() === "unsent") send();
  else if (kept()) fetchKept();

  // Keep the screen on while a page with a race is in view, where that was asked for.
  let lock = null;
  async function stayAwake() {
    const wanted = chosen.awake === "yes" && !document.hidden && document.getElementById("pulse");
    if (wanted && lock === null && navigator.wakeLock) {
      try {
        lock = await navigator.wakeLock.request("screen");
        lock.addEventListener("release", () => { lock = null; });
      } catch {
        lock = null; // a battery that is low may refuse
      }
    } else if (!wanted && lock !== null) {
      await lock.release();
    }
  }
  document.addEventListener("visibilitychange", stayAwake);
  setInterval(stayAwake, 5000);

  if ("serviceWorker" in navigator) {
    addEventListener("load", () => navigator.serviceWorker.register("/offline.js").catch(() => {}));
  }
})();
