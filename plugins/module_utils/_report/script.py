# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the HTML report. Everything can be read without it: it adds sorting and folds long tables."""

from __future__ import annotations

SCRIPT = r"""
(() => {
  "use strict";
  const FOLDED = 10;
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
    const count = table.tBodies[0].rows.length;
    if (count > FOLDED + 2) {
      const more = document.createElement("button");
      more.type = "button";
      more.className = "more";
      const fold = (folded) => {
        table.classList.toggle("short", folded);
        more.setAttribute("aria-expanded", String(!folded));
        more.textContent = folded ? `Show all ${count} rows` : `Show ${FOLDED} rows`;
      };
      more.addEventListener("click", () => fold(!table.classList.contains("short")));
      fold(true);
      table.after(more);
    }
  }

  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();
""".strip()
"""The script, exactly as it stands in the page (its hash is in the page's policy)."""
