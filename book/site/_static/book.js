/* Tables sort by the column whose head is pressed. No package on PyPI brings a script for this that is small and local. */
// Behind a mark ("▲ 19.5") or a sign, up to a unit or an interval: "+0.2 points" is 0.2.
const number = (text) => {
  const found = text.trim().match(/^[^\p{L}\d.+−-]*([+−-]?[\d,]*\.?\d+(e[-+]?\d+)?)/iu);
  return found ? Number(found[1].replace("−", "-").replaceAll(",", "")) : NaN;
};

function sort(body, column, direction) {
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

// A name that stands once beside several rows stands beside each: their order may change.
function repeatSpanned(body) {
  [...body.rows].forEach((row, place) => [...row.cells].forEach((cell, column) => {
    const count = cell.rowSpan;
    cell.removeAttribute("rowspan");
    for (let below = 1; below < count; below += 1) {
      const other = body.rows[place + below];
      other?.insertBefore(cell.cloneNode(true), other.cells[column] ?? null);
    }
  }));
}

// The lowest head of each column that has words: pandas writes an index's name below those of the columns.
function headsOf(table) {
  const heads = [];
  const taken = [];
  [...table.tHead.rows].forEach((row, level) => {
    let column = 0;
    [...row.cells].forEach((cell) => {
      while ((taken[column] ?? 0) > level) column += 1;
      if (cell.colSpan === 1 && cell.textContent.trim()) heads[column] = cell;
      for (let step = 0; step < cell.colSpan; step += 1) taken[column + step] = level + cell.rowSpan;
      column += cell.colSpan;
    });
  });
  return heads;
}

function makeSortable(table) {
  if (!table.tHead || table.tBodies.length !== 1 || table.tBodies[0].rows.length < 2) return;
  if (table.tBodies[0].querySelector("[colspan]:not([colspan='1'])")) return;  // A line of words across the columns.
  const heads = headsOf(table);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      repeatSpanned(table.tBodies[0]);
      sort(table.tBodies[0], column, direction);
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
