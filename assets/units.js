// Says speeds and temperatures in the units that the visitor chose; the server sends km/h and °C.

import { useSyncExternalStore } from "react";

const MPH = 0.621371; // of one km/h

const settings = () => globalThis.pitwallSettings;
const hear = (tell) => settings()?.hear(tell) ?? (() => {});
const chosen = () => settings()?.get("units") === "imperial";

// Whether the visitor chose mph and °F; what uses it is drawn anew when that changes.
export function useImperial() {
  return useSyncExternalStore(hear, chosen, () => false);
}

export const speed = (kmh, isImperial) =>
  kmh === null || kmh === undefined || !isImperial ? kmh : Math.round(kmh * MPH);

export const temperature = (celsius, isImperial) =>
  isImperial ? `${(celsius * 1.8 + 32).toFixed(1)} °F` : `${celsius.toFixed(1)} °C`;

// Return a sentence with its speeds in the chosen unit.
export function speedWords(text, isImperial) {
  if (!isImperial) return text;
  return text
    .replace(/(\d+) km\/h/g, (_all, kmh) => `${speed(Number(kmh), true)} mph`)
    .replaceAll("km/h", "mph");
}
