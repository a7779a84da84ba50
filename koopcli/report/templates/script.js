
"use strict";
// Tables sort by a column when its heading is pressed; without this script they are as they
// are. A cell counts as the number that it begins with ("0.31 [0.30, 0.32]", "> 100").
function numberOf(text) {
  const match = text.replace(/,/g, "").match(/^[>≤≥\s]*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/i);
  return match ? Number(match[1]) : null;
}
function compare(one, other) {
  const a = numberOf(one), b = numberOf(other);
  if (a !== null && b !== null) return a - b;
  if (a !== null || b !== null) return a !== null ? -1 : 1;
  return one.localeCompare(other);
}
function sortBy(table, heading, column) {
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const each of heading.parentElement.children) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows];
  const text = (row) => row.cells[column].textContent.trim();
  rows.sort((a, b) => (down ? -1 : 1) * compare(text(a), text(b)));
  table.tBodies[0].append(...rows);
}
for (const table of document.querySelectorAll("table.sortable")) {
  if (table.tBodies[0].rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sortBy(table, heading, column));
    heading.replaceChildren(button);
  });
}
// Only what scrolls needs to be reached with the keyboard.
function reachable() {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
reachable();
addEventListener("resize", reachable);
for (const fold of document.querySelectorAll("details")) {
  fold.addEventListener("toggle", reachable);
}
// What is folded away on a screen is wanted on paper.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});
