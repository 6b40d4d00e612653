"use strict";
(() => {
  const cases = [...document.querySelectorAll("details.case")];
  const rows = [...document.querySelectorAll("#matrix [data-verdicts]")];
  const folders = [...document.querySelectorAll("#matrix tbody")];
  const skipped = document.getElementById("skipped");
  const filters = [...document.querySelectorAll("[data-filter]")];
  const find = document.getElementById("find");
  const shown = document.getElementById("shown");
  const texts = new Map();

  const textOf = (element) => {
    if (!texts.has(element)) {
      const head = element.querySelector("summary") || element;
      const more = element.querySelectorAll("h3, .rules, .message, th[title]");
      const parts = [head, ...more].map((part) => part.textContent + " " + (part.title || ""));
      texts.set(element, parts.join(" ").toLowerCase());
    }
    return texts.get(element);
  };

  const filter = () => {
    const wanted = new Set(filters.filter((button) => button.getAttribute("aria-pressed") === "true")
      .map((button) => button.dataset.filter));
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const holds = (element) => words.every((word) => textOf(element).includes(word));
    let number = 0;
    for (const one of cases) {
      one.hidden = !(wanted.has(one.dataset.verdict) && holds(one));
      number += one.hidden ? 0 : 1;
    }
    for (const row of rows) {
      const verdicts = row.dataset.verdicts.split(" ");
      row.hidden = !(verdicts.some((verdict) => wanted.has(verdict)) && holds(row));
    }
    for (const folder of folders) folder.hidden = !folder.querySelector("[data-verdicts]:not([hidden])");
    const only = wanted.has("skip") ? 0 : rows.filter((row) => row.dataset.verdicts === "skip" && holds(row)).length;
    skipped.hidden = !only;
    skipped.firstElementChild.textContent = only === 1 ? "1 row that was only skipped is hidden." : `${only} rows that were only skipped are hidden.`;
    shown.textContent = number === cases.length ? "" : `${number} of ${cases.length}`;
  };

  const toggle = (button) => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    filter();
  };
  for (const button of filters) button.addEventListener("click", () => toggle(button));
  skipped.lastElementChild.addEventListener("click", () => toggle(filters.find((button) => button.dataset.filter === "skip")));
  find.addEventListener("input", filter);
  filter();

  const foldAll = (open) => {
    for (const one of cases) {
      if (!one.hidden) one.open = open;
    }
  };
  document.getElementById("open").addEventListener("click", () => foldAll(true));
  document.getElementById("fold").addEventListener("click", () => foldAll(false));

  const bar = document.querySelector("nav");
  const covered = () => (getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0);
  const show = (one) => {
    one.hidden = false;
    one.open = true;
    one.style.scrollMarginTop = `${covered() + 8}px`;
    one.scrollIntoView({ block: "start" });
    one.querySelector("summary").focus({ preventScroll: true });
  };
  const showTarget = () => {
    const one = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    if (one && one.matches("details.case")) show(one);
  };
  window.addEventListener("hashchange", showTarget);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#case-"]');
    // The same link twice changes no hash, and must still lead there.
    if (link && link.getAttribute("href") === location.hash) showTarget();
  });
  showTarget();

  const copied = (button) => {
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  };
  const copyByHand = (text, button) => {
    // Pages opened from a file may have no clipboard of their own.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (done) copied(button);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const text = button.parentElement.querySelector("code").textContent;
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(() => copied(button), () => copyByHand(text, button));
    } else {
      copyByHand(text, button);
    }
  });

  const step = (direction, wanted) => {
    const list = cases.filter((one) => !one.hidden && wanted(one));
    if (!list.length) return;
    const here = document.activeElement ? document.activeElement.closest("details.case") : null;
    let at = list.indexOf(here);
    if (at < 0) {
      const after = here ? cases.indexOf(here) : -1;
      at = list.findIndex((one) => cases.indexOf(one) > after);
      if (at < 0) at = list.length;
      if (direction > 0) at -= 1;
    }
    const next = list[Math.min(Math.max(at + direction, 0), list.length - 1)];
    next.style.scrollMarginTop = `${covered() + 8}px`;
    next.scrollIntoView({ block: "nearest" });
    next.querySelector("summary").focus();
  };
  const keys = {
    "/": () => find.focus(),
    "j": () => step(1, () => true),
    "k": () => step(-1, () => true),
    "n": () => step(1, (one) => one.dataset.verdict !== "pass"),
    "p": () => step(-1, (one) => one.dataset.verdict !== "pass"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.target === find) {
      if (event.key === "Escape") find.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
