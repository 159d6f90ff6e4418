// @ts-check
// Finds sections: by words without regard to case and diacritics, by beginnings, by names in code,
// and, if nothing has them, by words that differ in a letter or two. Each word must be answered.
// Library and index are fetched when a reader begins to search, by script tags: those work for a
// page that was opened as a file, too.
"use strict";

/** What search.py writes of a section.
 * @typedef {{url: string, titles: string[], text: string, code: [backend: string, code: string][]}} Section */
/** @typedef {{spelled: string, terms: string[], start: number, end: number}} Word */
/** A run of text, and whether it was found. @typedef {[text: string, found: boolean]} Run */
/** @typedef {{text: string, words: Word[], answers: number[][], best: number, value: number, phrase: boolean}} Place */
/** `found`: the words as they stand there. `label`: the backend of an excerpt of code, "" if it is everyone's.
 * @typedef {{url: string, titles: string[], excerpt: Run[], label?: string, found: string[], score: number}} Result */

const bookSearch = (() => {
  // scripts that put no spaces between words: each letter is one
  const DENSE = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
  const LETTER = String.raw`(?:(?![${DENSE}])[\p{L}\p{M}\p{N}_])`;
  const WORD = new RegExp(String.raw`[${DENSE}]|${LETTER}+(?:\.${LETTER}+)*`, "gu"); // torch.optim is one
  const PART = /[._]|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u; // update_D, MultiHead
  const WHOLE = /** @type {Record<string, string>} */ ({ đ: "d", ø: "o", ł: "l", ß: "ss", æ: "ae", œ: "oe", ı: "i" });
  const BEFORE = "… "; // that an excerpt is not from the beginning
  const NEAR = 15; // words that stand together are not farther apart

  /** Text without case and diacritics. @param {string} text */
  const fold = (text) =>
    text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[đøłßæœı]/g, (one) => WHOLE[one]);

  /** What a word is found by: torch.optim.Adam, optim.Adam and Adam; update_D, update and D. @param {string} word */
  function terms(word) {
    const names = word.split(".").map((_, at, all) => all.slice(at).join("."));
    return [...new Set([...names, ...word.split(PART)].filter(Boolean).map(fold))];
  }

  /** @param {string} text @returns {Word[]} */
  const wordsOf = (text) =>
    [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
      spelled: word.toLowerCase().normalize(), terms: terms(word), start: index, end: index + word.length,
    }));

  /** @type {Map<string, Word[]>} */
  const known = new Map();
  /** The words of a section's text, which is asked for at every key. @param {string} text */
  function read(text) {
    const words = known.get(text) ?? wordsOf(text);
    known.set(text, words);
    return words;
  }

  /** @type {Promise<(query: string) => Result[]> | undefined} */
  let ready;
  /** Fetch what is needed, once; rejected if it is not there. */
  function load() {
    ready ??= Promise.all([fetchScript("_static/minisearch/index.js"), fetchScript("search-index.js")])
      .then(prepare)
      .catch((error) => {
        ready = undefined; // the next key tries again
        throw error;
      });
    return ready;
  }

  /** @param {string} path @returns {Promise<void>} */
  function fetchScript(path) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(path, root()).href;
      script.onload = () => resolve();
      script.onerror = () => reject(new Error(`${path} cannot be loaded`));
      document.head.append(script);
    });
  }

  /** Where the edition lies. */
  const root = () => new URL(document.documentElement.dataset.content_root ?? "./", location.href);

  /** Make the index, and a function that asks it. */
  function prepare() {
    const { MiniSearch, bookSections } =
      /** @type {{MiniSearch: typeof import("minisearch").default, bookSections: Record<string, Section[]>}} */ (
        /** @type {unknown} */ (globalThis)
      );
    const sections = Object.values(bookSections).flat();
    const index = new MiniSearch({
      fields: ["title", "above", "text", "code"],
      tokenize: (text) => text.match(WORD) ?? [],
      processTerm: terms,
      searchOptions: {
        tokenize: (query) => query.split(" "), processTerm: (term) => term,
        combineWith: "AND", boost: { title: 4, text: 2 },
      },
    });
    index.addAll(sections.map(({ titles, text, code }, id) => ({
      id, title: titles.at(-1), above: titles.slice(0, -1).join(" "), text, code: code.map((one) => one[1]).join("\n"),
    })));

    /** @param {string[]} query @param {boolean} typos @returns {Result[]} */
    function look(query, typos) {
      const wanted = query.map((word) => ({ spelled: word.toLowerCase().normalize(), folded: fold(word) }));
      /** @type {import("minisearch").SearchOptions} */
      const options = {
        prefix: (term, at, all) => term.length > 2 || at === all.length - 1, // the last is being typed
        fuzzy: (term) => typos && (term.length < 5 ? 0 : term.length < 9 ? 1 : 2),
      };
      const meant = wanted.map(({ folded }) => new Set(index.search(folded, options).flatMap((hit) => hit.terms)));

      /** How well a word answers each of the wanted ones: 0 to 1. @param {Word} word */
      const answers = (word) =>
        wanted.map(({ spelled, folded }, at) => {
          if (!word.terms.some((term) => meant[at].has(term))) return 0;
          const asTyped = spelled === folded || word.spelled.includes(spelled); // with its diacritics
          const near = word.terms.includes(folded) ? 1 : word.terms.some((term) => term.startsWith(folded)) ? 0.8 : 0.6;
          return asTyped ? near : near / 2;
        });

      return index.search(wanted.map((one) => one.folded).join(" "), options)
        .map((hit) => result(sections[hit.id], hit.score, answers, wanted.length))
        .sort((one, other) => other.score - one.score);
    }

    return (/** @type {string} */ query) => {
      const words = query.match(WORD) ?? [];
      const found = words.length ? look(words, false) : [];
      return found.length || !words.length ? found : look(words.flatMap((word) => word.split(".")), true);
    };
  }

  /** Where a text answers best: many of the wanted words, close together, in their order.
   * @param {string} text @param {(word: Word) => number[]} answersOf @param {number} wanted @returns {Place} */
  function place(text, answersOf, wanted) {
    const words = read(text);
    const answers = words.map(answersOf);
    const place = { text, words, answers, best: 0, value: 0, phrase: false };
    for (let at = 0; at < words.length; at++) {
      if (!answers[at].some(Boolean)) continue;
      const window = answers.slice(at, at + NEAR);
      const each = answers[at].map((_, one) => Math.max(...window.map((answer) => answer[one])));
      if (!each.some((most, one) => most && most === answers[at][one])) continue; // a better one follows
      let run = 0;
      while (run < wanted && window[run]?.[run]) run++;
      const value = (each.reduce((sum, one) => sum + one) + Math.max(0, run - 1)) / (2 * wanted - 1);
      if (value > place.value) Object.assign(place, { best: at, value, phrase: run === wanted });
    }
    return place;
  }

  /** @param {Section} section @param {number} score @param {(word: Word) => number[]} answersOf @param {number} wanted
   * @returns {Result} */
  function result(section, score, answersOf, wanted) {
    const title = place(section.titles.at(-1) ?? "", answersOf, wanted);
    const prose = place(section.text, answersOf, wanted);
    const code = section.code.map(([label, text]) => ({ label, ...place(text, answersOf, wanted) }))
      .sort((one, other) => other.value - one.value)[0];
    const inCode = code && code.value / 2 > prose.value && code.value / 2 > title.value;
    const shown = inCode ? code : prose;
    const best = inCode ? code : title.value > prose.value ? title : prose;
    const value = Math.max(title.value, prose.value, (code?.value ?? 0) / 2);
    return {
      url: new URL(section.url, root()).href, titles: section.titles, score: score * value ** 2,
      excerpt: inCode ? lines(code) : sentence(shown), label: inCode ? code.label : undefined,
      found: best.phrase ? [phrase(best, wanted)] : spellings([title, prose, ...(code ? [code] : [])]),
    };
  }

  /** @param {Place} place @param {number} wanted */
  const phrase = ({ text, words, best }, wanted) => text.slice(words[best].start, words[best + wanted - 1].end);

  /** The words that were found, as they are spelled in a section; the best ones. @param {Place[]} places */
  function spellings(places) {
    const found = places.flatMap(({ text, words, answers }) =>
      words.map(({ start, end }, at) => ({ word: text.slice(start, end), value: answers[at].reduce((sum, one) => sum + one) })));
    const best = Math.max(...found.map((one) => one.value));
    const good = found.filter((one) => one.value > best / 2).map((one) => one.word);
    return [...new Map(good.map((word) => [word.toLowerCase(), word])).values()].slice(0, 8);
  }

  /** The words around the best place. @param {Place} place */
  function sentence({ text, words, answers, best }) {
    const hit = words[best]?.start ?? 0;
    const start = hit < 80 ? 0 : text.indexOf(" ", hit - 60) + 1;
    const end = text.length < start + 200 ? text.length : text.lastIndexOf(" ", start + 200);
    return runs(text, words, answers, start, Math.max(end, words[best]?.end ?? 0));
  }

  /** The line of code with the best place, and the next. @param {Place} place */
  function lines({ text, words, answers, best }) {
    const start = text.lastIndexOf("\n", words[best].start) + 1;
    const end = text.indexOf("\n", text.indexOf("\n", words[best].start) + 1);
    return runs(text, words, answers, start, end < start ? text.length : end).filter(([run]) => run !== BEFORE);
  }

  /** A part of a text, with what was found in it.
   * @param {string} text @param {Word[]} words @param {number[][]} answers @param {number} start @param {number} end */
  function runs(text, words, answers, start, end) {
    /** @type {Run[]} */
    const runs = start ? [[BEFORE, false]] : [];
    let at = start;
    words.forEach((word, number) => {
      if (word.start < at || word.end > end || !answers[number].some(Boolean)) return;
      runs.push([text.slice(at, word.start), false], [text.slice(word.start, word.end), true]);
      at = word.end;
    });
    runs.push([text.slice(at, end) + (end < text.length ? " …" : ""), false]);
    return runs;
  }

  return {
    load,
    /** The sections that answer a query, best first. @param {string} query */
    find: async (query) => (await load())(query),
  };
})();
