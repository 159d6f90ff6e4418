// @ts-check
// Whether long lines of code wrap is remembered, where the reader has chosen.
"use strict";
const wrap = /** @type {HTMLInputElement | null} */ (document.getElementById("wrap"));
try {
  if (wrap) wrap.checked = localStorage.getItem("book-wrap") !== "no";
  wrap?.addEventListener("change", () =>
    localStorage.setItem("book-wrap", wrap.checked ? "yes" : "no"));
} catch { /* storage is switched off: lines wrap */ }
