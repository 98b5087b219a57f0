// The geometry of the track map: a circuit's outline in pixels, and where labels have room.

export const MARGIN = 26; // pixels around the road, for letters
const OFF_TRACK_M = 70; // farther from the outline a car is drawn where it is, not on the outline
const CELL = 6; // pixels of the grid that knows where the road is

export const fraction = (value) => value - Math.floor(value);

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
export function shapeOf(track, room) {
  const isRing = track.points.length < 6;
  const isOpen = !isRing && Boolean(track.open);
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
  const cells = new Set();
  for (const [x, y] of drawn) cells.add(`${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`);
  const middle = [
    drawn.reduce((sum, point) => sum + point[0], 0) / count,
    drawn.reduce((sum, point) => sum + point[1], 0) / count,
  ];
  return {
    at,
    drawn,
    middle,
    isRing,
    isOpen,
    width: room.width,
    height: Math.round(high + 2 * MARGIN),
    place: (x, y) => place(turned(x, y)),
    // Return the nearest share of the lap, or null where the car is not on the outline.
    shareOf(x, y) {
      if (isOpen) return null; // the outline ends somewhere
      const [px, py] = place(turned(x, y));
      let [nearest, best] = [null, (OFF_TRACK_M * scale) ** 2];
      for (let k = 0; k < count; k += 1) {
        const [a, b] = [drawn[k], drawn[(k + 1) % count]];
        const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        const length = dx * dx + dy * dy || 1;
        const part = Math.min(1, Math.max(0, ((px - a[0]) * dx + (py - a[1]) * dy) / length));
        const away = (px - a[0] - part * dx) ** 2 + (py - a[1] - part * dy) ** 2;
        if (away < best) [nearest, best] = [(k + part) / count, away];
      }
      return nearest;
    },
    // Return the direction of driving, radians.
    heading(share) {
      const [a, b] = [at(share - 0.004), at(share + 0.004)];
      return Math.atan2(b[1] - a[1], b[0] - a[0]);
    },
    // Return how much of a box the road covers, in cells.
    roadIn(box) {
      let covered = 0;
      for (let i = Math.floor(box.left / CELL); i <= Math.floor(box.right / CELL); i += 1) {
        for (let j = Math.floor(box.top / CELL); j <= Math.floor(box.bottom / CELL); j += 1) {
          if (cells.has(`${i} ${j}`)) covered += 1;
        }
      }
      return covered;
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

const box = ([x, y], width, height) => ({
  left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2,
});

const overlap = (a, b) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const side = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));

const cross = ([a, b], [c, d]) => side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);

// Whether a line from a car to its label runs through a box; four points on it are enough.
const runsThrough = ([a, b], into) => [0.35, 0.55, 0.75, 0.95].some((part) => {
  const [x, y] = [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
  return x > into.left && x < into.right && y > into.top && y < into.bottom;
});

const LABEL = { width: 27, height: 12 };
const CAR = 15;
const ANGLES = Array.from({ length: 12 }, (_, k) => (k * Math.PI) / 6);
// Places for a label: around the car, and farther away with a line to it.
const SPOTS = [16, 27, 40, 56].flatMap((far) =>
  ANGLES.map((angle) => [1.2 * far * Math.cos(angle), far * Math.sin(angle), far]),
);
export const LINE_FROM = 20; // a label farther from its car than this has a line to it
const STAYS = 16; // pixels that another place must be better by, lest labels dance

// Place labels where they cover neither a car nor other labels, the most important ones first.
// `cars` have `aim`, where they will be, and `spot`, the label's place so far.
export function placeLabels(cars, wanted, shape, corners) {
  const taken = [...cars.values()].map((car) => box(car.aim, CAR, CAR));
  for (const at of corners) taken.push(box(at, 10, 9));
  const lines = [];
  for (const key of wanted) {
    const car = cars.get(key);
    const [x, y] = car.aim;
    let best = null;
    let least = Infinity;
    let own = null;
    SPOTS.forEach(([dx, dy, far], nth) => {
      const cost = far - (nth === car.spot ? STAYS : 0);
      if (cost >= least) return;
      const here = box([x + dx, y + dy], LABEL.width, LABEL.height);
      if (here.left < 0 || here.right > shape.width) return;
      if (here.top < 0 || here.bottom > shape.height) return;
      const price = cost + 3 * shape.roadIn(here);
      if (price >= least || taken.some((other) => overlap(here, other))) return;
      const line = [[x, y], [x + dx, y + dy]];
      if (lines.some((other) => runsThrough(other, here))) return;
      if (far > LINE_FROM) {
        if (lines.some((other) => cross(line, other))) return;
        if (taken.some((other) => !near(other, car.aim) && runsThrough(line, other))) return;
      }
      [best, least, own] = [nth, price, here];
    });
    car.spot = best;
    if (best === null) continue;
    taken.push(own);
    if (SPOTS[best][2] > LINE_FROM) lines.push([[x, y], [x + SPOTS[best][0], y + SPOTS[best][1]]]);
  }
}

const near = (other, [x, y]) => Math.abs((other.left + other.right) / 2 - x) < 1
  && Math.abs((other.top + other.bottom) / 2 - y) < 1;

export const offsetOf = (spot) => SPOTS[spot];
