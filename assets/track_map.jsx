// The track map as a component: `track_drawing.js` draws it. Nothing is laid out and React draws
// nothing while cars move.

import { memo, useEffect, useMemo, useRef, useState } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { Field, IN_PIT, coloursOf, drawRoad, flaggedOf, outward } from "$/public/track_drawing.js";
import { MARGIN, shapeOf } from "$/public/track_shape.js";

export const TrackMap = memo(function TrackMap(props) {
  const { track, marks, cars, battles, flag, label: words, chosen = "", yellow = [], flagWords = "" } = props;
  const drawing = useRef(null);
  const [roadCanvas, carCanvas] = [useRef(null), useRef(null)];
  const field = useRef(null);
  const [room, setRoom] = useState({ width: 290, height: 420 });
  const [theme, setTheme] = useState(0);
  const shape = useMemo(() => shapeOf(track, room), [track, room]);
  const flagged = yellow.join(" ");

  useEffect(() => {
    const box = drawing.current;
    const own = (field.current = new Field(carCanvas.current));
    box.mapField = own;
    const measure = () => {
      const width = Math.round(box.clientWidth);
      const height = parseFloat(getComputedStyle(box).maxHeight) || 420;
      // Folded up it has no width; the last one will do when it is opened.
      if (width > 2 * MARGIN) {
        setRoom((was) => (was.width === width && was.height === height ? was : { width, height }));
      }
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(box);
    const looker = new IntersectionObserver(([entry]) => {
      own.isSeen = entry.isIntersecting;
      if (own.isSeen) own.draw();
      else own.stop();
    });
    looker.observe(box);
    const onVisible = () => (document.hidden ? own.stop() : own.draw());
    document.addEventListener("visibilitychange", onVisible);
    const restyle = () => setTheme((was) => was + 1);
    const styles = new MutationObserver(restyle);
    styles.observe(document.documentElement, { attributeFilter: ["class", "data-theme", "data-palette"] });
    const forced = matchMedia("(forced-colors: active)");
    forced.addEventListener("change", restyle);
    document.fonts?.ready.then(restyle);
    return () => {
      own.stop();
      watcher.disconnect();
      looker.disconnect();
      styles.disconnect();
      forced.removeEventListener("change", restyle);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, []);

  useEffect(() => {
    const box = drawing.current;
    const own = field.current;
    box.style.height = `${shape.height}px`;
    own.colours = coloursOf(box);
    const numbers = flagged ? flagged.split(" ").map(Number) : [];
    drawRoad(roadCanvas.current, {
      shape, track, colours: own.colours, flag, flagged: flaggedOf(track, shape, numbers),
      words: ["yellow", "safety", "red"].includes(flag) ? flagWords : "",
    });
  }, [shape, track, flag, flagged, flagWords, theme]);

  useEffect(() => {
    const corners = shape.isRing || shape.isOpen ? [] : track.corners.map(
      (corner) => outward(shape, shape.place(corner.x, corner.y), 13),
    );
    field.current.show({ shape, marks, cars, battles, chosen, corners });
  }, [shape, marks, cars, battles, chosen, theme]);

  const pointed = (event) => {
    const box = drawing.current.getBoundingClientRect();
    return field.current.under(event.clientX - box.left, event.clientY - box.top);
  };

  return jsxs("div", {
    ref: drawing,
    className: "map-drawing",
    role: "img",
    "aria-label": words,
    "data-flag": flag,
    "data-ring": shape.isRing,
    "data-open": shape.isOpen,
    onPointerMove: (event) => {
      const car = pointed(event);
      const title = car ? `${car.name}${car.flags & IN_PIT ? ", in the pit lane" : ""}` : "";
      if (drawing.current.title !== title) drawing.current.title = title;
      drawing.current.classList.toggle("on-battle", Boolean(car?.battle));
    },
    onClick: (event) => {
      const car = pointed(event);
      if (car?.battle) dispatchEvent(new CustomEvent("pitwall:battle", { detail: car.battle }));
    },
    children: [
      jsx("canvas", { ref: roadCanvas, "aria-hidden": true }, "road"),
      jsx("canvas", { ref: carCanvas, "aria-hidden": true }, "cars"),
    ],
  });
});
