// Draws the circuit and the cars on it. A feed gives positions about once a second; between two of
// them a car moves along the outline, whose points are evenly spaced in time, so that it is slow
// where cars are slow. Cars are moved without React: twenty-two cars, thirty pictures a second.

import { memo, useEffect, useMemo, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";

const MARGIN = 26; // pixels around the road, for letters
const IN_PIT = 1;
const HUNTS = 2;
const HUNTED = 4;
const OFF_TRACK_M = 70; // farther from the outline a car is drawn where it is, not on the outline
const LONGEST_JUMP = 0.3; // of a lap: what is farther was a seek, not a drive
const SHORTEST_MS = 120;
const LONGEST_MS = 1300;
const LABEL = { width: 25, height: 12, away: 15 };
const AROUND_A_CAR = 13;
const TRIANGLE = "M7,0L-4.5,5L-4.5,-5Z";
const DISC = "M4.5,0A4.5,4.5 0 1 1 -4.5,0A4.5,4.5 0 1 1 4.5,0Z";
const SVG = "http://www.w3.org/2000/svg";

const fraction = (value) => value - Math.floor(value);

// Return the outline turned by an angle, and the scale at which it fits into a box.
function fitted(metres, degrees, room) {
  const turn = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const turned = (x, y) => [cos * x - sin * y, -(sin * x + cos * y)]; // the screen's y grows down
  const points = [];
  for (let k = 0; k + 1 < metres.length; k += 2) points.push(turned(metres[k], metres[k + 1]));
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(
    (room.width - 2 * MARGIN) / Math.max(right - left, 1e-9),
    (room.height - 2 * MARGIN) / Math.max(bottom - top, 1e-9),
  );
  return { turned, points, left, top, scale, wide: scale * (right - left), high: scale * (bottom - top) };
}

// Return the outline in pixels, with functions that convert between positions and pixels.
function shapeOf(track, room) {
  const isRing = track.points.length < 6;
  const metres = isRing ? ring() : track.points;
  // The feed's axes have no fixed direction. Where the usual rotation of this circuit's map is not
  // known, the one that fits better is used.
  const turns = isRing || track.turn_deg ? [track.turn_deg] : [0, 90];
  const fits = turns.map((degrees) => fitted(metres, degrees, room));
  const best = fits.reduce((a, b) => (b.scale > 1.1 * a.scale ? b : a));
  const { turned, points, left, top, scale, wide, high } = best;
  const place = ([x, y]) => [
    (room.width - wide) / 2 + scale * (x - left),
    MARGIN + scale * (y - top),
  ];
  const drawn = points.map(place);
  const count = drawn.length;
  const at = (share) => {
    const along = fraction(share) * count;
    const k = Math.floor(along) % count;
    const [a, b] = [drawn[k], drawn[(k + 1) % count]];
    const part = along - Math.floor(along);
    return [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
  };
  return {
    at,
    drawn,
    width: room.width,
    height: Math.round(high + 2 * MARGIN),
    isRing,
    place: (x, y) => place(turned(x, y)),
    // Return the nearest share of the lap, or null where the car is not on the outline.
    shareOf(x, y) {
      const [px, py] = place(turned(x, y));
      let [best, nearest] = [null, (OFF_TRACK_M * scale) ** 2];
      for (let k = 0; k < count; k += 1) {
        const [a, b] = [drawn[k], drawn[(k + 1) % count]];
        const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        const length = dx * dx + dy * dy || 1;
        const part = Math.min(1, Math.max(0, ((px - a[0]) * dx + (py - a[1]) * dy) / length));
        const away = (px - a[0] - part * dx) ** 2 + (py - a[1] - part * dy) ** 2;
        if (away < nearest) [best, nearest] = [(k + part) / count, away];
      }
      return best;
    },
    heading(share) {
      const [a, b] = [at(share - 0.004), at(share + 0.004)];
      return (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI;
    },
    // Return the two ends of a line across the road.
    across(share, reach) {
      const [x, y] = at(share);
      const [a, b] = [at(share - 0.003), at(share + 0.003)];
      const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
      const [nx, ny] = [(-(b[1] - a[1]) / length) * reach, ((b[0] - a[0]) / length) * reach];
      return { x1: x - nx, y1: y - ny, x2: x + nx, y2: y + ny };
    },
  };
}

// Return the points of a ring, clockwise from the top.
function ring() {
  const points = [];
  for (let k = 0; k < 240; k += 1) {
    const angle = (2 * Math.PI * k) / 240;
    points.push(Math.sin(angle), Math.cos(angle));
  }
  return points;
}

// Redrawn only when the circuit or the size of its box changes.
const Road = memo(function Road({ shape, track }) {
  const path = `M${shape.drawn.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}Z`;
  const middle = [
    shape.drawn.reduce((sum, point) => sum + point[0], 0) / shape.drawn.length,
    shape.drawn.reduce((sum, point) => sum + point[1], 0) / shape.drawn.length,
  ];
  const corners = shape.isRing ? [] : track.corners;
  return jsxs("g", {
    "aria-hidden": true,
    children: [
      jsx("path", { className: "map-kerb", d: path }),
      jsx("path", { className: "map-road", d: path }),
      ...(shape.isRing ? [] : track.sectors).map((share, nth) =>
        jsx("line", { className: "map-sector", ...shape.across(share, 5) }, `s${nth}`),
      ),
      jsx("line", { className: "map-line", ...shape.across(0, 9) }),
      ...corners.map((corner) => {
        const [x, y] = shape.place(corner.x, corner.y);
        const away = Math.hypot(x - middle[0], y - middle[1]) || 1;
        return jsx("text", {
          className: "map-corner",
          x: x + (13 * (x - middle[0])) / away,
          y: y + (13 * (y - middle[1])) / away,
          children: corner.name,
        }, `c${corner.name}`);
      }),
    ],
  });
});

function element(name, className, parent) {
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", className);
  parent.append(made);
  return made;
}

// One car: its shape on the road, and its letters beside it.
class Car {
  constructor(layer) {
    this.group = element("g", "map-car", layer);
    this.title = element("title", "", this.group);
    this.halo = element("circle", "map-halo", this.group);
    this.halo.setAttribute("r", "8.5");
    this.body = element("path", "map-body", this.group);
    this.text = element("text", "map-code", this.group);
    this.from = null;
    this.to = null;
    this.spot = null;
  }

  // Set everything but the position.
  show(car, flags, battle, isChosen) {
    const word = flags & IN_PIT ? "pit" : "racing";
    const fight = `${flags & HUNTS ? " hunts" : ""}${flags & HUNTED ? " hunted" : ""}`;
    this.group.setAttribute("class", `map-car ${word}${fight}${isChosen ? " chosen" : ""}`);
    if (battle) this.group.dataset.battle = battle;
    else delete this.group.dataset.battle;
    this.group.style.setProperty("--team", car.colour);
    this.title.textContent = `${car.name}${flags & IN_PIT ? ", in the pit lane" : ""}`;
    this.text.textContent = car.code;
    const shape = flags & HUNTS ? TRIANGLE : DISC;
    this.body.setAttribute("d", shape);
  }

  // Set where the car goes from here, and how long that takes.
  go(to, shape, now, lasts) {
    const here = this.here(shape, now);
    this.to = to;
    this.since = now;
    this.lasts = lasts;
    if (here === null || (here.share === null) !== (to.share === null)) {
      this.from = to;
      return;
    }
    if (to.share === null) {
      this.from = { share: null, xy: here.xy };
      return;
    }
    const ahead = fraction(to.share - here.share);
    const by = ahead > 0.97 ? ahead - 1 : ahead; // a little back: two sources disagree
    this.from = by > LONGEST_JUMP || lasts === 0 ? to : { share: to.share - by };
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

  draw(shape, now) {
    const here = this.here(shape, now);
    if (here === null) return false;
    const [x, y] = here.xy;
    this.group.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    const turn = here.share === null ? 0 : shape.heading(here.share);
    this.body.setAttribute("transform", `rotate(${turn.toFixed(0)})`);
    return this.lasts > 0 && now < this.since + this.lasts;
  }
}

// Places for a label: near the car in eight directions, then farther away.
const SPOTS = [1, 1.9].flatMap((far) =>
  Array.from({ length: 8 }, (_, k) => [
    1.25 * far * LABEL.away * Math.cos((k * Math.PI) / 4),
    far * LABEL.away * Math.sin((k * Math.PI) / 4),
  ]),
);

// Place labels where they cover neither a car nor other labels, the most important ones first.
function label(cars, wanted, room) {
  const taken = [...cars.values()].map((car) => box(car.to.xy, AROUND_A_CAR, AROUND_A_CAR));
  for (const key of wanted) {
    const car = cars.get(key);
    const [x, y] = car.to.xy;
    const before = car.spot === null ? [] : [car.spot];
    const found = [...before, ...SPOTS.keys()].find((nth) => {
      const [dx, dy] = SPOTS[nth];
      const own = box([x + dx, y + dy], LABEL.width, LABEL.height);
      const isInside =
        own.left > 0 && own.right < room.width && own.top > 0 && own.bottom < room.height;
      return isInside && !taken.some((other) => overlap(own, other));
    });
    car.spot = found ?? null;
    if (found === undefined) {
      car.text.setAttribute("visibility", "hidden");
      continue;
    }
    const [dx, dy] = SPOTS[found];
    car.text.removeAttribute("visibility");
    car.text.setAttribute("x", dx.toFixed(0));
    car.text.setAttribute("y", (dy + 4).toFixed(0));
    taken.push(box([x + dx, y + dy], LABEL.width, LABEL.height));
  }
}

const box = ([x, y], width, height) => ({
  left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2,
});

const overlap = (a, b) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

// Return cars by the importance of their labels: the chosen battle, then by heat, then by position.
function wantedOrder(marks, battles, chosen) {
  const first = chosen ? chosen.split("-") : [];
  const fighting = battles.flatMap((battle) => [battle.attacker, battle.defender]);
  return [...new Set([...first, ...fighting, ...Object.keys(marks)])].filter((key) => marks[key]);
}

export function TrackMap({ track, marks, cars, battles, flag, label: words, chosen = "" }) {
  const layer = useRef(null);
  const field = useRef({ cars: new Map(), shape: null, toldMs: 0, everyMs: 500, frame: 0 });
  const drawing = useRef(null);
  const [room, setRoom] = useState({ width: 290, height: 420 });
  const shape = useMemo(() => shapeOf(track, room), [track, room]);

  useEffect(() => {
    const measure = () => {
      const width = Math.round(drawing.current.clientWidth);
      const height = parseFloat(getComputedStyle(drawing.current).maxHeight) || 420;
      // Folded up it has no width; the last one will do when it is opened.
      if (width > 2 * MARGIN) {
        setRoom((was) => (was.width === width && was.height === height ? was : { width, height }));
      }
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(drawing.current);
    return () => watcher.disconnect();
  }, []);

  useEffect(() => {
    const own = field.current;
    const now = performance.now();
    if (own.shape !== shape) {
      for (const car of own.cars.values()) car.group.remove();
      own.cars.clear();
      own.shape = shape;
    }
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const since = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, now - own.toldMs));
    own.everyMs += 0.4 * (since - own.everyMs);
    own.toldMs = now;
    const pair = chosen ? chosen.split("-") : [];
    for (const [key, mark] of Object.entries(marks)) {
      if (!cars[key]) continue;
      const isLocated = mark.length === 3; // else by its share of the lap
      const flags = mark.at(-1);
      let car = own.cars.get(key);
      if (car === undefined) own.cars.set(key, (car = new Car(layer.current)));
      const fights = battles.find((each) => each.attacker === key || each.defender === key);
      car.show(cars[key], flags, fights?.key, pair.includes(key));
      let share = isLocated ? null : mark[0] / 10000;
      if (isLocated && !(flags & IN_PIT)) share = shape.shareOf(mark[0], mark[1]);
      const xy = share === null ? shape.place(mark[0], mark[1]) : shape.at(share);
      car.go({ share, xy }, shape, now, still ? 0 : own.everyMs);
    }
    for (const [key, car] of own.cars) {
      if (marks[key] && cars[key]) continue;
      car.group.remove();
      own.cars.delete(key);
    }
    const order = wantedOrder(marks, battles, chosen).filter((key) => own.cars.has(key));
    label(own.cars, order, shape);
    for (const key of order.toReversed()) layer.current.append(own.cars.get(key).group);
    cancelAnimationFrame(own.frame);
    const draw = () => {
      const at = performance.now();
      let moves = false;
      for (const car of own.cars.values()) moves = car.draw(own.shape, at) || moves;
      if (moves) own.frame = requestAnimationFrame(draw);
    };
    draw();
  }, [shape, marks, cars, battles, chosen]);

  useEffect(() => () => cancelAnimationFrame(field.current.frame), []);

  return jsxs("svg", {
    ref: drawing,
    className: "map-drawing",
    viewBox: `0 0 ${shape.width} ${shape.height}`,
    role: "img",
    "aria-label": words,
    "data-flag": flag,
    "data-ring": shape.isRing,
    children: [jsx(Road, { shape, track }), jsx("g", { ref: layer })],
  });
}
