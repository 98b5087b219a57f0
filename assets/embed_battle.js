// Draws one battle: both cars, the gap, and the chance of a pass as the page shows it.

import { made, say } from "./embed.js";

function car(parent, side) {
  const box = made("div", `car ${side}`, parent);
  return { team: made("i", "team", box), code: made("b", "code", box), name: made("span", "name", box) };
}

function showCar(view, row) {
  view.team.style.backgroundColor = row.colour;
  view.code.textContent = row.code;
  view.name.textContent = row.name;
}

export function begin(frame) {
  const none = made("div", "none", frame.body);
  const [title, detail] = [made("p", "none-title", none), made("p", "none-detail", none)];
  const fight = made("div", "fight", frame.body);
  const attacker = car(fight, "attacker");
  const between = made("div", "between", fight);
  const attacks = made("span", "attacks", between);
  const gap = made("b", "gap", made("div", "gap-line", between));
  made("span", "unit", gap.parentElement).textContent = "s";
  const trend = made("span", "trend", between);
  const defender = car(fight, "defender");
  const chance = made("div", "chance", frame.body);
  const number = made("b", "percent", chance);
  const label = made("span", "label", chance);
  const gauge = made("div", "gauge", chance);
  const bar = made("div", "bar", gauge);
  fight.hidden = chance.hidden = true;

  return (pieces, changed) => {
    const { battle, empty } = pieces;
    none.hidden = Boolean(battle);
    fight.hidden = chance.hidden = !battle;
    if (!battle) {
      say(title, empty?.title);
      say(detail, empty?.detail);
      say(frame.note, "");
      return;
    }
    if (changed.battle) {
      showCar(attacker, battle.attacker);
      showCar(defender, battle.defender);
      const isWord = battle.percent === "" || battle.percent === "--";
      say(number, battle.percent === "--" ? "no forecast" : battle.word || `${battle.percent} %`);
      number.classList.toggle("word", isWord);
      say(label, battle.percent === "--" ? battle.no_forecast : "Overtake, estimated");
      chance.className = `chance tone-${battle.tone}`;
      bar.style.width = `${battle.meter}%`;
      say(attacks, "attacks");
      say(frame.note, `for ${battle.stake}`);
      frame.note.title = battle.condition;
    }
    const [seconds, note, tone, words] = pieces.reading;
    say(gap, seconds);
    say(trend, note || words);
    trend.className = `trend ${note ? "noted" : tone}`;
  };
}
