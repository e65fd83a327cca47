// The tutorial's step 2, word for word: from an invitation to a first sync. What changes is seen to change by itself.
import assert from "node:assert/strict";

import {
  CONTOSO, Entra, PASSWORD, ageActivity, ageRows, commandJson, journey, makeTenant, picture, see, stage,
} from "./lib.mjs";

const MINUTE = 60;
const WAITING = "Waiting for Entra’s Test Connection";
const PEOPLE = ["Ana Kovač", "Bruno Fernandes", "Maximiliane Freifrau von Hohenstein-Württemberg", "Lê Anh", "Siobhán Ní Dhomhnaill"];

await journey(async (visitor) => {
  await openDemo(await visitor());

  await makeTenant();
  const words = ["admin", "create", "--tenant", CONTOSO, "--email", "ana.kovac@contoso.example", "--name", "Ana Kovač"];
  const { link } = await commandJson([...words, "--role", "owner"]);
  const page = await visitor();
  await accept(page, link);
  await title(page, "User authentication");
  await see(page, "overview-empty");

  await switchOn(page);
  const entra = new Entra(...(await copyValues(page)));
  await leaveValues(page);
  await watch(page, visitor, entra);

  await switchOnWithoutScript(await visitor({ javaScriptEnabled: false }));
});

function title(page, name) {
  return page.getByRole("heading", { level: 1, name }).waitFor();
}

function banner(page, name) {
  return page.locator("[data-live] .banner h2", { hasText: name }).waitFor();
}

/** A step of the guide, once this word stands beside it. */
function step(guide, name, word) {
  return guide.locator(`#${name} .step-head`, { hasText: word }).waitFor();
}

/** The link of the first start opens a tenant whose token the first start has shown too. */
async function openDemo(page) {
  await accept(page, stage.invitation);
  await page.getByRole("link", { name: "Configure SSO & User provisioning" }).click();
  await banner(page, WAITING);
  await page.getByRole("rowheader", { name: "first" }).waitFor();
}

/** Chooses a password, which signs in. */
async function accept(page, link) {
  await page.goto(link);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set password and sign in" }).click();
  await title(page, "User authentication");
}

async function switchOn(page) {
  await page.getByRole("link", { name: "Configure SSO & User provisioning" }).click();
  await title(page, "User provisioning");
  await see(page, "provisioning-off");
  await picture(page, "entra-off");
  await page.getByRole("switch", { name: "User provisioning status" }).click();
  await page.getByRole("status").filter({ hasText: "Your token is created when you save" }).waitFor();
  await see(page, "provisioning-unsaved");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Token shown once").waitFor();
}

/** What the Copy buttons put into the clipboard: Tenant URL and Secret Token. */
async function copyValues(page) {
  await banner(page, WAITING);
  await see(page, "provisioning-once");
  await picture(page, "entra-once", page.getByRole("form", { name: "Values for Entra" }));
  const values = [];
  for (const [name, id] of [["Copy tenant URL", "url"], ["Copy secret token", "token"]]) {
    await page.getByRole("button", { name }).click();
    await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, await page.locator(`#${id}`).innerText());
    values.push(copied);
  }
  assert.equal(values[0], `${stage.root}/t/${CONTOSO}/scim/v2`);
  assert.match(values[1], /^scim_[0-9a-f]{32}_[0-9a-f]+$/);
  return values;
}

/** Not by accident, and for good. */
async function leaveValues(page) {
  const asked = page.waitForEvent("dialog");
  const left = page.getByRole("link", { name: "Directory" }).first().click();
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.dismiss();
  await left;
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("Token shown once").waitFor();
  await page.getByLabel("I have saved the token").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("rowheader", { name: "first" }).waitFor();
  assert.equal(await page.locator("#token").count(), 0, "the token is shown once");
}

/** Three windows of one admin, none of which is loaded again. */
async function watch(page, visitor, entra) {
  const storageState = await page.context().storageState();
  const [guide, overview] = [await visitor({ storageState }), await visitor({ storageState })];
  await guide.goto(`/t/${CONTOSO}/settings/user-authentication/guide`);
  await overview.goto(`/t/${CONTOSO}/settings/user-authentication`);
  const expectNoReload = countLoads([page, guide, overview]);

  await waiting(page, guide, overview);
  await tested(page, guide, overview, entra);
  await firstSync(page, guide, overview, entra);
  await healthy(page, guide, overview, entra);
  await quiet(page, overview);
  expectNoReload();
}

