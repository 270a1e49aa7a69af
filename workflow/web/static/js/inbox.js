// Keys for rows with decisions. A row is [data-row]; inside it a button with data-key="l" is pressed by that letter
// (L legal, I illegal, U unsure, N no match, W whitelist, S submit). J and K go down and up, Enter opens [data-open].
(function () {
  "use strict";

  const rows = Array.from(document.querySelectorAll("[data-row]"));
  if (!rows.length) return;
  let at = -1;

  function choose(next) {
    if (next < 0 || next >= rows.length) return;
    if (at >= 0) rows[at].classList.remove("is-chosen");
    at = next;
    rows[at].classList.add("is-chosen");
    rows[at].scrollIntoView({ block: "nearest" });
    const place = rows[at].querySelector("[data-open]") || rows[at];
    place.focus({ preventScroll: true });
  }

  function isTyping(target) {
    return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === "j") choose(at + 1);
    else if (key === "k") choose(at - 1);
    else if (key === "enter") {
      if (at < 0 || event.target.closest("a, button, summary")) return;
      const open = rows[at].querySelector("[data-open]");
      if (open) open.click();
    } else {
      const scope = at >= 0 ? rows[at] : rows.length === 1 ? rows[0] : null;
      const button = scope && scope.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
      if (!button) return;
      event.preventDefault();
      button.click();
    }
  });
  for (const [index, row] of rows.entries()) {
    row.addEventListener("focusin", () => {
      if (at === index) return;
      if (at >= 0) rows[at].classList.remove("is-chosen");
      at = index;
      row.classList.add("is-chosen");
    });
  }
})();
