// @ts-check
// A page's address may choose the framework, as in ?backend=mxnet: sphinx-design obeys it where there
// are tabs. Here the choice is kept from any page on, and what no book knows is forgotten first.
"use strict";
const known = document.querySelector("meta[name=backends]")?.getAttribute("content")?.split(" ") ?? [];
const wanted = new URLSearchParams(location.search).get("backend");

/** Put a backend into the page's address, or take it out. @param {string | undefined} tag */
function address(tag) {
  const url = new URL(location.href);
  if (tag) url.searchParams.set("backend", tag);
  else url.searchParams.delete("backend");
  history.replaceState(history.state, "", url);
}

if (wanted !== null) {
  const tag = known.find((one) => one.toLowerCase() === wanted.toLowerCase());
  try {
    address(tag);
    if (tag) localStorage.setItem("sphinx-design-tab-id-backend", tag);
  } catch { /* storage is switched off: it holds for this page */ }
  document.addEventListener("change", (event) => { // or a reload would undo the reader's next choice
    const label = event.target instanceof HTMLInputElement && event.target.nextElementSibling;
    if (label && label.getAttribute("data-sync-group") === "backend") {
      address(label.getAttribute("data-sync-id") ?? undefined);
    }
  });
}
