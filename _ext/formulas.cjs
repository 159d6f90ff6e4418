// Sets formulas with KaTeX: a list of [TeX, settings] comes in, a list of {html} or {error} goes out.
// What LaTeX would not take, or KaTeX's fonts have no sign for, is an error.
const { readFileSync } = require("node:fs");
const katex = require("./katex/katex.min.js");

function trust({ command }) {
  throw new Error(`${command} has no place in a formula`);
}

function set([tex, settings]) {
  try {
    return { html: katex.renderToString(tex, { ...settings, strict: "error", trust }) };
  } catch (error) {
    return { error: error.rawMessage ?? error.message };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(set)));