function countLoads(pages) {
  const loads = [];
  for (const page of pages) page.on("framenavigated", (frame) => loads.push(frame.url()));
  return () => assert.deepEqual(loads, [], "a page was loaded again");
}

async function waiting(page, guide, overview) {
  await banner(page, WAITING);
  await see(page, "provisioning-waiting");
  await picture(page, "entra-waiting");
  await step(guide, "switch-on", "On");
  await step(guide, "test", "Not yet");
  await see(guide, "guide-waiting");
  await overview.locator(".card", { hasText: WAITING }).waitFor();
  await overview.getByText("1 of 8 done").waitFor();
  // Somebody who waits for long is told what to look at.
  await ageRows("credential", 11 * MINUTE);
  await page.getByText("Nothing has arrived for 11").waitFor();
  await see(page, "provisioning-waiting-long");
}

async function tested(page, guide, overview, entra) {
  const { status } = await entra.testConnection();
  assert.equal(status, 200);
  await banner(page, "Test Connection succeeded");
  await step(guide, "paste", "Seen");
  await step(guide, "test", "Seen");
  await step(guide, "on-demand", "Not yet");
  await overview.locator(".card", { hasText: "Test Connection succeeded" }).waitFor();
  await see(page, "provisioning-tested");
}

async function firstSync(page, guide, overview, entra) {
  const ids = [];
  for (const [number, name] of PEOPLE.entries()) {
    const person = { userName: `person${number}@contoso.example`, name, title: "Consultant", department: "Sales" };
    ids.push((await entra.bring(person)).body.id);
  }
  await banner(page, "First sync running: 5 users, 0 groups");
  await step(guide, "user-mapping", "Object ids arrive");
  await step(guide, "on-demand", "Seen");
  await step(guide, "start", "First sync running");
  await step(guide, "groups", "Not yet");

  await entra.bringGroup("Sales", ids);
  await entra.bringGroup("All staff", ids.slice(1));
  await banner(page, "First sync running: 5 users, 2 groups");
  await overview.locator(".card", { hasText: "First sync running" }).waitFor();
  await step(guide, "groups", "Seen");
  await step(guide, "members", "Seen");
  await step(guide, "disable", "Not yet");
  await see(page, "provisioning-first-sync");
  await picture(page, "entra-first-sync");
  await see(guide, "guide-first-sync");
  await picture(guide, "entra-guide");

  await entra.disable(ids[4]);
  await step(guide, "disable", "Seen");
}

async function healthy(page, guide, overview) {
  await ageActivity(6 * MINUTE);
  await banner(page, "Healthy");
  await page.getByText("no failures. Next expected about").waitFor();
  await overview.locator(".card", { hasText: "5 people, 2 groups" }).waitFor();
  await overview.getByText("3 of 8 done").waitFor();
  await see(page, "provisioning-healthy");
  await picture(page, "entra-healthy");
  await see(overview, "overview-healthy");
}

async function quiet(page, overview) {
  await ageActivity(2 * 60 * MINUTE);
  // Nothing is missed from before it was switched on.
  await ageRows("tenant", 3 * 60 * MINUTE);
  await banner(page, "Quiet: nothing from Entra for 2 h");
  await overview.locator(".card", { hasText: "Quiet" }).waitFor();
  await see(page, "provisioning-quiet");
}

/** The same with one page more, on which the switch has moved. */
async function switchOnWithoutScript(page) {
  await makeTenant({ slug: "fabrikam", name: "Fabrikam" });
  const words = ["admin", "create", "--tenant", "fabrikam", "--email", "eva@fabrikam.example", "--role", "admin"];
  await accept(page, (await commandJson(words)).link);
  await page.getByRole("link", { name: "Configure SSO & User provisioning" }).click();
  await page.getByRole("switch", { name: "User provisioning status" }).click();
  await page.getByRole("heading", { name: "On, not saved" }).waitFor();
  await page.getByRole("button", { name: "Save changes" }).click();
  assert.match(await page.locator("#token").innerText(), /^scim_/);
}
