// The page on which people choose an embed: shows it, and what to copy.

import { load, translate } from "./catalogue.js";

const SIZES = { battle: [560, 220], tower: [300, 760], map: [560, 440] };
const DEFAULTS = {
  theme: "retro", background: "transparent", palette: "standard", lang: "auto", scale: "1",
  delay: "0", drivers: "", rows: "0", accent: "",
};
const ONLY = { drivers: "battle", rows: "tower" };
const LATER_MS = 400; // after the last key

const form = document.getElementById("choices");
const shown = document.getElementById("shown");
const address = document.getElementById("address");
const snippet = document.getElementById("snippet");
let timer = 0;

function show() {
  const { kind, ...chosen } = Object.fromEntries(new FormData(form));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(chosen)) {
    const given = value.trim().replace(/^#/, "");
    const isOther = ONLY[name] && ONLY[name] !== kind;
    if (given && given !== DEFAULTS[name] && !isOther) query.set(name, given);
  }
  for (const label of form.querySelectorAll("[data-for]")) label.hidden = label.dataset.for !== kind;
  const url = `${location.origin}/embed/${kind}${query.size ? `?${query}` : ""}`;
  if (address.value === url) return;
  const scale = Number(chosen.scale) || 1;
  const rows = kind === "tower" && Number(chosen.rows) ? 110 + 28 * Number(chosen.rows) : SIZES[kind][1];
  const [width, height] = [Math.round(SIZES[kind][0] * scale), Math.round(rows * scale)];
  address.value = url;
  snippet.value = `<iframe src="${url.replaceAll("&", "&amp;")}" width="${width}" height="${height}" `
    + 'style="border:0;color-scheme:normal" title="Pitwall"></iframe>';
  document.getElementById("measures").textContent = `${width} × ${height}`;
  Object.assign(shown, { src: url, width, height });
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(show, LATER_MS);
});
form.addEventListener("submit", (event) => event.preventDefault());

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // plain HTTP from another machine has no clipboard
    }
    button.textContent = translate("Copied");
    setTimeout(() => { button.textContent = translate("Copy"); }, 2000);
  });
}

async function begin() {
  if ((navigator.language ?? "").startsWith("de")) {
    try {
      await load("de");
      document.documentElement.lang = "de";
      for (const element of document.querySelectorAll("[data-say]")) {
        element.textContent = translate(element.textContent);
      }
    } catch {
      // the words stay English
    }
  }
  show();
}

begin();
