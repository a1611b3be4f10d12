// What the panel's pages can do better with a script. Each works without it.
"use strict";

const hints = document.getElementById("hints")?.dataset ?? {};
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// The menu is open in the page, for browsers without scripts; on a phone it would be all that is seen.
const menu = document.querySelector("[data-menu]");
const wide = matchMedia("(min-width: 64rem)");
const fold = () => menu?.toggleAttribute("open", wide.matches);
wide.addEventListener("change", fold);
fold();

// Acts are folds with forms in them: here the same opens as a dialog, over the page.
let numbered = 0;
const dialogs = (root) => {
  for (const act of all("details[data-dialog]", root)) {
    const head = act.querySelector("summary");
    const body = act.querySelector(".act-body");
    const title = body.querySelector(".act-title");
    const dialog = document.createElement("dialog");
    title.id = `act-${++numbered}`;
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.append(body);
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "button";
    cancel.textContent = hints.cancel;
    cancel.addEventListener("click", () => dialog.close());
    body.querySelector(".buttons").append(cancel);
    const opener = document.createElement("button");
    opener.type = "button";
    opener.className = head.className;
    opener.textContent = head.textContent;
    opener.setAttribute("aria-haspopup", "dialog");
    opener.addEventListener("click", () => dialog.showModal());
    // Where it is clicked beside what it holds, it closes.
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    act.replaceWith(opener, dialog);
    // Something is wrong with what was sent: it comes back unfolded.
    if (act.open) dialog.showModal();
  }
};
dialogs(document);

for (const opener of all("[data-opens]")) {
  opener.hidden = false;
  opener.addEventListener("click", () => document.getElementById(opener.dataset.opens).showModal());
}

// A form is sent once, however often its button is pressed, and looks so. Where no answer came for so long, or somebody stopped the
// browser, it can be sent again: a button that does nothing, and does not say so, is no button.
const PATIENCE_MS = 10_000;
const free = (form) => delete form.dataset.sent;
const freeAll = () => all("form[data-sent]").forEach(free);
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(free, PATIENCE_MS, form);
});
// A page that comes back from the browser's memory can be sent again.
addEventListener("pageshow", freeAll);
// What was stopped, browsers that are new enough tell at once.
window.navigation?.addEventListener("navigateerror", freeAll);

