// Without a mouse: everything that a set-up takes.
import assert from "node:assert/strict";

import { CONTOSO, Entra, PASSWORD, journey, makeAdmin, makeTenant, metadataDocument, see } from "./lib.mjs";

/** More stops than any page has before what is looked for. */
const FAR = 60;

await journey(async (visitor) => {
  await makeTenant();
  const page = await visitor();
  const { url, token } = await setUp(page, await makeAdmin());
  assert.equal((await new Entra(url, token).testConnection()).status, 200);
  await connect(page);
});

/** Tab, Space and Enter alone; gives what was copied. */
async function setUp(page, owner) {
  await page.goto(`/t/${CONTOSO}/settings`);
  await tabTo(page, page.getByLabel("Email"));
  await page.keyboard.type(owner.email);
  await tabTo(page, page.getByLabel("Password"));
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "User authentication" }).waitFor();

  await skips(page);
  await tabTo(page, page.getByRole("link", { name: "Configure SSO & User provisioning" }));
  await page.keyboard.press("Enter");
  const status = page.getByRole("switch", { name: "User provisioning status" });
  await status.waitFor();
  await tabTo(page, status);
  await page.keyboard.press("Space");
  assert.equal(await status.getAttribute("aria-checked"), "true");
  await tabTo(page, page.getByRole("button", { name: "Save changes" }));
  await page.keyboard.press("Enter");

  const copied = {};
  for (const [id, name] of [["url", "Copy tenant URL"], ["token", "Copy secret token"]]) {
    const button = page.getByRole("button", { name });
    await button.waitFor();
    await tabTo(page, button);
    await page.keyboard.press("Enter");
    await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
    copied[id] = await page.evaluate(() => navigator.clipboard.readText());
  }
  await tabTo(page, page.getByRole("checkbox", { name: /^I have saved/ }));
  await page.keyboard.press("Space");
  await tabTo(page, page.getByRole("button", { name: "Done" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 2, name: "Tokens" }).waitFor();
  return copied;
}

/** Single sign-on, up to where it can be tested. */
async function connect(page) {
  await page.reload();
  await tabTo(page, page.getByRole("link", { name: "Single sign-on", exact: true }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Single sign-on" }).waitFor();
  await tabTo(page, page.getByLabel("Name"));
  await page.keyboard.type("Entra");
  await tabTo(page, page.getByLabel("SAML 2.0"));
  await page.keyboard.press("ArrowDown");
  assert(await page.getByLabel("OpenID Connect").isChecked());
  await page.keyboard.press("ArrowUp");
  await tabTo(page, page.getByRole("button", { name: "Add connection" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Entra" }).waitFor();

  await tabTo(page, page.getByRole("button", { name: /^Copy/ }).first());
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /\/sso\/saml\//);
  await tabTo(page, page.getByLabel("Metadata address"));
  await page.keyboard.press("ArrowDown");
  await tabTo(page, page.getByLabel("Or its content"));
  // As it is pasted.
  await page.keyboard.insertText(metadataDocument());
  await tabTo(page, page.getByRole("button", { name: "Save and read metadata" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Ready to be tested" }).waitFor();
  await tabTo(page, page.getByRole("link", { name: /^Test sign-in/ }));
}

/** The first stop of a page leads past its navigation. */
async function skips(page) {
  await page.reload();
  await page.keyboard.press("Tab");
  const link = page.getByRole("link", { name: "Skip to content" });
  assert(await isFocused(link));
  const box = await link.boundingBox();
  assert(box.x >= 0 && box.y >= 0 && box.height >= 24, JSON.stringify(box));
  await see(page, "keyboard-skip-link");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)));
}

/** Goes on with Tab until `target` has the focus. Each stop shows it, and none lies before the one that it follows. */
async function tabTo(page, target) {
  let last;
  for (let stop = 0; stop < FAR; stop += 1) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(describeFocus);
    assert(now.isShown, `nothing shows that ${now.name} has the focus`);
    if (last && last.isInMain && now.isInMain) {
      const isAfter = now.top >= last.bottom || (now.bottom > last.top && now.left > last.left) || now.top > last.top;
      assert(isAfter, `${now.name} comes after ${last.name} and stands before it`);
    }
    if (await isFocused(target)) return;
    last = now;
  }
  throw new Error(`no way to ${target} by Tab`);
}

function isFocused(locator) {
  return locator.evaluate((element) => element === document.activeElement);
}

/** Runs in the page. */
function describeFocus() {
  const element = document.activeElement;
  const { top, bottom, left } = element.getBoundingClientRect();
  const marked = [element, ...element.querySelectorAll(".track")].map((each) => getComputedStyle(each));
  const isMarked = (style) => style.outlineStyle !== "none" || style.boxShadow !== "none";
  const isShown = element !== document.body && marked.some(isMarked);
  const name = `<${element.localName}> ${(element.ariaLabel ?? element.textContent).trim().slice(0, 40)}`;
  const scrolled = scrollY;
  const isInMain = document.querySelector("main").contains(element);
  return { name, isShown, isInMain, top: top + scrolled, bottom: bottom + scrolled, left };
}
