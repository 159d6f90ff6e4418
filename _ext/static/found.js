// @ts-check
// On arrival from the search, the words that were found (?found=…) are marked in their section, and
// the first is scrolled into view. Escape or the button takes the marks away.
"use strict";
{
  const NAME = "found";
  const SILENT = ".headerlink, .launch, script, style, button, .visually-hidden, .math";
  const words = new URLSearchParams(location.search).getAll(NAME).filter((word) => word.trim());
  // when tabs are chosen and pictures have their size
  if (words.length) addEventListener("load", () => mark(words));

  /** @param {string[]} words */
  function mark(words) {
    const article = /** @type {HTMLElement} */ (document.querySelector("article"));
    const named = document.querySelector(":target");
    const ranges = find(words, named?.closest("section") ?? article);
    if (!ranges.length) return;
    CSS.highlights?.set(NAME, new Highlight(...ranges));
    for (const range of ranges) unfold(range);
    if (!ranges.some(isVisible)) showTab(ranges[0]);
    const labels = ranges.filter((range) => !isVisible(range)).map(tabLabel);
    for (const label of labels) label?.classList.add(NAME);
    show(ranges.find(isVisible) ?? ranges[0]);

    const button = document.createElement("button");
    button.className = "found-close";
    button.textContent = `${document.querySelector('meta[name="search-unmark"]')?.getAttribute("content")} ✕`;
    document.body.append(button);
    const stop = new AbortController();
    button.addEventListener("click", unmark);
    addEventListener("keydown", (event) => {
      const inDialog = event.target instanceof Element && event.target.closest("dialog"); // it closes that
      if (event.key === "Escape" && !inDialog) unmark();
    }, { signal: stop.signal });

    function unmark() {
      stop.abort();
      button.remove();
      CSS.highlights?.delete(NAME);
      for (const label of labels) label?.classList.remove(NAME);
      const url = new URL(location.href);
      url.searchParams.delete(NAME);
      history.replaceState(null, "", url);
    }
  }

  /** Where the words stand in a part of the page, also across elements.
   * @param {string[]} words @param {Element} part */
  function find(words, part) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement?.closest(SILENT) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    /** @type {{node: Node, start: number}[]} */
    const nodes = [];
    let text = "";
    while (walker.nextNode()) {
      nodes.push({ node: walker.currentNode, start: text.length });
      text += walker.currentNode.nodeValue;
    }
    const patterns = words.sort((one, other) => other.length - one.length)
      .map((word) => word.trim().replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\s+/g, "\\s+"));
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${patterns.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
    return [...text.matchAll(pattern)].map(({ 0: found, index }) => {
      const range = new Range();
      const first = nodes.findLast((one) => one.start <= index);
      const last = nodes.findLast((one) => one.start < index + found.length);
      if (first && last) {
        range.setStart(first.node, index - first.start);
        range.setEnd(last.node, index + found.length - last.start);
      }
      return range;
    });
  }

  /** @param {Range} range */
  const isVisible = (range) => range.getClientRects().length > 0;

  /** The elements that a range is in, from the inside. @param {Range} range */
  function* around(range) {
    for (let one = range.startContainer.parentElement; one; one = one.parentElement) yield one;
  }

  /** Open what is folded around a range. @param {Range} range */
  function unfold(range) {
    for (const one of around(range)) if (one instanceof HTMLDetailsElement) one.open = true;
  }

  /** The label of the tab that a range is in; the one of sphinx-design. @param {Range} range */
  function tabLabel(range) {
    for (const one of around(range)) {
      if (one.matches(".sd-tab-content")) return /** @type {HTMLLabelElement} */ (one.previousElementSibling);
    }
    return undefined;
  }

  /** Show the tab with a range, here alone: what the reader chose for the book stays. @param {Range} range */
  function showTab(range) {
    const input = tabLabel(range)?.control;
    if (input instanceof HTMLInputElement) input.checked = true;
  }

  /** Scroll to a range, and sideways within its code. @param {Range} range */
  function show(range) {
    range.startContainer.parentElement?.scrollIntoView({ behavior: "instant", block: "center", inline: "nearest" });
    const { top } = range.getBoundingClientRect();
    scrollBy({ behavior: "instant", top: top - innerHeight / 3 });
  }
}
