# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the HTML report. Everything can be read without it: it adds sorting and a filter, and folds
long tables."""

from __future__ import annotations

SCRIPT = r"""
(() => {
  "use strict";
  const FOLDED = 10, BRIEF = 5, OPEN = 4;
  const texts = new Intl.Collator(undefined, { numeric: true });

  // Cells carry what they sort by; a cell without it sorts by its text, and an empty value is last either way.
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort === undefined ? cell.textContent.trim() : cell.dataset.sort;
  };

  const sort = (table, head, column) => {
    const numeric = head.dataset.kind === "number";
    const now = head.getAttribute("aria-sort");
    const up = now === null ? !numeric : now === "descending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [keyOf(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      const order = numeric ? Number(a) - Number(b) : texts.compare(a, b);
      return up ? order : -order;
    });
    body.append(...rows.map(([, row]) => row));
  };

  // Long lists show their first rows until somebody asks for all; on a phone they are fewer.
  const fold = (list, count, noun) => {
    if (count <= BRIEF + 2) return;
    const kind = count > FOLDED + 2 ? "short" : "brief";
    const more = document.createElement("button");
    more.type = "button";
    more.className = kind === "short" ? "more" : "more narrow";
    const set = (folded) => {
      list.classList.toggle(kind, folded);
      more.setAttribute("aria-expanded", String(!folded));
      more.textContent = folded ? `Show all ${count} ${noun}` : `Show fewer ${noun}`;
    };
    more.addEventListener("click", () => set(!list.classList.contains(kind)));
    set(true);
    list.after(more);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = Array.from(table.tHead.rows[0].cells);
    if (table.tBodies[0].rows.length > 1) {
      table.classList.add("sorts");
      heads.forEach((head, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        button.addEventListener("click", () => sort(table, head, column));
        head.append(button);
      });
    }
    fold(table, table.tBodies[0].rows.length, "rows");
  }
  for (const list of document.querySelectorAll(".groups")) fold(list, list.children.length, "names");

  // On a phone only the first sections stand open: the others open by their headings.
  const narrow = matchMedia("(max-width: 56rem)");
  const closable = [...document.querySelectorAll("main > section")].slice(OPEN);
  const toggle = (section, closed) => {
    section.classList.toggle("closed", closed);
    section.querySelector("h2 button")?.setAttribute("aria-expanded", String(!closed));
  };
  const close = () => {
    for (const section of closable) {
      const heading = section.querySelector("h2");
      const button = heading.querySelector("button");
      if (narrow.matches && !button) {
        const made = document.createElement("button");
        made.type = "button";
        made.append(...heading.childNodes);
        made.addEventListener("click", () => toggle(section, !section.classList.contains("closed")));
        heading.append(made);
      } else if (!narrow.matches && button) {
        heading.replaceChildren(...button.childNodes);
      }
      toggle(section, narrow.matches && location.hash !== `#${section.id}`);
    }
  };
  close();
  narrow.addEventListener("change", close);
  for (const link of document.querySelectorAll("nav a"))
    link.addEventListener("click", () => {
      const section = closable.find((one) => link.hash === `#${one.id}`);
      if (section && narrow.matches) toggle(section, false);
    });

  const root = document.documentElement;
  const side = document.querySelector(".side");
  if (side) {
    const rows = [...document.querySelectorAll("main tbody tr")].filter((row) => !row.closest(".groups"));
    const groups = [...document.querySelectorAll(".groups > li")];
    const texts = new Map();
    const textOf = (item) => {
      if (!texts.has(item))
        texts.set(item, [...item.children].map((part) => part.textContent).join(" ").toLowerCase());
      return texts.get(item);
    };
    const opened = new Set();
    const parts = [...document.querySelectorAll("main > section, main .panel, main .count")];

    const box = document.createElement("div");
    box.className = "filter";
    box.setAttribute("role", "search");
    const label = document.createElement("label");
    label.textContent = "Filter the lists";
    const input = document.createElement("input");
    input.type = "search";
    input.spellcheck = false;
    input.autocomplete = "off";
    const status = document.createElement("p");
    status.setAttribute("role", "status");
    label.append(input);
    box.append(label, status);
    side.prepend(box);

    const filter = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const holds = (text) => words.every((word) => text.includes(word));
      root.classList.toggle("filtering", words.length > 0);
      for (const details of opened) details.open = false;
      opened.clear();
      const live = new Set();
      let found = 0;
      const hit = (item, details) => {
        found += 1;
        live.add(item.closest(".panel")).add(item.closest("section"));
        if (!words.length || !details || details.open) return;
        details.open = true;
        opened.add(details);
      };
      for (const row of rows) {
        const shown = holds(textOf(row));
        row.classList.toggle("miss", !shown);
        if (shown) hit(row, row.closest("details"));
      }
      for (const group of groups) {
        // A name that matches stands with all its versions; one that does not, with those that match.
        const [details] = group.children;
        const name = textOf(details.firstElementChild);
        const all = holds(name);
        let some = false;
        for (const row of group.querySelectorAll("tbody tr")) {
          const shown = all || holds(`${name} ${textOf(row)}`);
          row.classList.toggle("miss", !shown);
          some ||= shown;
        }
        group.classList.toggle("miss", !all && !some);
        if (all || some) hit(group, all ? null : details);
      }
      // What has no list, such as a chart, has nothing that matches.
      for (const part of parts) part.classList.toggle("miss", words.length > 0 && !live.has(part));
      status.textContent = !words.length ? "" : found === 1 ? "1 row of this page matches" : found
        ? `${found.toLocaleString("en")} rows of this page match` : "No row of this page matches";
    };
    input.addEventListener("input", filter);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      input.value = "";
      filter();
    });
  }

  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open ||= !details.closest(".groups");
  });
})();
""".strip()
"""The script, exactly as it stands in the page (its hash is in the page's policy)."""
