// A journey: somebody in front of a browser, from the first page to the last.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import { chromium } from "playwright-core";

import { collect } from "./complaints.mjs";
import { stage } from "./stage.mjs";

/** Without the last three, Chromium looks for Google's hosts at each start. */
const FLAGS = [
  "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
/** How long anything on a page may take, on a machine that also compiles. */
const PATIENCE = 15_000;

/**
 * Plays a journey and ends the process: with an error when it fails, takes too long, or a page complained.
 *
 * `play` gets `visitor(options)`, which gives the page of somebody with cookies of their own; `options` are those of
 * a Playwright context, such as `javaScriptEnabled: false`.
 */
export async function journey(play) {
  const browser = await chromium.launch({ executablePath: stage.chromium, args: FLAGS, timeout: 60_000 });
  const crowd = new Crowd(browser);
  let error;
  try {
    await Promise.race([play((options) => crowd.visitor(options)), limit()]);
    crowd.expectNoComplaints();
  } catch (caught) {
    error = caught;
    await crowd.leaveTraces();
  }
  await browser.close();
  if (error) console.error(error.stack ?? error);
  // Whatever still waits for something has nothing left to wait for.
  process.exit(error ? 1 : 0);
}

async function limit() {
  await sleep(stage.seconds * 1000);
  throw new Error(`the journey took longer than ${stage.seconds} s`);
}

/** Asks until there is an answer; `what` is said when there is none. */
export async function until(what, ask, seconds = 30) {
  for (const start = Date.now(); Date.now() - start < seconds * 1000; await sleep(100)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`waited ${seconds} s in vain for ${what}`);
}

/** Everybody in front of the one browser. */
class Crowd {
  constructor(browser) {
    this.browser = browser;
    this.visitors = [];
  }

  async visitor(options = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      baseURL: stage.root,
      locale: "en-GB",
      timezoneId: "Europe/Berlin",
      // Pictures are taken of what stands still.
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
      ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    const complaints = await collect(context);
    const page = await context.newPage();
    this.visitors.push({ page, complaints });
    return page;
  }

  expectNoComplaints() {
    const complaints = [...new Set(this.visitors.flatMap((visitor) => visitor.complaints))];
    if (complaints.length > 0) throw new Error(`the browser complained:\n  ${complaints.join("\n  ")}`);
  }

  /** What each visitor saw last, for whoever looks for the reason. */
  async leaveTraces() {
    await mkdir(stage.screenshots, { recursive: true });
    const name = path.basename(process.argv[1], ".mjs");
    for (const [number, { page, complaints }] of this.visitors.entries()) {
      const file = path.join(stage.screenshots, `FAILED-${name}-${number + 1}.png`);
      await page.screenshot({ path: file, fullPage: true, caret: "initial" }).catch(() => {});
      const text = await page.locator("body").innerText({ timeout: 1000 }).catch(() => "");
      console.error(`visitor ${number + 1} was at ${page.url()}, see ${file}:\n${indented(text)}`);
      for (const complaint of complaints) console.error(`complaint: ${complaint}`);
    }
  }
}

function indented(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "").slice(0, 60);
  return lines.map((line) => `    ${line}`).join("\n");
}
