// @ts-check
// Paper: in the light theme, with nothing folded, and with the answers at the end, where they spoil
// nothing. Without this script, print.css unfolds them in their places.
"use strict";
const answersTitle = document.querySelector('meta[name="print-answers"]')?.getAttribute("content");
/** What brings the screen back. @type {(() => void)[]} */
const undo = [];

addEventListener("beforeprint", () => {
  if (undo.length) return;
  const { dataset } = document.documentElement, theme = dataset.theme;
  dataset.theme = "light";
  undo.push(() => { dataset.theme = theme; });
  for (const folded of document.querySelectorAll("article details:not([open])")) {
    folded.toggleAttribute("open");
    undo.push(() => folded.toggleAttribute("open"));
  }
  if (answersTitle) moveAnswers(answersTitle);
});

addEventListener("afterprint", () => undo.splice(0).reverse().forEach((step) => step()));

/** Gather what is in dropdowns at the end of the page, numbered. @param {string} heading */
function moveAnswers(heading) {
  const list = document.createElement("ol");
  for (const dropdown of document.querySelectorAll("article details.sd-dropdown")) {
    const [question, answer] = dropdown.children;
    if (!answer || !dropdown.checkVisibility()) continue; // in the tab that is not chosen
    const item = document.createElement("li");
    if (dropdown.matches(".right, .wrong")) {
      const choice = document.createElement("p");
      choice.textContent = `${dropdown.matches(".right") ? "✓" : "✗"} ${question.textContent?.trim()}`;
      item.append(choice);
    }
    const place = document.createComment("");
    answer.replaceWith(place);
    item.append(answer);
    list.append(item);
    question.setAttribute("data-answer", String(list.children.length));
    undo.push(() => {
      place.replaceWith(answer);
      question.removeAttribute("data-answer");
    });
  }
  if (!list.children.length) return;
  const end = document.createElement("section");
  const title = document.createElement("h2");
  title.textContent = heading;
  end.className = "answers";
  end.append(title, list);
  document.querySelector("article.bd-article > section")?.append(end);
  undo.push(() => end.remove());
}
