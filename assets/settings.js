// Keeps what the visitor chose for all pages, in this browser alone, and applies it.
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
  });
  addEventListener("DOMContentLoaded", show);
  setInterval(() => {
    if (document.querySelector("[data-setting]")) show();
  }, 400);

  window.pitwallSettings = {
    get: (name) => chosen[name],
    set,
    hear: (tell) => {
      heard.add(tell);
      return () => heard.delete(tell);
    },
  };
  apply();

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
