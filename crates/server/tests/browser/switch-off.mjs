// Paused, saved by two at once, left for too long, switched off both ways and on again, and suspended by the vendor.
import assert from "node:assert/strict";

import { CONTOSO, Entra, ageRows, command, commandJson, fillIn, journey, makeAdmin, see, signIn } from "./lib.mjs";

const DAY = 24 * 3600;
const AT = `/t/${CONTOSO}/settings/user-authentication/provisioning`;
const TENANT = "Contoso Informationstechnik";
/** More than the job that disables them takes in one step. */
const PEOPLE = 160;

await journey(async (visitor) => {
  const { token, base_url } = await commandJson(["tenant", "create", CONTOSO, "--name", TENANT, "--with-token"]);
  const entra = new Entra(base_url, token);
  const ana = await makeAdmin();
  const bob = await makeAdmin({ email: "bob@contoso.example", name: "Bob Fernández", role: "admin" });
  const page = await visitor();
  await signIn(page, ana);
  await page.goto(AT);

  await turnOffEmpty(page, entra);
  const id = await bringPeople(entra);
  await page.reload();
  await pause(page, entra);
  const other = await visitor();
  await signIn(other, bob);
  await saveAtOnce(page, other);
  await comeBackLate(page, ana);
  await keepPeople(page, entra, id);
  await disablePeople(page, entra, id);
  await suspend(page, entra);
});

function banner(page, name) {
  return page.locator("[data-live] .banner h2", { hasText: name }).waitFor();
}

function ask(entra) {
  return entra.search("Users", "userName", "person0@contoso.example");
}

async function turnOn(page) {
  await page.getByRole("switch", { name: "User provisioning status" }).click();
  await page.getByRole("button", { name: "Save changes" }).first().click();
  await page.getByRole("status").filter({ hasText: "Saved" }).waitFor();
}

/** While there is nobody, nothing is asked. */
async function turnOffEmpty(page, entra) {
  await page.getByRole("switch", { name: "User provisioning status" }).click();
  await page.getByText("nobody is affected").waitFor();
  await see(page, "off-nobody");
  await page.getByRole("button", { name: "Turn off" }).click();
  await banner(page, "Off since");
  assert.equal((await ask(entra)).status, 403);
  await turnOn(page);
  assert.equal((await ask(entra)).status, 200);
}

/** Gives the id of the first. */
async function bringPeople(entra) {
  const numbers = [...Array(PEOPLE).keys()];
  const bring = (number) => entra.bring({ userName: `person${number}@contoso.example`, name: `Person ${number}` });
  const first = await bring(numbers.shift());
  while (numbers.length > 0) await Promise.all(numbers.splice(0, 8).map(bring));
  return first.body.id;
}

async function pause(page, entra) {
  await page.getByRole("button", { name: "Pause" }).click();
  await banner(page, "Paused since");
  await page.getByText("by Ana Kovač").first().waitFor();
  await see(page, "provisioning-paused");
  const { status, headers } = await ask(entra);
  assert.equal(status, 503);
  assert.match(headers.get("retry-after"), /^[1-9]\d*$/);
  await page.getByRole("button", { name: "Resume" }).click();
  await banner(page, "First sync running");
  assert.equal((await ask(entra)).status, 200);
}

/** Two admins have the page open, and the one who saves last is told what the other one has changed. */
async function saveAtOnce(page, other) {
  await page.goto(AT);
  await saveNotify(other, "bob@contoso.example");
  await page.getByLabel("Notification addresses").fill("no address");
  await page.getByLabel("Keep the activity log for").selectOption("90 days");
  await saveSettings(page);
  await page.getByRole("alert").filter({ hasText: "Not saved yet" }).waitFor();
  await see(page, "provisioning-refused-form");
  await page.getByLabel("Notification addresses").fill("ana@contoso.example\nit@contoso.example");
  await saveSettings(page);
  await page.getByRole("heading", { level: 1, name: "Somebody else saved first" }).waitFor();
  await page.getByText("Changed by Bob Fernández").waitFor();
  const row = (name) => page.getByRole("row", { name });
  await row("Notification addresses").getByText("ana@contoso.example, it@contoso.example").waitFor();
  await row("Activity log").getByText("90 days").waitFor();
  await see(page, "conflict");
  await page.getByRole("link", { name: "Reload and keep theirs" }).click();
  assert.equal(await page.getByLabel("Notification addresses").inputValue(), "bob@contoso.example");
  assert.equal(await page.getByLabel("Keep the activity log for").inputValue(), "30");

  await saveNotify(other, "");
  await page.getByLabel("Notification addresses").fill("ana@contoso.example");
  await saveSettings(page);
  await page.getByRole("button", { name: "Overwrite with yours" }).click();
  await saved(page);
  assert.equal(await page.getByLabel("Notification addresses").inputValue(), "ana@contoso.example");
}

