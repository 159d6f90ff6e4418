// @ts-check
// Films: a picture of class `film-COLSxROWS` is a sheet of frames, in reading order. Here it becomes
// a player; without this script, and in notebooks, it stays the sheet. It stands still for readers
// who prefer reduced motion, and while it is out of sight; on paper it is a row of stills.
"use strict";

const SECONDS = 0.4; // that a frame is shown; the last one stays five times as long
const word = (/** @type {string} */ name) =>
  document.querySelector(`meta[name="film-${name}"]`)?.getAttribute("content") ?? name;

for (const image of document.querySelectorAll('img[class*="film-"]')) {
  const sheet = /** @type {HTMLImageElement} */ (image);
  sheet.decode().then(() => play(sheet), () => {}); // a picture that cannot be shown stays
}

/** Put a player in the place of a sheet. @param {HTMLImageElement} sheet */
function play(sheet) {
  const [, columns, rows] = (/film-(\d+)x(\d+)/.exec(sheet.className) ?? []).map(Number);
  if (!columns || !rows) return;
  const total = columns * rows;

  const screen = make("div", { className: "film-screen", role: "img", ariaLabel: sheet.alt });
  screen.style.backgroundImage = `url("${sheet.src}")`;
  screen.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
  screen.style.aspectRatio = `${sheet.naturalWidth / columns} / ${sheet.naturalHeight / rows}`;
  const button = make("button", { type: "button" });
  const slider = make("input", {
    type: "range", min: "1", max: String(total), ariaLabel: word("frame"),
  });
  const label = make("output", {});
  const controls = make("div", { className: "film-controls" });
  controls.append(button, slider, label);
  const player = make("div", { className: "film" });
  player.append(screen, controls, stills(sheet, columns, rows));
  sheet.replaceWith(player);

  let timer = 0, moving = false, wanted = !matchMedia("(prefers-reduced-motion: reduce)").matches;

  function show(/** @type {number} */ frame) {
    slider.value = String(frame);
    const column = (frame - 1) % columns, row = Math.floor((frame - 1) / columns);
    const percent = (/** @type {number} */ at, /** @type {number} */ n) => n > 1 ? 100 * at / (n - 1) : 0;
    screen.style.backgroundPosition = `${percent(column, columns)}% ${percent(row, rows)}%`;
    label.textContent = epoch(frame, total);
    slider.setAttribute("aria-valuetext", label.textContent);
  }
  function next() {
    const frame = Number(slider.value) % total + 1;
    show(frame);
    timer = setTimeout(next, 1000 * SECONDS * (frame === total ? 5 : 1));
  }
  function move(/** @type {boolean} */ go) {
    clearTimeout(timer);
    moving = go;
    if (go) timer = setTimeout(next, 1000 * SECONDS);
  }
  function want(/** @type {boolean} */ go) {
    wanted = go;
    move(go);
    button.textContent = go ? "❚❚" : "▶";
    button.ariaLabel = word(go ? "pause" : "play");
  }

  button.addEventListener("click", () => want(!wanted));
  slider.addEventListener("input", () => { want(false); show(Number(slider.value)); });
  new IntersectionObserver(([seen]) => {
    if (wanted && seen.isIntersecting !== moving) move(seen.isIntersecting);
  }).observe(player);
  show(total);
  want(wanted);
}

/** What paper shows of a film: some of its frames, from the first to the last.
 * @param {HTMLImageElement} sheet @param {number} columns @param {number} rows */
function stills(sheet, columns, rows) {
  const total = columns * rows, shown = Math.min(total, 6);
  const row = make("div", { className: "film-stills", ariaHidden: "true" });
  for (let i = 0; i < shown; i++) {
    const at = shown > 1 ? Math.round(i * (total - 1) / (shown - 1)) : 0;
    const still = make("figure", {}), frame = make("div", {});
    const picture = make("img", { src: sheet.src, alt: "", loading: "lazy" });
    frame.style.aspectRatio = `${sheet.naturalWidth / columns} / ${sheet.naturalHeight / rows}`;
    picture.style.width = `${columns * 100}%`;
    picture.style.left = `${at % columns * -100}%`;
    picture.style.top = `${Math.floor(at / columns) * -100}%`;
    frame.append(picture);
    still.append(frame, make("figcaption", { textContent: epoch(at + 1, total) }));
    row.append(still);
  }
  return row;
}

/** The words for a frame. @param {number} frame @param {number} total */
function epoch(frame, total) {
  return word("epoch").replace("{n}", String(frame)).replace("{total}", String(total));
}

/** An element with its properties.
 * @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {object} properties */
function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
