// Keeps what a visitor chose for the tower and the log, and lets the log lead to a moment.
//
// Each choice is an attribute of <html>, such as data-tower-columns, which the style sheets read. It
// is set here before anything is drawn, so that nothing jumps when the page comes alive.
(() => {
  "use strict";
  if (window.pitwallTower) return;
  window.pitwallTower = true;

  const NAME = "pitwall_tower";
  const root = document.documentElement;
  const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const chosen = { columns: "gap", log: "flag safety incident penalty limits other" };
  // These belong to the settings of all pages; the tower has a switch for each.
  const SETTINGS = { density: ["roomy", "tight"], names: ["letters", "full"] };

  function read() {
    try {
      const kept = JSON.parse(localStorage.getItem(NAME) || "{}");
      for (const name of Object.keys(chosen)) {
        if (typeof kept[name] === "string") chosen[name] = kept[name].slice(0, 80);
      }
    } catch { /* nothing is kept, or it is damaged */ }
  }

  function show() {
    for (const [name, value] of Object.entries(chosen)) {
      const attribute = `data-tower-${name}`;
      if (root.getAttribute(attribute) !== value) root.setAttribute(attribute, value);
    }
  }

  // Return whether the visitor's choice is what a control stands for.
  function holds(input) {
    if (input.dataset.tower in SETTINGS) return root.dataset[input.dataset.tower] === input.value;
    const kept = chosen[input.dataset.tower] || "";
    return input.dataset.tower === "log" ? kept.split(" ").includes(input.value) : kept === input.value;
  }

  function mark() {
    for (const input of document.querySelectorAll("input[data-tower]")) {
      if (input.checked !== holds(input)) input.checked = holds(input);
    }
  }

  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.tower;
    if (!name) return;
    if (name in SETTINGS) {
      window.pitwallSettings.set(name, SETTINGS[name][Number(event.target.checked)]);
      return;
    }
    if (name === "log") {
      const kinds = new Set((chosen.log || "").split(" ").filter(Boolean));
      if (event.target.checked) kinds.add(event.target.value);
      else kinds.delete(event.target.value);
      chosen.log = [...kinds].join(" ");
    } else {
      chosen[name] = event.target.value;
    }
    try {
      localStorage.setItem(NAME, JSON.stringify(chosen));
    } catch { /* private windows may refuse */ }
    show();
    mark();
  });

  // In a replay a message leads to its moment; the field #wish is there only then.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.log-at");
    const field = document.getElementById("wish");
    if (!button || !field) return;
    setValue.call(field, `go ${button.dataset.at} #log${Date.now()}`);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  read();
  show();
  new MutationObserver((changes) => {
    const added = changes.some(({ addedNodes }) =>
      [...addedNodes].some((node) => node.querySelector?.("input[data-tower]")));
    if (added) mark();
  }).observe(root, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", mark);
  new MutationObserver(mark).observe(root, {
    attributes: true, attributeFilter: ["data-density", "data-names"],
  });
  addEventListener("storage", (event) => {
    if (event.key !== NAME) return;
    read();
    show();
    mark();
  });
})();
