// Looks words up in the catalogue of a language; where it has none, the English word stays. The
// pages say their words by it through words.jsx, embeds directly.

const CATALOGUES = { de: () => import("./words_de.js") };
const MOST_KNOWN = 2000;
const known = new Map();
let held = {};
let forms = [];

// Keys with {} stand for every text of that form: numbers and names go where they stood.
function formsOf(catalogue) {
  const forms = [];
  for (const [key, value] of Object.entries(catalogue)) {
    if (!key.includes("{}")) continue;
    const parts = key.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    forms.push([new RegExp(`^${parts.join("(.+?)")}$`), value]);
  }
  return forms;
}

// Load the catalogue of a language; it throws where the network is away.
export async function load(language) {
  held = (await CATALOGUES[language]?.())?.default ?? {};
  forms = formsOf(held);
  known.clear();
}

function lookedUp(bare) {
  if (Object.hasOwn(held, bare)) return held[bare];
  for (const [form, value] of forms) {
    const match = form.exec(bare);
    if (match) {
      let place = 0;
      return value.replaceAll("{}", () => match[(place += 1)]);
    }
  }
  return bare;
}

// Most texts come again and again; what changes all the time must not fill the memory.
export function translate(text) {
  const said = String(text);
  const bare = said.trim();
  if (!/[A-Za-z]{2}/.test(bare)) return text;
  let found = known.get(bare);
  if (found === undefined) {
    found = lookedUp(bare);
    if (known.size > MOST_KNOWN) known.clear();
    known.set(bare, found);
  }
  return found === bare ? text : said.replace(bare, () => found);
}
