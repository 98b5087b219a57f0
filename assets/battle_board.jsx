// Draws the battles under way: one large on the stage, and all of them as a dense list. The server
// puts them in order; a pinned battle and those of favourite drivers come first. A row that changes
// its place fades in there: nothing moves across the page.

import { memo, useLayoutEffect, useMemo, useRef } from "react";
import { jsx, jsxs } from "react/jsx-runtime";
import { pin, useChoice } from "$/public/battle_choice.js";
import { Stage, Tyre } from "$/public/battle_stage.jsx";

const FADE_MS = 450;

// Whether two values are the same to the second level: rows arrive afresh with every message.
function same(a, b, depth = 2) {
  if (a === b) return true;
  if (!a || !b || typeof a !== "object" || typeof b !== "object" || depth === 0) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => same(a[name], b[name], depth - 1))
  );
}

const reversed = (key) => key.split("-").reverse().join("-");

// Return the pinned battle, or the same two cars the other way round after a pass.
function found(cards, key) {
  if (!key) return undefined;
  return cards.find((card) => card.key === key) ?? cards.find((card) => card.key === reversed(key));
}

function ordered(cards, pinned, favourites, cars) {
  const isFavourite = (card) =>
    favourites.includes(cars[card.attacker]?.code) || favourites.includes(cars[card.defender]?.code);
  const first = found(cards, pinned);
  const others = cards.filter((card) => card !== first);
  return [
    ...(first ? [first] : []),
    ...others.filter(isFavourite),
    ...others.filter((card) => !isFavourite(card)),
  ];
}

// Return the cars of all battles that hang together with one, the first on the track first.
function trainOf(cards, card) {
  const attacks = new Map(cards.map((each) => [each.attacker, each.defender]));
  const attacked = new Map(cards.map((each) => [each.defender, each.attacker]));
  const train = [card.defender, card.attacker];
  while (attacks.has(train[0]) && train.length <= cards.length) train.unshift(attacks.get(train[0]));
  while (attacked.has(train.at(-1)) && train.length <= cards.length) {
    train.push(attacked.get(train.at(-1)));
  }
  return train;
}

const Row = memo(function Row({ card, reading, attacker, defender, isStaged, isPinned, stars, words, onPick }) {
  const [gap, note, trend] = reading;
  const side = (car, role) =>
    jsxs("span", {
      className: `row-car ${role}`,
      children: [
        jsx("span", { className: "team", style: { background: car.colour } }),
        jsx("span", { className: "code", title: car.name, children: car.code }),
        stars.includes(car.code) ? jsx("span", { className: "star", title: words.favourite, children: "★" }) : null,
        jsx(Tyre, { car }),
      ],
    });
  const chance = card.word || (card.percent === "--" ? words.none : `${card.percent} %`);
  return jsx("li", {
    className: `card-slot${isPinned ? " is-chosen" : ""}`,
    "data-key": card.key,
    children: jsxs("button", {
      type: "button",
      className: `card tone-${card.tone}`,
      "aria-current": isStaged ? "true" : undefined,
      onClick: onPick ? () => onPick(card.key) : undefined,
      title: card.no_forecast || card.condition || undefined,
      children: [
        jsx("span", { className: "row-stake", title: card.stake, children: card.stake.split(" ").at(-1) }),
        side(attacker, "attacker"),
        jsxs("span", {
          className: `row-chase chases-${trend}`,
          children: [
            jsx("span", { "aria-hidden": true, children: "▸" }),
            jsx("span", { className: "sr-only", children: ` ${words.attacks} ` }),
          ],
        }),
        side(defender, "defender"),
        jsxs("span", {
          className: `row-gap trend-${trend}`,
          title: [reading[3], note].filter(Boolean).join(", "),
          children: [
            jsx("span", { className: "arrow", "aria-hidden": true }),
            gap,
            jsx("span", { className: "unit", children: " s" }),
          ],
        }),
        jsx("span", { className: "row-trend", children: note || reading[3] }),
        jsxs("span", {
          className: "row-chance",
          children: [
            jsx("span", {
              className: "meter",
              "aria-hidden": true,
              children: jsx("span", { className: "lit", style: { "--part": `${card.meter}%` } }),
            }),
            jsx("span", { className: card.word || card.percent === "--" ? "row-word" : "row-percent", children: chance }),
          ],
        }),
        jsx("span", { className: "row-laps", children: card.laps }),
      ],
    }),
  });
}, (a, b) => same(a, b));

// Let rows that have changed their place fade in, and do nothing where people asked for calm.
function useFades(list, keys) {
  const places = useRef(new Map());
  useLayoutEffect(() => {
    const before = places.current;
    places.current = new Map(keys.map((key, nth) => [key, nth]));
    if (!before.size || document.hidden) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    // A battle that ended lets all below it move up: only those that passed each other fade.
    const stayed = [...before.keys()].filter((key) => places.current.has(key));
    const was = new Map(stayed.map((key, nth) => [key, nth]));
    const is = keys.filter((key) => was.has(key));
    for (const row of list.current?.children ?? []) {
      const key = row.dataset.key;
      if (was.has(key) && is.indexOf(key) === was.get(key)) continue;
      row.animate([{ opacity: 0.1 }, { opacity: 1 }], { duration: FADE_MS, easing: "ease-out" });
    }
  }, [keys.join(" ")]);
}

// Move the focus along the list with the arrow keys.
function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = [...event.currentTarget.querySelectorAll(".card")];
  const next = rows[rows.indexOf(document.activeElement) + by];
  if (next) {
    next.focus();
    event.preventDefault();
  }
}

export const BattleBoard = memo(function BattleBoard(props) {
  const { cards, readings, cars, mixes, reasons, traces, duels, outlooks, tower, held, words } = props;
  const choice = useChoice();
  const pinned = held ? props.chosen : choice.pinned;
  const list = useRef(null);
  const known = useMemo(
    () => cards.filter((card) => cars[card.attacker] && cars[card.defender] && readings[card.key]),
    [cards, cars, readings],
  );
  const order = useMemo(
    () => ordered(known, pinned, choice.favourites, cars),
    [known, pinned, choice.favourites, cars],
  );
  useFades(list, order.map((card) => card.key));
  if (!order.length) return null;
  const staged = order[0];
  const isPinned = found(order, pinned) === staged;
  const pick = held ? undefined : (key) => pin(key === pinned ? "" : key);
  return jsxs("div", {
    className: "board",
    children: [
      jsx(Stage, {
        card: staged,
        reading: readings[staged.key],
        attacker: cars[staged.attacker],
        defender: cars[staged.defender],
        mix: mixes[staged.key],
        reasons: reasons[staged.key] ?? [],
        trace: traces[staged.key],
        duel: duels[staged.key],
        outlook: outlooks[staged.key],
        note: props.stopNote,
        train: trainOf(known, staged),
        cars,
        tower,
        gaps: props.gaps,
        isPinned,
        onPin: held ? undefined : () => pin(isPinned ? "" : staged.key),
        favourites: choice.favourites,
        words,
      }),
      jsx("ol", {
        ref: list,
        className: "cards",
        "aria-label": words.list,
        onKeyDown: step,
        children: order.map((card) =>
          jsx(Row, {
            card,
            reading: readings[card.key],
            attacker: cars[card.attacker],
            defender: cars[card.defender],
            isStaged: card === staged,
            isPinned: isPinned && card === staged,
            stars: choice.favourites,
            words,
            onPick: pick,
          }, card.key),
        ),
      }),
    ],
  });
});
