// Draws the circuit and the cars on it, on two canvases: the road is drawn again only when it or a
// flag changes, the cars as often as they have moved by most of a pixel. Off screen and in a hidden
// tab nothing is drawn at all. The pages and the embedded map draw by it.
//
// A feed gives positions about once a second; between two of them a car moves along the outline,
// whose points are evenly spaced in time, so that it is slow where cars are slow.

import { LINE_FROM, fraction, offsetOf, placeLabels } from "./track_shape.js";

export const IN_PIT = 1;
const HUNTS = 2;
const HUNTED = 4;
const LONGEST_JUMP = 0.3; // of a lap: what is farther was a seek, not a drive
const SHORTEST_MS = 120;
const LONGEST_MS = 1300;
const STEP_PX = 0.8; // drawn again when the fastest car has moved by so much
const FASTEST_MS = 33;
const SLOWEST_MS = 160;
const LABELS_EVERY_MS = 400;
const REACH_PX = 14; // of a pointer
const SHARPEST = 2; // more pixels than this nobody sees
const CODE = "11px 'IBM Plex Mono', ui-monospace, monospace";
const SMALL = "500 10px 'Saira Condensed', 'Arial Narrow', sans-serif";

const still = () => document.documentElement.dataset.motion === "calm"
  || matchMedia("(prefers-reduced-motion: reduce)").matches;

// Return the colours of the theme; where the system forces colours, the system's.
export function coloursOf(element) {
  if (matchMedia("(forced-colors: active)").matches) {
    return {
      ink: "CanvasText", dim: "CanvasText", night: "Canvas", road: "GrayText", amber: "Highlight",
      sky: "Highlight", yellow: "Highlight", team: () => "CanvasText",
    };
  }
  const style = getComputedStyle(element);
  const own = (name) => style.getPropertyValue(name).trim();
  return {
    ink: own("--ink"), dim: own("--dim"), night: own("--night"), road: own("--road"),
    amber: own("--amber"), sky: own("--sky"), yellow: own("--map-yellow"),
    team: (colour) => colour,
  };
}

// Fit a canvas to its box, and return its context in CSS pixels, cleared.
function cleared(canvas, shape) {
  const sharp = Math.min(devicePixelRatio || 1, SHARPEST);
  const [width, height] = [Math.round(shape.width * sharp), Math.round(shape.height * sharp)];
  const context = canvas.getContext("2d");
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.clearRect(0, 0, shape.width, shape.height);
  return context;
}

function trace(context, points, isClosed) {
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  if (isClosed) context.closePath();
}

function across(context, shape, share, reach) {
  const [[x, y], turn] = [shape.at(share), shape.heading(share) + Math.PI / 2];
  context.beginPath();
  context.moveTo(x - reach * Math.cos(turn), y - reach * Math.sin(turn));
  context.lineTo(x + reach * Math.cos(turn), y + reach * Math.sin(turn));
  context.stroke();
}

// Return the points between two shares of the lap.
function stretch(shape, from, to) {
  const length = fraction(to - from) || 1;
  const count = Math.max(2, Math.ceil(length * shape.drawn.length));
  return Array.from({ length: count + 1 }, (_, k) => shape.at(from + (k / count) * length));
}

export const outward = (shape, [x, y], by) => {
  const away = Math.hypot(x - shape.middle[0], y - shape.middle[1]) || 1;
  return [x + (by * (x - shape.middle[0])) / away, y + (by * (y - shape.middle[1])) / away];
};

function chevron(context, shape, share) {
  const [[x, y], turn] = [shape.at(share), shape.heading(share)];
  context.save();
  context.translate(x, y);
  context.rotate(turn);
  context.beginPath();
  context.moveTo(-3.5, -5);
  context.lineTo(2.5, 0);
  context.lineTo(-3.5, 5);
  context.stroke();
  context.restore();
}

