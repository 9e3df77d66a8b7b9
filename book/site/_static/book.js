/* Tables sort by the column whose head is pressed. No package on PyPI brings a script for this that is small and local. */
const number = (text) => {
  const found = text.trim().match(/^[−-]?[\d,]*\.?\d+(e[-+]?\d+)?/i);
  return found ? Number(found[0].replace("−", "-").replaceAll(",", "")) : NaN;
};

function sort(table, column, direction) {
  const body = table.tBodies[0];
  const key = (row) => row.cells[column]?.textContent.trim() ?? "";
  const order = (one, other) => {
    const [a, b] = [number(key(one)), number(key(other))];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b) || key(one).localeCompare(key(other));
    return a - b;
  };
  // Means are of the rows above them, whatever the order.
  const isMean = (row) => [...row.cells].some((cell) => /^Mean\b/.test(cell.textContent.trim()));
  const sorted = [...body.rows].sort((one, other) => direction * order(one, other));
  body.append(...sorted.filter((row) => !isMean(row)), ...sorted.filter(isMean));
}

function makeSortable(table) {
  const heads = table.tHead ? [...table.tHead.rows] : [];
  // Spans would move cells out of their columns.
  if (heads.length !== 1 || table.tBodies.length !== 1 || table.tBodies[0].rows.length < 2) return;
  if (table.querySelector("[rowspan]:not([rowspan='1']), [colspan]:not([colspan='1'])")) return;
  [...heads[0].cells].forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      [...heads[0].cells].forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      sort(table, column, direction);
    });
    head.append(button);
  });
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".scroll table").forEach(makeSortable));
/* Opened as a file, a page may not read its neighbours: the search then shows titles alone. */
if (location.protocol === "file:" && window.DOCUMENTATION_OPTIONS) DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

/* The sidebar's arrows have no text of their own. */
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("nav li > details > summary").forEach((summary) => {
  const page = summary.closest("li").querySelector("a");
  summary.setAttribute("aria-label", `Pages of ${page ? page.textContent.trim() : "this part"}`);
}));