async function saveNotify(page, addresses) {
  await page.goto(AT);
  await page.getByLabel("Notification addresses").fill(addresses);
  await saveSettings(page);
  await saved(page);
}

function saveSettings(page) {
  return page.getByRole("button", { name: "Save changes" }).click();
}

function saved(page) {
  return page.getByRole("status").filter({ hasText: "Saved" }).waitFor();
}

/** The session ends while a form is filled in. */
async function comeBackLate(page, admin) {
  await page.goto(AT);
  await page.getByLabel("Notification addresses").fill("late@contoso.example");
  await ageRows("admin_session", 90 * DAY);
  // The page says that it stands still, and takes nothing from the form.
  await page.locator(".banner", { hasText: "Your session has ended" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Sign in again" }).count(), 1);
  await saveSettings(page);
  await page.getByText("what you entered is kept").waitFor();
  await see(page, "sign-in-kept");
  await fillIn(page, admin);
  await page.getByRole("heading", { name: "You are signed in again" }).waitFor();
  await see(page, "signed-in-again");
  await page.getByRole("button", { name: "Send what I entered" }).click();
  await saved(page);
  assert.equal(await page.getByLabel("Notification addresses").inputValue(), "late@contoso.example");
}

async function keepPeople(page, entra, id) {
  await page.getByRole("link", { name: "Turn off" }).click();
  await page.getByLabel("Keep them as they are").check();
  await page.getByLabel(`Type ${TENANT} to confirm`).fill("Contoso");
  await page.getByRole("button", { name: "Turn off" }).click();
  await page.getByRole("alert").filter({ hasText: "Not turned off yet" }).waitFor();
  await see(page, "off-refused");
  assert.equal((await ask(entra)).status, 200);
  await page.getByLabel(`Type ${TENANT} to confirm`).fill(TENANT);
  await page.getByRole("button", { name: "Turn off" }).click();
  await banner(page, "Off since");
  await page.getByText(`${PEOPLE} people were kept as they are: ${PEOPLE} active, 0 disabled`).waitFor();
  await see(page, "provisioning-off-kept");
  assert.equal((await ask(entra)).status, 403);
  await turnOn(page);
  assert.equal((await ask(entra)).body.Resources[0].id, id);
}

async function disablePeople(page, entra, id) {
  await page.getByRole("link", { name: "Turn off" }).click();
  await page.getByLabel("Disable them all").check();
  await page.getByLabel(`Type ${TENANT} to confirm`).fill(TENANT);
  await page.getByRole("button", { name: "Turn off" }).click();
  await page.getByText(`of ${PEOPLE} done`).first().waitFor();
  await page.getByRole("img", { name: "percent done" }).waitFor();
  await see(page, "provisioning-disabling");
  await page.getByText(`${PEOPLE} people were disabled`).waitFor();
  await see(page, "provisioning-off-disabled");
  await turnOn(page);
  const { body } = await ask(entra);
  assert.deepEqual([body.Resources[0].id, body.Resources[0].active], [id, false]);
}

async function suspend(page, entra) {
  await command(["tenant", "suspend", CONTOSO]);
  await banner(page, "Suspended by Rollcall");
  await page.reload();
  await see(page, "provisioning-suspended");
  assert.equal((await ask(entra)).status, 403);
  await command(["tenant", "resume", CONTOSO]);
  await banner(page, "First sync running");
}
