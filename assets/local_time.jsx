// Shows a time of day in the zone that the visitor chose: UTC, their own, or that of the circuit.

import { useSyncExternalStore } from "react";
import { jsx } from "react/jsx-runtime";

const settings = () => globalThis.pitwallSettings;
const hear = (tell) => settings()?.hear(tell) ?? (() => {});
const zone = () => settings()?.get("zone") ?? "utc";

function useZone() {
  return useSyncExternalStore(hear, zone, () => "utc");
}

const two = (number) => String(number).padStart(2, "0");

function inZone(clock, day, offset, chosen) {
  const at = new Date(`${day}T${clock}Z`);
  if (Number.isNaN(at.getTime()) || chosen === "utc") return clock;
  if (chosen === "local") return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  if (offset === null || offset === undefined) return clock;
  const there = new Date(at.getTime() + 1000 * offset);
  return there.toISOString().slice(11, 19);
}

export function RaceClock({ clock, day, offset }) {
  const chosen = useZone();
  return jsx("span", {
    className: "digits",
    "data-ghost": "88:88:88",
    children: inZone(clock, day, offset, chosen),
  });
}

// Names the zone that `RaceClock` shows.
export function ZoneName({ offset }) {
  const chosen = useZone();
  if (chosen === "local") return "your time";
  if (chosen === "track" && offset !== null && offset !== undefined) return "track time";
  return "UTC";
}
