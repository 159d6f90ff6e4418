// @ts-check
// The search field and what it found: a combobox, https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
"use strict";
{
  const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog.book-search"));
  if (dialog) {
    const field = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
    const list = /** @type {HTMLElement} */ (dialog.querySelector("[role=listbox]"));
    const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
    const words = (/** @type {string} */ name) =>
      document.querySelector(`meta[name="search-${name}"]`)?.getAttribute("content") ?? "";
    let shown = Promise.resolve();
    let chosen = -1;

    field.addEventListener("focus", () => {
      field.select();
      shown = show();
      bookSearch.load().catch(() => {}); // said when something is asked
    });
    field.addEventListener("input", () => (shown = show()));

    field.addEventListener("keydown", async (event) => {
      if (event.isComposing) return; // a letter is being put together
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const { length } = list.children;
        if (length) choose((chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1) + length) % length);
      } else if (event.key === "Enter") {
        event.preventDefault();
        await shown; // of what was typed last
        /** @type {HTMLElement | undefined} */ (list.children[Math.max(chosen, 0)])?.click();
      }
    });

    list.addEventListener("click", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) dialog.close();
    });

    /** Answer what is in the field. */
    async function show() {
      const query = field.value;
      list.ariaBusy = "true";
      let found = /** @type {Result[]} */ ([]);
      let said = words("empty");
      if (query.trim()) {
        try {
          found = await bookSearch.find(query);
          said = found.length ? words("found").replace("{n}", String(found.length)) : words("nothing");
        } catch {
          said = words("failed");
        }
      }
      if (query !== field.value) return; // the reader went on typing
      status.textContent = said;
      list.replaceChildren(...found.map(option));
      list.ariaBusy = "false";
      field.setAttribute("aria-expanded", String(found.length > 0));
      choose(-1);
    }

    /** Let the arrow keys' mark stand at a result; -1: at none. @param {number} number */
    function choose(number) {
      list.children[chosen]?.setAttribute("aria-selected", "false");
      const one = list.children[(chosen = number)];
      one?.setAttribute("aria-selected", "true");
      one?.scrollIntoView({ block: "nearest" });
      if (one) field.setAttribute("aria-activedescendant", one.id);
      else field.removeAttribute("aria-activedescendant");
    }

    /** A result: its titles, and the words around the hit; found.js marks them where it leads.
     * @param {Result} result @param {number} number */
    function option({ url, titles, excerpt, label, found }, number) {
      const link = document.createElement("a");
      const target = new URL(url);
      for (const word of found) target.searchParams.append("found", word);
      link.href = target.href;
      link.id = `book-search-${number}`;
      link.role = "option";
      link.tabIndex = -1;
      link.ariaSelected = "false";
      const title = document.createElement("span");
      title.className = "title";
      title.textContent = titles.join(" › ");
      const text = document.createElement(label === undefined ? "span" : "code");
      text.className = "excerpt";
      text.append(...excerpt.map(([words, marked]) =>
        marked ? Object.assign(document.createElement("mark"), { textContent: words }) : words));
      link.append(title);
      if (label) link.append(Object.assign(document.createElement("span"), { className: "label", textContent: label }));
      link.append(text);
      return link;
    }
  }
}
