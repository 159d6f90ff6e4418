// @ts-check
// What a citation's number or a glossary word stands for, shown on hover and focus. Escape hides it,
// the pointer may rest on it, and without this script links and titles do what they always do.
"use strict";
const tip = document.createElement("div");
tip.className = "hover-tip";
tip.id = "tip";
tip.role = "tooltip";
tip.hidden = true;
document.body.append(tip);

const MARGIN = 8; // pixels between the tip and the window's edge
/** @type {HTMLElement | null} */
let owner = null;
let timer = 0;

/** Show what belongs to an element, below it or above. @param {HTMLElement} element */
function show(element) {
  clearTimeout(timer);
  if (owner === element) return;
  hide();
  const content = contents(element);
  if (!content) return;
  owner = element;
  tip.replaceChildren(...content);
  tip.lang = element.dataset.tip ?? "";
  if (!tip.lang) tip.removeAttribute("lang");
  tip.hidden = false;
  element.setAttribute("aria-describedby", tip.id);
  const at = element.getClientRects()[0];
  const left = Math.min(at.left, document.documentElement.clientWidth - tip.offsetWidth - MARGIN);
  const below = at.bottom + tip.offsetHeight + MARGIN < innerHeight || at.top < tip.offsetHeight;
  tip.style.left = `${scrollX + Math.max(MARGIN, left)}px`;
  tip.style.top = `${scrollY + (below ? at.bottom : at.top - tip.offsetHeight)}px`;
}

function hide() {
  clearTimeout(timer);
  owner?.removeAttribute("aria-describedby");
  owner = null;
  tip.hidden = true;
}

/** Hide the tip unless the pointer comes back, or to the tip itself, within a moment. */
function hideSoon() {
  clearTimeout(timer);
  timer = setTimeout(hide, 300);
}

/** A glossary word's other name, or the words of what a link cites. @param {HTMLElement} element */
function contents(element) {
  if (element.dataset.words) return [element.dataset.words];
  const id = decodeURIComponent(element.getAttribute("href")?.slice(1) ?? "");
  const note = /** @type {HTMLElement | undefined} */ (document.getElementById(id)?.cloneNode(true));
  if (!note?.matches("aside.footnote, .citation")) return null;
  note.querySelectorAll(".label, .backrefs").forEach((part) => part.remove());
  note.querySelectorAll("a").forEach((link) => link.replaceWith(...link.childNodes)); // to be read
  return [...note.children];
}

const owners = /** @type {NodeListOf<HTMLElement>} */ (
  document.querySelectorAll('article a[role="doc-noteref"], article a.citation, article .term')
);
for (const element of owners) {
  if (element.matches(".term")) { // no title, which would show beside the tip
    element.dataset.words = element.title;
    element.removeAttribute("title");
    element.tabIndex = 0;
  }
  element.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && show(element));
  element.addEventListener("pointerleave", hideSoon);
  element.addEventListener("focus", () => {
    if (element.dataset.words || element.matches(":focus-visible")) show(element);
  });
  element.addEventListener("blur", hide);
  if (!element.dataset.words) element.addEventListener("click", hide); // it leads to the note
}
tip.addEventListener("pointerenter", () => clearTimeout(timer));
tip.addEventListener("pointerleave", hideSoon);
addEventListener("keydown", (event) => event.key === "Escape" && hide());
