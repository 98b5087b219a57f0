// Watches the page from outside the app, so that it works even when the app has crashed.
//
// 1. Connection: every frame changes #pulse. When none has come for ten seconds, or the feed is
//    stale, <html data-link> changes, the page dims and a bar says why: a connection that is gone
//    is told from one that stands without news. The data age counts here.
// 2. Motion: children of [data-flip] glide to their new positions when their order changes.
//
// It is loaded before the app, so that it sees the app's socket open and close.
(() => {
  "use strict";
  const SILENT_S = 10;
  const root = document.documentElement;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  let sequence = null;
  let arrived = performance.now();
  let ageOnArrival = null;
  let feed = "waiting";
  let socket = null;

  window.WebSocket = new Proxy(window.WebSocket, {
    construct(target, values) {
      const made = Reflect.construct(target, values);
      if (String(values[0]).includes("/_event")) socket = made;
      return made;
    },
  });

  const set = (id, text) => {
    const element = document.getElementById(id);
    if (element && element.textContent !== text) element.textContent = text;
  };
  const seconds = (s) => (s < 10 ? s.toFixed(1) : String(Math.floor(s)));

  function readPulse() {
    const pulse = document.getElementById("pulse");
    if (!pulse || pulse.dataset.sequence === "-1" || pulse.dataset.sequence === sequence) return;
    sequence = pulse.dataset.sequence;
    arrived = performance.now();
    const age = Number(pulse.dataset.age);
    ageOnArrival = age < 0 ? null : age;
    feed = pulse.dataset.feed;
  }

  const WORDS = {
    lost: ["Disconnected", "No data reaches this page, so what it shows is old. It reconnects by itself."],
    silent: ["No news from the server", "The connection stands, but no picture comes, so what the page shows is old."],
    first: ["Waiting for the first picture", "The connection stands. The server has not sent a picture yet."],
    stale: ["Feed stale", "No timing data is arriving. Gaps and forecasts are old."],
    up: ["", ""],
  };

  function judge() {
    readPulse();
    const silent = (performance.now() - arrived) / 1000;
    const age = ageOnArrival === null ? null : ageOnArrival + silent;
    const isOpen = socket !== null && socket.readyState === 1;
    let why = "up";
    if (document.getElementById("pulse")?.dataset.feed === "none") why = "up"; // nothing will come
    else if (silent > SILENT_S) why = !isOpen ? "lost" : sequence === null ? "first" : "silent";
    else if (feed === "stale") why = "stale";
    let link = { lost: "lost", up: sequence === null ? "connecting" : "up" }[why] ?? "stale";

    set("age", age === null ? "--" : seconds(age));
    if (root.dataset.link !== link) root.dataset.link = link;
    const [title, detail] = WORDS[why];
    set("link-title", title);
    set("link-detail", detail);
    const counted = why === "lost" || why === "silent" ? seconds(age === null ? silent : age) : seconds(age ?? 0);
    set("link-age", why === "up" || why === "first" || (why === "stale" && age === null) ? "" : `${counted} s old`);
  }

  // Positions are stored as offsets, which neither scrolling nor a running glide changes.
  const places = new WeakMap();
  const place = (element) => ({ x: element.offsetLeft, y: element.offsetTop });
  const remember = (container) => {
    for (const child of container.children) places.set(child, place(child));
  };

  function glide(container) {
    for (const child of container.children) {
      const before = places.get(child);
      const now = place(child);
      places.set(child, now);
      if (calm.matches || root.dataset.motion === "calm" || document.hidden) continue;
      if (!before) {
        child.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 300, easing: "ease-out" });
      } else if (before.x !== now.x || before.y !== now.y) {
        const from = `translate(${before.x - now.x}px, ${before.y - now.y}px)`;
        child.animate([{ transform: from }, { transform: "none" }], {
          duration: 300,
          easing: "cubic-bezier(.2,.7,.2,1)",
        });
      }
    }
  }

  new MutationObserver((changes) => {
    const moved = new Set();
    for (const { target } of changes) {
      if (target.nodeType === 1 && target.hasAttribute("data-flip")) moved.add(target);
    }
    moved.forEach(glide);
  }).observe(document.body || root, { childList: true, subtree: true });

  setInterval(() => {
    judge();
    document.querySelectorAll("[data-flip]").forEach(remember);
  }, 250);
  judge();
})();