export function drawRoad(canvas, { shape, track, colours, flagged, flag, words }) {
  const context = cleared(canvas, shape);
  context.lineJoin = context.lineCap = "round";
  const isClosed = !shape.isOpen;
  const road = flagged.length > 0 && flag === "yellow" ? colours.dim : colours.road;
  context.strokeStyle = road;
  context.globalAlpha = 0.26;
  context.lineWidth = 9;
  trace(context, shape.drawn, isClosed);
  context.stroke();
  context.globalAlpha = 1;
  context.lineWidth = 1.75;
  context.stroke();
  if (track.pit?.length >= 4 && !shape.isRing) {
    const lane = [];
    for (let k = 0; k + 1 < track.pit.length; k += 2) lane.push(shape.place(track.pit[k], track.pit[k + 1]));
    context.strokeStyle = colours.dim;
    context.lineWidth = 1.25;
    context.setLineDash([3, 2.5]);
    trace(context, lane, false);
    context.stroke();
    context.setLineDash([]);
    context.font = SMALL;
    context.fillStyle = colours.dim;
    context.textAlign = "center";
    const [x, y] = outward(shape, lane[Math.floor(lane.length / 2)], 9);
    context.fillText("PIT", x, y + 3);
  }
  for (const { from, to } of flagged) {
    trace(context, stretch(shape, from, to), false);
    context.strokeStyle = colours.yellow;
    context.lineWidth = 7;
    context.stroke();
    context.strokeStyle = colours.night;
    context.lineWidth = 3;
    context.setLineDash([1, 6]); // not by its colour alone
    context.stroke();
    context.setLineDash([]);
  }
  context.lineCap = "butt";
  context.strokeStyle = colours.dim;
  context.fillStyle = colours.dim;
  context.font = SMALL;
  context.textAlign = "center";
  context.textBaseline = "middle";
  if (!shape.isRing && isClosed) {
    context.lineWidth = 1.5;
    for (const share of track.sectors) across(context, shape, share, 6);
    const ends = [0, ...track.sectors];
    if (track.sectors.length === 2) {
      ends.forEach((share, k) => {
        const middle = (share + (ends[k + 1] ?? 1)) / 2;
        const [x, y] = outward(shape, shape.at(middle), -15);
        context.globalAlpha = 0.75;
        context.fillText(`S${k + 1}`, x, y);
        context.globalAlpha = 1;
      });
    }
    for (const corner of track.corners) {
      const [x, y] = outward(shape, shape.place(corner.x, corner.y), 13);
      context.fillText(corner.name, x, y);
    }
  }
  if (isClosed) {
    context.lineWidth = 1.75;
    context.strokeStyle = colours.ink;
    for (const share of [0.03, 0.36, 0.69]) chevron(context, shape, share);
    context.lineWidth = 2.5;
    across(context, shape, 0, 9);
  }
  if (words) {
    context.font = "700 12px 'Saira Condensed', 'Arial Narrow', sans-serif";
    context.textAlign = "left";
    context.fillStyle = colours.road;
    context.fillText(words.toUpperCase(), 4, 9);
  }
}

// One car: where it goes, and its label's place.
class Car {
  constructor() {
    this.to = null;
    this.spot = null;
    this.offset = null;
    this.aim = [0, 0];
  }

  // Set where the car goes from here, and how long that takes.
  go(to, shape, now, lasts) {
    const here = this.here(shape, now);
    this.to = to;
    this.aim = to.xy;
    this.since = now;
    this.lasts = lasts;
    if (here === null || (here.share === null) !== (to.share === null)) {
      this.from = to;
    } else if (to.share === null) {
      this.from = { share: null, xy: here.xy };
    } else {
      const ahead = fraction(to.share - here.share);
      const by = ahead > 0.97 ? ahead - 1 : ahead; // a little back: two sources disagree
      this.from = by > LONGEST_JUMP || lasts === 0 ? to : { share: to.share - by, xy: here.xy };
    }
  }

  here(shape, now) {
    if (this.to === null) return null;
    const part = this.lasts > 0 ? Math.min(1, (now - this.since) / this.lasts) : 1;
    if (this.to.share === null) {
      const [a, b] = [this.from.xy, this.to.xy];
      return { share: null, xy: [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])] };
    }
    const share = this.from.share + part * (this.to.share - this.from.share);
    return { share, xy: shape.at(share) };
  }

  // Return how fast it moves on the screen, pixels a millisecond.
  speed(now) {
    if (!(this.lasts > 0) || now >= this.since + this.lasts) return 0;
    const [a, b] = [this.from.xy, this.to.xy];
    return Math.hypot(b[0] - a[0], b[1] - a[1]) / this.lasts;
  }
}

