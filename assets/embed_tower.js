// Draws the timing tower: place, car, interval and what a car is doing; in qualifying best laps.

import { made, say } from "./embed.js";

const most = Number(document.documentElement.dataset.rows) || Infinity;

function line(parent) {
  const row = made("li", "line", parent);
  return {
    row,
    place: made("span", "place", row),
    team: made("i", "team", row),
    code: made("b", "code", row),
    status: made("span", "status", row),
    time: made("span", "time", row),
  };
}

// Return what stands at the right of a car: the interval, for the leader and lapped cars a word.
function raced([key, place, status, tone, fight], gaps) {
  const [gap, interval, close] = (gaps[key] ?? "||").split("|");
  return { key, place, status, tone: `${tone} ${fight} ${close}`, time: interval || gap };
}

const timed = ([key, place, status, tone, zone, best, gap]) => (
  { key, place, status, tone: `${tone} ${zone}`, time: place === "1" ? best : gap || best }
);

export function begin(frame) {
  const list = made("ol", "lines", frame.body);
  const empty = made("p", "none-title", frame.body);
  const lines = [];

  return ({ cars, tower, gaps, timed: standings }) => {
    const rows = (standings.length > 0 ? standings.map(timed) : tower.map((row) => raced(row, gaps)))
      .slice(0, most);
    while (lines.length < rows.length) lines.push(line(list));
    while (lines.length > rows.length) lines.pop().row.remove();
    say(empty, rows.length > 0 ? "" : "Waiting for the first timing data");
    rows.forEach(({ key, place, status, tone, time }, nth) => {
      const view = lines[nth];
      const [code, colour, name] = cars[key] ?? [key, "", ""];
      view.row.className = `line ${tone}`;
      view.place.textContent = place;
      view.team.style.backgroundColor = colour;
      view.code.textContent = code;
      view.code.title = name;
      say(view.status, status);
      say(view.time, time);
    });
  };
}
