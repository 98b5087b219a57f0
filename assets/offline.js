// The service worker: shows a page of its own where a page cannot be fetched. It keeps nothing else,
// so that no visitor ever sees an old race or an old version of the app.
const KEPT = "pitwall-offline-1";
const PARTS = ["/offline.html", "/offline.css", "/favicon.svg"];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(KEPT).then((kept) => kept.addAll(PARTS)).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const others = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(others).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match("/offline.html")));
  } else if (PARTS.includes(pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(pathname)));
  }
});

// A click on an alert brings the page to the front.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const show = (pages) => (pages.length ? pages[0].focus() : self.clients.openWindow("/"));
  event.waitUntil(self.clients.matchAll({ type: "window" }).then(show));
});
