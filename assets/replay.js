// Controls a replay: dragging the timeline, keys, the link to a moment.
//
// Commands go to the server through the field #wish; it answers with a picture and a new
// #replay-head. While the slider is dragged at most ten commands a second are sent, the newest always
// last; the server skips those that are already out of date.
(() => {
  "use strict";
  if (window.pitwallReplay) return;
  window.pitwallReplay = true;

  const EVERY_MS = 100;
  const ADDRESS_MS = 1000;
  const ABOUT_A_BATTLE = ["forecast", "gaps", "laps", "telemetry", "what-if"];
  const byId = (id) => document.getElementById(id);
  const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  let number = 0;
  let dragging = false;
  let waiting = null;
  let sentMs = 0;
  let addressMs = 0;
  let addressing = null;
  let wished = ""; // the battle that the viewer chose and that is not shown yet
  let lastPanel = ABOUT_A_BATTLE[0];
  let deck = null;
  const deckSize = new ResizeObserver(() => measureDeck());

  function wish(words) {
    const field = byId("wish");
    if (!field) return;
    number += 1;
    setValue.call(field, `${words} #${number}`);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function seekSoon(seconds) {
    const due = sentMs + EVERY_MS - performance.now();
    clearTimeout(waiting);
    const send = () => {
      sentMs = performance.now();
      wish(`seek ${seconds}`);
    };
    if (due <= 0) send();
    else waiting = setTimeout(send, due);
  }

  function place(seconds, length) {
    const cursor = byId("cursor");
    if (cursor) cursor.style.left = `${(100 * seconds) / Math.max(length, 1)}%`;
  }

  function choose(battle) {
    for (const card of document.querySelectorAll(".card-slot")) {
      card.classList.toggle("is-chosen", battle !== "" && card.dataset.key === battle);
    }
  }

  const openPanel = (name) => dispatchEvent(new CustomEvent("pitwall:panel", { detail: name }));
  const shownPanel = () => document.querySelector(".room")?.dataset.panel ?? "";

  // Show the charts of a battle that the viewer chose: the panel that was open last.
  function showRoom() {
    if (!ABOUT_A_BATTLE.includes(shownPanel())) openPanel(lastPanel);
    // A panel that opens now is drawn some frames later.
    const comeToTheEye = (frames) => requestAnimationFrame(() => {
      const title = byId("details-title");
      if (!title) {
        if (frames > 0) comeToTheEye(frames - 1);
        return;
      }
      const top = title.getBoundingClientRect().top;
      if (top >= deckHeight() && top < innerHeight / 2) return;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      title.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
    });
    comeToTheEye(60);
  }

  // Note which panel is on show; the scroll position stays where the new one is long enough.
  function followPanel() {
    const name = shownPanel();
    if (ABOUT_A_BATTLE.includes(name)) lastPanel = name;
  }

  function openNth(digit) {
    const tab = document.querySelectorAll(".room [role=tab]")[Number(digit) - 1];
    if (tab) openPanel(tab.dataset.panel);
    return Boolean(tab);
  }

  // Return the height of the controls that stay in view while scrolling; 0 where they scroll too.
  function deckHeight() {
    return deck && getComputedStyle(deck).position === "sticky" ? deck.offsetHeight : 0;
  }

  function measureDeck() {
    document.documentElement.style.setProperty("--deck", `${deckHeight()}px`);
  }

  function link() {
    const head = byId("replay-head").dataset;
    const url = new URL(location.href);
    if (head.at) url.searchParams.set("t", head.at);
    if (head.battle) url.searchParams.set("battle", head.battle);
    else url.searchParams.delete("battle");
    return url;
  }

  // Return the moment on show; undefined where this page shows no replay, or not yet.
  function shown() {
    const head = byId("replay-head")?.dataset;
    return head?.race && location.pathname.endsWith(`/${head.race}`) ? head : undefined;
  }

  // Update the address once a second, so that a reload or a bookmark comes back to this moment.
  function address() {
    clearTimeout(addressing);
    if (dragging || !shown()) return;
    const due = addressMs + ADDRESS_MS - performance.now();
    if (due > 0) {
      addressing = setTimeout(address, due);
      return;
    }
    addressMs = performance.now();
    const url = link();
    if (url.href !== location.href) history.replaceState(history.state, "", url);
  }

  function follow() {
    const head = shown();
    if (!head) return;
    const scrub = byId("scrub");
    if (!dragging) {
      scrub.value = head.atS;
      place(Number(head.atS), Number(head.lengthS));
    }
    followPanel();
    choose(head.battle);
    if (byId("deck") !== deck) {
      deck = byId("deck");
      deckSize.disconnect();
      if (deck) deckSize.observe(deck);
    }
    if (wished && head.battle === wished) {
      wished = "";
      showRoom();
    }
    address();
  }

  function pick(battle) {
    wished = battle;
    wish(`battle ${battle}`);
  }

  // Choose no battle, and show all of them.
  function leave() {
    pick("");
    openPanel("battles");
    byId("tab-battles")?.focus({ preventScroll: true });
  }

  function say(words) {
    const place = byId("replay-status");
    if (place) place.textContent = words;
  }

  async function copyLink() {
    const button = byId("copy-link");
    try {
      await navigator.clipboard.writeText(link().href);
      say("The link is copied.");
      button.textContent = "Copied";
    } catch {
      history.replaceState(history.state, "", link());
      say("The link is in the address bar.");
      button.textContent = "In the address bar";
    }
    setTimeout(() => { button.textContent = "Copy link"; }, 2000);
  }

  const inControls = (target) => target.closest?.("#transport, .timeline") !== null;

  const keys = {
    " ": (event) => !event.target.closest("button, a, summary") && (wish("toggle"), true),
    ArrowLeft: (event) => (wish(`by ${event.shiftKey ? -60 : -10}`), true),
    ArrowRight: (event) => (wish(`by ${event.shiftKey ? 60 : 10}`), true),
    ArrowUp: (event) => inControls(event.target) && (wish("step lap 1"), true),
    ArrowDown: (event) => inControls(event.target) && (wish("step lap -1"), true),
    "[": () => (wish("step battle -1"), true),
    "]": () => (wish("step battle 1"), true),
    "{": () => (wish("step pass -1"), true),
    "}": () => (wish("step pass 1"), true),
    "+": () => (wish("speed up"), true),
    "-": () => (wish("speed down"), true),
    "/": () => (byId("go-to").focus(), true),
    "?": () => (byId("keys").showModal(), true),
    l: () => (copyLink(), true),
    Escape: () => shown()?.battle && (leave(), true),
  };

  document.addEventListener("keydown", (event) => {
    if (!byId("scrub") || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (target.id === "go-to") {
      if (event.key === "Enter" && target.value.trim()) wish(`go ${target.value}`);
      if (event.key === "Enter" || event.key === "Escape") target.blur();
      return;
    }
    const types = target.matches("input:not([type=range]):not([type=checkbox]), textarea");
    if (types || target.closest("dialog[open], select, .what-if, .chart-table")) return;
    // The arrows of a list of tabs choose tabs. React listens on the document too, and may be later.
    if (event.key.startsWith("Arrow") && target.closest("[role=tablist]")) return;
    if (/^[1-9]$/.test(event.key) && openNth(event.key)) {
      event.preventDefault();
      return;
    }
    const does = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (does && does(event)) event.preventDefault();
  });

  document.addEventListener("input", (event) => {
    if (event.target.id !== "scrub") return;
    dragging = true;
    place(Number(event.target.value), Number(event.target.max));
    seekSoon(event.target.value);
  });

  document.addEventListener("change", (event) => {
    if (event.target.id !== "scrub") return;
    clearTimeout(waiting);
    wish(`seek ${event.target.value}`);
    // Pictures of the drag are still arriving, so the slider stays where it was released.
    setTimeout(() => { dragging = false; follow(); }, 500);
  });

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.id === "copy-link") copyLink();
    if (target.id === "show-keys") byId("keys").showModal();
    if (target.id === "close-details") leave();
    if (target.id === "more-controls") {
      const isOpen = target.getAttribute("aria-expanded") !== "true";
      target.setAttribute("aria-expanded", String(isOpen));
    }
    const card = byId("scrub") && target.closest?.(".card-slot");
    if (card) pick(card.classList.contains("is-chosen") ? "" : card.dataset.key);
  });

  // The map tells of a car that was clicked.
  addEventListener("pitwall:battle", (event) => {
    if (byId("scrub")) pick(event.detail === shown()?.battle ? "" : event.detail);
  });

  addEventListener("resize", measureDeck);
  new MutationObserver(follow).observe(document.documentElement, {
    subtree: true, attributes: true,
    attributeFilter: ["data-at-s", "data-battle", "data-length-s", "data-panel"],
  });
})();
