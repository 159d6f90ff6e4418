// @ts-check
// The theme's search field, answered by Pagefind while the reader types. Pagefind needs a server; a
// page that was opened as a file keeps Sphinx's own search.

/** What is used here of Pagefind: https://pagefind.app/docs/api/
 * @typedef {{title?: string, url: string, excerpt: string}} Part
 * @typedef {Part & {content: string, meta: {title: string}, sub_results?: Part[]}} Page
 * @typedef {{options(settings: {baseUrl: string}): Promise<void>,
 *   search(query: string): Promise<{results: {data(): Promise<Page>}[]}>}} Pagefind */

/** Text as it is searched: without diacritics, đ as d, in lower case. @param {string} text */
const fold = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

/** Undo the d with a stroke that stands for đ in the index. @param {string} text */
const restore = (text) => text.replace(/d\u0335/g, "đ").replace(/D\u0335/g, "Đ");

/** Whether a page has a word for each word of the query; Pagefind itself answers nonsense too.
 * @param {string} content @param {string} query */
function answers(content, query) {
  const words = fold(content).split(/[^\p{L}\p{N}]+/u);
  return fold(query).split(/\s+/).filter(Boolean).every((term) => {
    const stem = term.length < 5 ? term : term.slice(0, Math.ceil(0.75 * term.length));
    return words.some((word) => word.startsWith(stem));
  });
}

if (location.protocol !== "file:") {
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const nothing = document.querySelector('meta[name="search-nothing"]')?.getAttribute("content");
  /** @type {Promise<Pagefind> | undefined} */
  let engine;

  for (const form of nothing ? document.querySelectorAll("form.bd-search") : []) {
    const field = /** @type {HTMLInputElement} */ (form.querySelector("input[type=search]"));
    const list = document.createElement("ul");
    list.className = "search-results";
    list.setAttribute("aria-live", "polite");
    form.after(list);
    form.addEventListener("submit", (event) => event.preventDefault());

    field.addEventListener("input", async () => {
      const query = field.value;
      engine ??= import(new URL("pagefind/pagefind.js", root).href);
      const pagefind = await engine;
      await pagefind.options({ baseUrl: root.pathname });
      const found = query.trim() ? (await pagefind.search(fold(query))).results.slice(0, 8) : [];
      const pages = await Promise.all(found.map((one) => one.data()));
      if (query !== field.value) return; // the reader went on typing
      const items = pages.filter((page) => answers(page.content, query)).map(item);
      if (!items.length && query.trim()) {
        items.push(Object.assign(document.createElement("li"), { textContent: nothing }));
      }
      list.replaceChildren(...items);
    });
  }
}

/** A result: its title as a link, and the words around the hit. @param {Page} page */
function item(page) {
  const best = page.sub_results?.[0] ?? page;
  const li = document.createElement("li");
  const link = document.createElement("a");
  link.href = best.url;
  link.textContent = restore(page.meta.title);
  if (best.title && best.title !== page.meta.title) link.textContent += ` › ${restore(best.title)}`;
  const words = document.createElement("p");
  words.innerHTML = restore(best.excerpt); // Pagefind's: text and <mark>, escaped
  li.append(link, words);
  return li;
}