// Keys: `g` and a letter go to a page, `/` to the search, `?` tells them all. Never where somebody writes. Whoever speaks to their
// computer presses keys without meaning to: they can be switched off, for this browser.
const KEYS_OFF = "evolve-keys-off";
const kept = (() => {
  try {
    return localStorage;
  } catch {
    return null;
  }
})();
const keysOn = document.getElementById("keys-on");
if (keysOn) keysOn.checked = !kept?.getItem(KEYS_OFF);
keysOn?.addEventListener("change", () => (keysOn.checked ? kept?.removeItem(KEYS_OFF) : kept?.setItem(KEYS_OFF, "yes")));
// What a key types; of a layout without Latin letters, what it would type on one that has them.
const typed = (event) => {
  if (event.key.length !== 1 || /[a-z]/i.test(event.key)) return event.key;
  if (event.code.startsWith("Key")) return event.code.slice(3).toLowerCase();
  // Where `/` is, Cyrillic layouts have a full stop.
  return event.code === "Slash" && event.key === "." ? "/" : event.key;
};
let waitsForLetter = 0;
document.addEventListener("keydown", (event) => {
  const writes = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (!keysOn?.checked || writes || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = typed(event);
  if (key === "?") {
    document.getElementById("keys")?.showModal();
  } else if (key === "/") {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    search.focus();
    search.select();
  } else if (key === "g") {
    waitsForLetter = event.timeStamp;
    return;
  } else if (waitsForLetter && event.timeStamp - waitsForLetter < 1500) {
    const link = all("[data-key]").find((link) => link.dataset.key === key);
    waitsForLetter = 0;
    if (!link) return;
    link.click();
  } else {
    return;
  }
  event.preventDefault();
});

// Charts: arrows go from value to value, and what is under the mouse or the focus is shown beside it.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);
const show = (point) => {
  const shape = (point.querySelector(".dot, .bar, .heat") ?? point).getBoundingClientRect();
  tip.textContent = point.getAttribute("aria-label");
  tip.hidden = false;
  const room = tip.getBoundingClientRect();
  const left = shape.left + shape.width / 2 - room.width / 2;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - room.width - 8))}px`;
  tip.style.top = `${Math.max(8, shape.top - room.height - 8)}px`;
};
const hide = () => {
  tip.hidden = true;
};
for (const plot of all(".plot")) {
  const points = all(".point", plot);
  for (const [place, point] of points.entries()) {
    // The browser's own comes late, and a second time.
    point.querySelector("title")?.remove();
    point.addEventListener("mouseenter", () => show(point));
    point.addEventListener("mouseleave", hide);
    point.addEventListener("focus", () => show(point));
    point.addEventListener("blur", hide);
    point.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: place - 1, ArrowUp: place - 1, ArrowRight: place + 1, ArrowDown: place + 1, Home: 0, End: points.length - 1 };
      const next = points[steps[event.key]];
      if (!next) return;
      event.preventDefault();
      point.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }
}
addEventListener("scroll", hide, { passive: true });

// What comes takes the place of what is there, part by part. One that is called as it was (`data-part`) stays, and whoever is in the
// middle of it: a dialog that is open, a button that has the focus.
const replace = (place, html) => {
  const came = document.createElement("template");
  came.innerHTML = html;
  const before = [...place.children];
  const parts = [...came.content.children];
  for (const [at, part] of parts.entries()) {
    const old = before[at];
    if (old && part.dataset.part && part.dataset.part === old.dataset.part) continue;
    if (old) old.replaceWith(part);
    else place.append(part);
    dialogs(part);
  }
  for (const old of before.slice(parts.length)) old.remove();
};

// Live parts: what comes is put in place of what is there, or before it where so many are kept.
for (const place of all("[data-live]")) {
  const state = place.closest("section")?.querySelector("[data-live-state]");
  const keep = Number(place.dataset.liveKeep ?? 0);
  let source = null;
  let last = "";
  const says = (text) => {
    if (state && state.textContent !== text) state.textContent = text;
  };
  const listen = () => {
    const from = new URL(place.dataset.live, location.href);
    // What came is not told again: with a source that is made anew no browser sends the id of what it had last.
    if (keep && last) from.searchParams.set("after", last);
    source = new EventSource(from);
    source.addEventListener("open", () => says(""));
    // One that is closed does not try again: whoever looks is not signed in any more, or may not see this.
    source.addEventListener("error", (event) => says(event.target.readyState === EventSource.CLOSED ? hints.over : hints.away));
    source.addEventListener("message", (event) => {
      if (keep) {
        if (event.lastEventId && event.lastEventId === last) return;
        last = event.lastEventId;
        place.closest("section")?.querySelector("[data-live-empty]")?.remove();
        place.insertAdjacentHTML("afterbegin", event.data);
        place.firstElementChild?.classList.add("fresh");
        while (place.children.length > keep) place.lastElementChild.remove();
      } else {
        replace(place, event.data);
        // No more comes, and to ask for it would look like a connection that is lost.
        if (!place.querySelector("[data-live-over]")) return;
        source.close();
        source = null;
        says("");
      }
    });
  };
  // What moves by itself can be stopped.
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = hints.pause;
  button.addEventListener("click", () => {
    if (source) {
      source.close();
      source = null;
    } else {
      listen();
    }
    button.textContent = source ? hints.pause : hints.resume;
  });
  if (keep) state?.before(button);
  listen();
  // Nobody looks at a page that is left, and browsers allow few connections.
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted && source) listen();
  });
}
