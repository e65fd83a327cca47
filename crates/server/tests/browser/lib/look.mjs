// Looking at a page: pictures, accessibility, and whether it fits.
import { mkdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

import { stage } from "./stage.mjs";

const WIDE = { width: 1280, height: 900 };
/** What a guide shows of a page. */
const SHOWN = { width: 1280, height: 720 };
const NARROW = { width: 390, height: 844 };
/** What the page must fit into. The last but one is the narrowest phone, the last 1280 × 1024 at 400 %. */
const SIZES = [WIDE, { width: 768, height: 1024 }, NARROW, { width: 320, height: 568 }, { width: 320, height: 256 }];
const SCHEMES = ["light", "dark"];
const GRAVE = ["serious", "critical"];
/** No larger than this may a picture of the guides be. */
const PICTURE_BYTES = 150_000;

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const taken = new Set();

/** All that is asked of each page and state: its pictures, no grave finding of axe-core, and that it fits. */
export async function see(page, name) {
  await shoot(page, name, { look: axe });
  await overflow(page);
}

/** Saves `<name>-{1280,390}-{light,dark}.png`; `look` is called once at each size, each time in another scheme. */
export async function shoot(page, name, { look = async () => {} } = {}) {
  if (taken.has(name)) throw new Error(`there are pictures named ${name} already`);
  taken.add(name);
  await mkdir(stage.screenshots, { recursive: true });
  for (const size of [NARROW, WIDE]) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      if ((size === WIDE) === (colorScheme === "light")) await look(page);
      await capture(page, path.join(stage.screenshots, `${name}-${size.width}-${colorScheme}.png`));
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** A picture for the guides, when somebody asked for those: light, of a window or a part of the page. */
export async function picture(page, name, part = undefined) {
  if (!stage.pictures) return;
  await mkdir(stage.pictures, { recursive: true });
  await page.setViewportSize(SHOWN);
  await page.emulateMedia({ colorScheme: "light" });
  const file = path.join(stage.pictures, `${name}.png`);
  await page.evaluate(() => scrollTo(0, 0));
  await page.mouse.move(0, 0);
  await (part ?? page).screenshot({ path: file, caret: "initial", animations: "disabled" });
  await page.setViewportSize(WIDE);
  const { size } = await stat(file);
  if (size > PICTURE_BYTES) throw new Error(`${file} has ${size} bytes, which is more than ${PICTURE_BYTES}`);
}

// From the top, where what sticks to the window stands in its place. Hiding the caret would put a style into the page,
// which our policy forbids.
async function capture(page, file) {
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: file, fullPage: true, caret: "initial", animations: "disabled" });
}

/** Fails when axe-core finds something serious or critical on the page as it is now. */
export async function axe(page) {
  // Past the content security policy, as browser extensions come.
  await page.evaluate(`globalThis.axe ?? (() => { ${await axeSource} })()`);
  const violations = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { preload: false, resultTypes: ["violations"] });
    return violations.map(({ id, impact, help, nodes }) => ({
      id, impact, help, nodes: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
    }));
  });
  const grave = violations.filter(({ impact }) => GRAVE.includes(impact));
  if (grave.length === 0) return;
  const lines = grave.flatMap(({ id, impact, help, nodes }) => [`${impact} ${id}: ${help}`, ...nodes.slice(0, 5).map(oneLine)]);
  throw new Error(`axe-core finds on ${page.url()} (${describe(page)}):\n  ${lines.join("\n  ")}`);
}

const oneLine = (text) => `  ${text.replace(/\s+/g, " ")}`;

function describe(page) {
  const { width, height } = page.viewportSize();
  return `${width} × ${height}`;
}

/** Fails when the page is wider than the window at any of our sizes, or cuts off a word. */
export async function overflow(page) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const { wide, cut } = await page.evaluate(findWhatDoesNotFit);
    const lines = [...wide.map((what) => `too wide: ${what}`), ...cut.map((what) => `cut off: ${what}`)];
    if (lines.length > 0) throw new Error(`${page.url()} does not fit ${describe(page)}:\n  ${lines.join("\n  ")}`);
  }
  await page.setViewportSize(WIDE);
}

/** Runs in the page. */
function findWhatDoesNotFit() {
  const window = document.documentElement.clientWidth;
  const name = (element) => {
    const classes = typeof element.className === "string" ? element.className.trim().replace(/\s+/g, ".") : "";
    const words = (element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 60);
    return `<${element.localName}${element.id ? `#${element.id}` : ""}${classes ? `.${classes}` : ""}> ${words}`;
  };
  const scrolls = (element) => /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX);
  const scrollsAbove = (element) => {
    for (let above = element.parentElement; above && above !== document.body; above = above.parentElement) {
      if (scrolls(above)) return true;
    }
    return false;
  };
  // What is there for screen readers alone is cut to a pixel.
  const isShown = (element) => element.checkVisibility() && element.clientWidth > 1 && element.clientHeight > 1;
  const all = [...document.body.querySelectorAll("*")].filter(isShown);

  const isWide = document.documentElement.scrollWidth > window;
  const wide = isWide
    ? all.filter((element) => element.getBoundingClientRect().right > window + 0.5 && !scrollsAbove(element)).map(name)
    : [];
  if (isWide && wide.length === 0) wide.push(`the page, by ${document.documentElement.scrollWidth - window} px`);

  const hides = (element) => /hidden|clip/.test(getComputedStyle(element).overflowX);
  const holdsText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  const isCut = (element) => element.scrollWidth > element.clientWidth + 1 && !element.title;
  const cut = all.filter((element) => hides(element) && holdsText(element) && isCut(element)).map(name);
  return { wide: wide.slice(0, 8), cut: cut.slice(0, 8) };
}
