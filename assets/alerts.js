// Alerts a visitor by the rules that they chose in the settings: a line on the page, and as they
// wish a sound, a notification of the browser, and the tab's title and icon.
//
// #alerts has what there is to tell, the same for everybody. It changes in a background tab too,
// as it comes over the page's socket. What was there when the page opened is old news.
(() => {
  "use strict";
  const SHOWN_MS = 12000;
  const FALLS_BACK = 15; // percent below the threshold, before the same battle can alert again
  const SURPRISE = 10;
  const setting = (name) => window.pitwallSettings?.get(name) ?? "no";
  const over = new Map(); // battles above the threshold
  const told = new Set(); // battles and passes that are no news any more
  let list = null;
  let flag = null;
  let title = null;
  let ending = null;
  let sound = null;

  const mine = (cars) => {
    const wanted = setting("drivers").toUpperCase().split(/[^A-Z0-9]+/).filter(Boolean);
    return cars.split(" ").some((car) => wanted.includes(car));
  };

  // Return what is to be told of the rows, and note all of them as told.
  function judge(isFirst) {
    const news = [];
    const limit = Number(setting("chance")); // NaN where it is off
    for (const row of list.children) {
      const { key, kind, cars } = row.dataset;
      const percent = Number(row.dataset.percent);
      const isNew = !told.has(key);
      told.add(key);
      if (kind === "pass") {
        const isSurprise = percent >= 0 && percent < SURPRISE && setting("surprise") === "yes";
        if (isNew && (isSurprise || mine(cars))) news.push(`${row.textContent}, ${of(percent)}`);
        continue;
      }
      if (isNew && mine(cars)) news.push(row.textContent);
      if (percent >= limit && !over.get(key)) {
        over.set(key, true);
        news.push(`${row.textContent}: ${percent} % or more`);
      } else if (percent < limit - FALLS_BACK) {
        over.delete(key);
      }
    }
    const { flag: now, flagWords: words } = list.dataset;
    if (flag !== null && now !== flag && setting("flags") === "yes") news.push(words);
    flag = now;
    if (told.size > 2000) told.clear();
    return isFirst ? [] : news;
  }

  const of = (percent) => (percent < 0 ? "without a forecast" : percent < 1 ? "given less than 1 %" : `given ${percent} %`);

  function tell(words) {
    const line = document.getElementById("alert-line");
    if (line) line.textContent = words;
    if (setting("title") === "yes") mark(words);
    if (setting("sound") === "yes") ring();
    if (setting("notify") === "yes" && (document.hidden || !document.hasFocus())) notify(words);
    clearTimeout(ending);
    ending = setTimeout(calm, SHOWN_MS);
  }

  function mark(words) {
    title ??= document.title;
    document.title = `\u25cf ${words}`;
    document.getElementById("favicon")?.setAttribute("href", "/favicon-alert.svg");
  }

  function calm() {
    const line = document.getElementById("alert-line");
    if (line) line.textContent = "";
    // In a background tab the title waits for its reader.
    if (document.hidden) return;
    if (title !== null) document.title = title;
    title = null;
    document.getElementById("favicon")?.setAttribute("href", "/favicon.svg");
  }

  // Two short tones, made here: nothing is fetched.
  function ring() {
    try {
      sound ??= new AudioContext();
      sound.resume();
      [660, 880].forEach((pitch, place) => {
        const tone = sound.createOscillator();
        const level = sound.createGain();
        const at = sound.currentTime + 0.16 * place;
        tone.frequency.value = pitch;
        level.gain.setValueAtTime(0.0001, at);
        level.gain.exponentialRampToValueAtTime(0.18, at + 0.02);
        level.gain.exponentialRampToValueAtTime(0.0001, at + 0.15);
        tone.connect(level).connect(sound.destination);
        tone.start(at);
        tone.stop(at + 0.16);
      });
      document.documentElement.dataset.rang = String(Number(document.documentElement.dataset.rang ?? 0) + 1);
    } catch {
      // no sound on this device
    }
  }

  async function notify(words) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const about = { body: words, icon: "/icon-192.png", tag: "pitwall" };
    try {
      const worker = await navigator.serviceWorker?.getRegistration();
      if (worker) await worker.showNotification("Pitwall", about);
      else new Notification("Pitwall", about);
    } catch {
      // refused by the system: the other ways remain
    }
  }

  // Browsers allow sound only after a key or a click on the page.
  const wake = () => {
    if (setting("sound") !== "yes") return;
    sound ??= new AudioContext();
    sound.resume();
  };
  addEventListener("pointerdown", wake, { passive: true });
  addEventListener("keydown", wake);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) calm(); });
  document.addEventListener("change", (event) => {
    if (event.target.dataset?.setting === "notify" && event.target.checked) {
      window.Notification?.requestPermission();
    }
    if (event.target.dataset?.setting === "sound" && event.target.checked) ring();
  });

  // The first rows are old news: those of the frame with which a flag is known.
  let opened = false;
  function look() {
    if (list.dataset.flag === "unknown") return;
    const news = judge(!opened);
    opened = true;
    news.slice(0, 3).forEach(tell);
  }
  const watcher = new MutationObserver(look);
  setInterval(() => {
    const found = document.getElementById("alerts");
    if (found === list) return;
    list = found;
    opened = false;
    flag = null;
    watcher.disconnect();
    if (list === null) return;
    watcher.observe(list, { childList: true, attributes: true, subtree: true });
    look(); // it may be full already, and then the next change is news
  }, 500);
})();
