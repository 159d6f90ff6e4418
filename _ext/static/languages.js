// @ts-check
// The language switch leads to the section that is being read, and the choice is remembered.
"use strict";
for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (
  document.querySelectorAll(".languages a")
)) {
  link.addEventListener("click", () => {
    try {
      localStorage.setItem("book-language", link.hreflang);
    } catch { /* storage is switched off: nothing is remembered */ }
    link.hash = section();
  });
}

/** The id of the section at the top of the window; sections have the same ids in all languages. */
function section() {
  const above = [...document.querySelectorAll("article section[id]")].filter(
    (one) => one.getBoundingClientRect().top < 120
  );
  const last = above.at(-1);
  return last && above.length > 1 ? last.id : location.hash;
}

// sphinx-copybutton speaks five languages, and these are not among them
addEventListener("load", () => {
  const words = document.querySelector("meta[name=copy]")?.getAttribute("content");
  if (!words) return;
  for (const button of document.querySelectorAll("button.copybtn")) {
    button.setAttribute("data-tooltip", words);
    button.setAttribute("title", words);
  }
});
