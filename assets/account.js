// Sends the forms of the account pages to the API's routes, and shows the answer in place.
//
// A form with data-ask="METHOD PATH" is sent as JSON. An error is shown at the field that the server
// names. data-then says what happens after success. data-as says what is made of a field's text.
(() => {
  "use strict";

  // Return the address to go to after a log-in. Only paths of this server are accepted, as a link to
  // the log-in page could name a malicious site. The address includes the server, so that it cannot
  // be read as another host: the path of `/.//elsewhere/` is `//elsewhere/`, which is one.
  function next() {
    const home = location.origin + "/";
    const wanted = new URLSearchParams(location.search).get("next") || "/";
    try {
      const url = new URL(wanted, home);
      const isOwn = wanted.startsWith("/") && url.origin === location.origin;
      if (isOwn && !url.pathname.startsWith("//")) return url.href;
    } catch { /* not an address */ }
    return home;
  }

  // After these the visitor's settings are an account's, or no longer.
  const KEPT_AFTER = { "POST /auth/login": true, "POST /auth/logout": false, "DELETE /auth/me": false };

  async function ask(method, path, body) {
    const request = { method, headers: { Accept: "application/json" }, redirect: "error" };
    if (Object.keys(body).length) {
      request.headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    const response = await fetch(path, request);
    const isKept = KEPT_AFTER[`${method} ${path}`];
    if (response.ok && isKept !== undefined) window.pitwallSettings?.keepInAccount(isKept);
    const text = await response.text();
    return { ok: response.ok, status: response.status, body: text ? JSON.parse(text) : {} };
  }

  function say(form, words, isError) {
    const place = form.querySelector(".form-status");
    place.textContent = words;
    place.classList.toggle("is-error", Boolean(isError));
  }

  function clear(form) {
    say(form, "");
    for (const error of form.querySelectorAll(".field-error")) error.textContent = "";
    for (const field of form.elements) field.removeAttribute("aria-invalid");
  }

  function complain(form, name, words) {
    const field = form.elements.namedItem(name);
    const place = field && document.getElementById(`${field.id}-error`);
    if (!place) return false;
    place.textContent = words;
    field.setAttribute("aria-invalid", "true");
    return true;
  }

  function refuse(form, problem) {
    let first = null;
    for (const { name, reason } of problem.invalid || []) {
      const field = name.split(".").pop();
      if (complain(form, field, reason)) first = first || form.elements.namedItem(field);
    }
    if (first) first.focus();
    else say(form, problem.detail || "The server refused the request.", true);
  }

  function isComplete(form) {
    let first = null;
    for (const field of form.elements) {
      if (!field.required || field.value) continue;
      complain(form, field.name, "Please fill this in.");
      first = first || field;
    }
    if (first) first.focus();
    return !first;
  }

  function refresh() {
    const button = document.getElementById("account-refresh");
    if (button) button.click();
  }

  // What a field is sent as; undefined leaves it out.
  const made = {
    percent(field) {
      const text = field.value.trim().replace(",", ".");
      if (!text) return undefined;
      return Number.isFinite(Number(text)) ? Number(text) / 100 : text; // the server says why not
    },
    list: (field) => field.value.split(/[\s,;]+/).filter(Boolean),
    flag: (field) => field.checked,
    "yes-no": (field) => field.value === "true",
    optional: (field) => field.value.trim() || undefined,
    choices: (field) => [...field.form.elements]
      .filter((each) => each.name === field.name && each.checked).map((each) => each.value),
  };

  function bodyOf(form) {
    const body = Object.fromEntries(new FormData(form));
    for (const field of form.querySelectorAll("[data-as]")) {
      const value = made[field.dataset.as](field);
      if (value === undefined) delete body[field.name];
      else body[field.name] = value;
    }
    return body;
  }

  function showOnce(name, text) {
    const place = document.getElementById(`${name}-place`);
    const field = document.getElementById(name);
    field.value = text;
    place.hidden = false;
    field.focus();
    field.select();
  }

  const after = {
    next: () => location.assign(next()),
    async "log-in"(form, _answer, sent) {
      const answer = await ask("POST", "/auth/login", sent);
      if (answer.ok) location.assign(next());
      // The server does not tell whether the e-mail already had an account; its owner may know.
      else if (answer.status === 401) {
        say(form, "This e-mail may already have an account. Log in with its password instead.", true);
      } else refuse(form, answer.body);
    },
    refresh(form) {
      form.reset();
      say(form, form.dataset.success);
      const heading = form.closest("section")?.querySelector("h2");
      if (form.classList.contains("form-button") && heading) heading.focus();
      refresh();
    },
    key(form, answer) {
      form.reset();
      showOnce("new-key", answer.key);
      refresh();
    },
    secret(form, answer) {
      form.reset();
      say(form, form.dataset.success);
      // ntfy and Discord verify nothing.
      if (answer.kind === "generic") showOnce("new-secret", answer.secret);
      else document.getElementById("new-secret-place").hidden = true;
      refresh();
    },
    tested(form, answer) {
      const isSent = answer.state === "sent";
      const waits = "The test waits to be sent; look again in a moment.";
      say(form, isSent ? "The receiver has taken it." : answer.error || waits, !isSent);
      refresh();
    },
    go: (_form, _answer, _sent, path) => location.assign(path),
  };

  async function submit(form) {
    if (form.getAttribute("aria-busy") === "true") return;
    clear(form);
    if (!isComplete(form)) return;
    const [method, path] = form.dataset.ask.split(" ");
    const [then, where] = form.dataset.then.split(" ");
    const sent = bodyOf(form);
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(method, path, sent);
      if (answer.ok) await after[then](form, answer.body, sent, where);
      // The log-in has ended: log in again and come back here.
      else if (answer.status === 401 && !path.startsWith("/auth/login")) {
        location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
      } else refuse(form, answer.body);
    } catch {
      say(form, "The server does not answer. Try again in a moment.", true);
    } finally {
      form.removeAttribute("aria-busy");
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-ask]")) return;
    event.preventDefault();
    submit(event.target);
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-reveal]")) return;
    for (const field of event.target.form.querySelectorAll("input[name*=password]")) {
      field.type = event.target.checked ? "text" : "password";
    }
  });

  document.addEventListener("click", async (event) => {
    if (event.target.dataset?.copy) {
      const field = document.getElementById(event.target.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        event.target.textContent = "Copied";
      } catch { /* the key is selected, so it can be copied by keyboard */ }
    }
    const link = event.target.closest?.("a[data-keep-next]");
    if (link && location.search) link.search = location.search;
  }, true);
})();