function drawCar(context, car, here, shape, colours) {
  const [x, y] = here.xy;
  const { flags, isChosen } = car;
  const halo = isChosen ? [colours.sky, 2.5] : flags & HUNTED ? [colours.amber, 1.25] : null;
  if (halo) {
    [context.strokeStyle, context.lineWidth] = halo;
    context.beginPath();
    context.arc(x, y, 8.5, 0, 2 * Math.PI);
    context.stroke();
  }
  const team = colours.team(car.colour);
  context.beginPath();
  if (flags & HUNTS) {
    const turn = here.share === null ? 0 : shape.heading(here.share);
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const put = (a, b) => [x + a * cos - b * sin, y + a * sin + b * cos];
    context.moveTo(...put(7, 0));
    context.lineTo(...put(-4.5, 5));
    context.lineTo(...put(-4.5, -5));
    context.closePath();
  } else {
    context.arc(x, y, flags & HUNTED || isChosen ? 4.5 : 3.6, 0, 2 * Math.PI);
  }
  context.fillStyle = flags & IN_PIT ? colours.night : team;
  context.fill();
  context.lineWidth = flags & IN_PIT ? 2 : 1.25;
  context.strokeStyle = flags & IN_PIT ? team : colours.night;
  context.stroke();
}

// Return how much of a unit vector lies within a label's box, so that its line ends at its edge.
const edge = (dx, dy) => Math.min(13 / Math.max(Math.abs(dx), 0.01), 7 / Math.max(Math.abs(dy), 0.01));

// All cars of one map, and the clock that draws them.
export class Field {
  constructor(canvas) {
    this.canvas = canvas;
    this.cars = new Map();
    this.order = [];
    this.toldMs = 0;
    this.everyMs = 500;
    this.labelledMs = -Infinity;
    this.timer = 0;
    this.frame = 0;
    this.draws = 0;
    this.isSeen = true;
  }

