// Draws the track map as large as the frame allows, by the drawing of the page.

import { made } from "./embed.js";
import { translate } from "./catalogue.js";
import { Field, coloursOf, drawRoad, flaggedOf, outward } from "./track_drawing.js";
import { shapeOf } from "./track_shape.js";

const SMALLEST = 120; // pixels

export function begin(frame) {
  const box = made("div", "map-drawing", frame.body);
  box.setAttribute("role", "img");
  const [road, cars] = [made("canvas", "", box), made("canvas", "", box)];
  const field = new Field(cars);
  box.mapField = field;
  let [pieces, shape, drawnFor] = [null, null, ""];

  function room() {
    const rest = document.body.scrollHeight - box.offsetHeight;
    const scale = Number(document.documentElement.dataset.scale) || 1;
    const most = Math.min(innerHeight - rest - 4, 720 * scale);
    return { width: Math.max(SMALLEST, frame.body.clientWidth), height: Math.max(SMALLEST, most) };
  }

  function drawRoadAnew() {
    const { track, places, head } = pieces;
    shape = shapeOf(track, room());
    box.style.height = `${shape.height}px`;
    field.colours = coloursOf(box);
    box.dataset.flag = head.flag;
    drawRoad(road, {
      shape, track, colours: field.colours, flag: head.flag,
      flagged: flaggedOf(track, shape, places.yellow),
      words: "", // the head of the embed says the flag
    });
  }

  function showCars() {
    const corners = shape.isRing || shape.isOpen ? [] : pieces.track.corners.map(
      (corner) => outward(shape, shape.place(corner.x, corner.y), 13),
    );
    const { marks, battles } = pieces;
    field.show({ shape, marks, cars: pieces.cars, battles, chosen: "", corners });
  }

  function again() {
    if (pieces === null) return;
    drawRoadAnew();
    showCars();
  }

  addEventListener("resize", again);
  document.addEventListener("visibilitychange", () => (document.hidden ? field.stop() : field.draw()));
  document.fonts.ready.then(again);

  return (all, changed) => {
    pieces = all;
    const wanted = `${all.head.flag} ${all.places.yellow}`;
    if (changed.track || wanted !== drawnFor) {
      drawnFor = wanted;
      drawRoadAnew();
    }
    box.setAttribute("aria-label", translate(all.places.words));
    showCars();
  };
}