  stop() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.timer = this.frame = 0;
  }

  show({ shape, marks, cars, battles, chosen, corners }) {
    const now = performance.now();
    if (this.shape !== shape) {
      this.cars.clear();
      this.shape = shape;
      this.labelledMs = -Infinity;
    }
    const since = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, now - this.toldMs));
    if (marks !== this.marks) {
      this.everyMs += 0.4 * (since - this.everyMs);
      this.toldMs = now;
    }
    const isNew = marks !== this.marks;
    this.marks = marks;
    const fights = new Map();
    for (const each of battles) {
      for (const key of [each.attacker, each.defender]) if (!fights.has(key)) fights.set(key, each.key);
    }
    const pair = chosen ? chosen.split("-") : [];
    const lasts = still() ? 0 : this.everyMs;
    for (const [key, mark] of Object.entries(marks)) {
      if (!cars[key]) continue;
      let car = this.cars.get(key);
      const isFresh = car === undefined;
      if (isFresh) this.cars.set(key, (car = new Car()));
      const flags = mark.at(-1);
      Object.assign(car, {
        flags, code: cars[key].code, colour: cars[key].colour, name: cars[key].name,
        battle: fights.get(key), isChosen: pair.includes(key),
      });
      if (!isNew && !isFresh) continue;
      const isLocated = mark.length === 3; // else by its share of the lap
      let share = isLocated ? null : mark[0] / 10000;
      if (isLocated && !(flags & IN_PIT)) share = shape.shareOf(mark[0], mark[1]);
      const xy = share === null ? shape.place(mark[0], mark[1]) : shape.at(share);
      car.go({ share, xy }, shape, now, lasts);
    }
    for (const key of this.cars.keys()) if (!marks[key] || !cars[key]) this.cars.delete(key);
    this.order = [...new Set([...pair, ...battles.flatMap((each) => [each.attacker, each.defender]),
      ...Object.keys(marks)])].filter((key) => this.cars.has(key));
    if (now - this.labelledMs >= LABELS_EVERY_MS || isNew && lasts === 0) {
      this.labelledMs = now;
      placeLabels(this.cars, this.order, shape, corners);
    }
    this.draw();
  }

  // Draw now, and again as soon as the fastest car has moved far enough to be seen.
  draw() {
    this.stop();
    if (!this.shape || !this.isSeen || document.hidden) return;
    const now = performance.now();
    this.paint(now);
    const speed = Math.max(0, ...[...this.cars.values()].map((car) => car.speed(now)));
    if (speed === 0) return;
    const wait = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, STEP_PX / speed));
    this.timer = setTimeout(() => { this.frame = requestAnimationFrame(() => this.draw()); }, wait - 8);
  }

  paint(now) {
    this.draws += 1;
    const { shape, colours } = this;
    const context = cleared(this.canvas, shape);
    context.font = CODE;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const places = new Map(this.order.map((key) => [key, this.cars.get(key).here(shape, now)]));
    for (const key of this.order.toReversed()) {
      const car = this.cars.get(key);
      if (car.spot === null) continue;
      const [dx, dy, far] = offsetOf(car.spot);
      // A label that moves to another place glides there.
      car.offset = car.offset === null || still()
        ? [dx, dy]
        : [car.offset[0] + 0.35 * (dx - car.offset[0]), car.offset[1] + 0.35 * (dy - car.offset[1])];
      if (far <= LINE_FROM) continue;
      const [x, y] = places.get(key).xy;
      const part = 1 - Math.min(0.8, edge(...car.offset));
      const start = 5 / Math.hypot(...car.offset);
      context.beginPath();
      context.moveTo(x + start * car.offset[0], y + start * car.offset[1]);
      context.lineTo(x + part * car.offset[0], y + part * car.offset[1]);
      context.strokeStyle = colours.dim;
      context.lineWidth = 0.75;
      context.stroke();
    }
    for (const key of this.order.toReversed()) {
      drawCar(context, this.cars.get(key), places.get(key), shape, colours);
    }
    for (const key of this.order.toReversed()) {
      const car = this.cars.get(key);
      if (car.spot === null) {
        car.offset = null;
        continue;
      }
      const [x, y] = places.get(key).xy;
      const isPlain = !(car.flags & (HUNTS | HUNTED)) && !car.isChosen;
      context.font = isPlain ? CODE : `600 ${CODE}`;
      context.strokeStyle = colours.night;
      context.lineWidth = 2.5;
      context.strokeText(car.code, x + car.offset[0], y + car.offset[1]);
      context.fillStyle = isPlain ? colours.dim : colours.ink;
      context.fillText(car.code, x + car.offset[0], y + car.offset[1]);
    }
  }

  // Return the car under a pointer; undefined where there is none.
  under(x, y) {
    const now = performance.now();
    let [nearest, best] = [undefined, REACH_PX];
    for (const key of this.order) {
      const car = this.cars.get(key);
      const at = car.here(this.shape, now).xy;
      const away = Math.hypot(at[0] - x, at[1] - y);
      if (away < best) [nearest, best] = [car, away];
    }
    return nearest;
  }

  // Return what is drawn, for tests.
  drawn() {
    const now = performance.now();
    return this.order.map((key) => {
      const car = this.cars.get(key);
      const xy = car.here(this.shape, now).xy;
      const label = car.spot === null ? null : offsetOf(car.spot).slice(0, 2).map((by, k) => car.aim[k] + by);
      return {
        key, code: car.code, battle: car.battle ?? "", isChosen: car.isChosen, flags: car.flags,
        xy, aim: car.aim, label,
      };
    });
  }
}

// Return the stretches of road under yellow: from each flagged post to the next one.
export function flaggedOf(track, shape, yellow) {
  if (shape.isRing || shape.isOpen || !track.posts?.length) return [];
  const posts = track.posts
    .map((post) => ({ name: post.name, share: shape.shareOf(post.x, post.y) }))
    .filter((post) => post.share !== null);
  return yellow.flatMap((number) => {
    const nth = posts.findIndex((post) => post.name === String(number));
    return nth < 0 ? [] : [{ from: posts[nth].share, to: posts[(nth + 1) % posts.length].share }];
  });
}
