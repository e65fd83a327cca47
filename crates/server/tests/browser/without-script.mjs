// Without script, by plain forms and links: set up, looked at, switched off and on again, another token.
import assert from "node:assert/strict";

import { CONTOSO, Entra, journey, makeAdmin, makeTenant, metadataDocument, overflow, shoot, signIn } from "./lib.mjs";

const BASE = `/t/${CONTOSO}/settings/user-authentication`;

await journey(async (visitor) => {
  await makeTenant();
  const page = await visitor({ javaScriptEnabled: false });
  await signIn(page, await makeAdmin());
  await page.getByRole("link", { name: "Configure SSO & User provisioning" }).click();
  await switchOn(page);
  const entra = await readValuesOnce(page);
  await entra.bring({ userName: "ana@contoso.example", name: "Ana Ruiz" });
  await lookAround(page);
  await switchOff(page);
  await switchOn(page);
  await page.getByText("Changes saved").waitFor();
  await page.getByRole("link", { name: "New token" }).click();
  await page.getByRole("button", { name: "Create token" }).click();
  await readValuesOnce(page);
  await connect(page);
});

function statusOf(page) {
  return page.getByRole("switch", { name: "User provisioning status" });
}

/** What can be seen without running anything in the page, as axe-core does. */
async function look(page, name) {
  await shoot(page, name);
  await overflow(page);
}

async function switchOn(page) {
  await statusOf(page).click();
  await page.getByRole("heading", { name: "On, not saved" }).waitFor();
  await page.locator("#switch").getByRole("button", { name: "Save changes" }).click();
}

/** They open the door, and no page holds the token after this one. */
async function readValuesOnce(page) {
  await page.getByText("Token shown once").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Copy/ }).count(), 0);
  const shown = async (id) => (await page.locator(id).innerText()).replace(/\s/g, "");
  const [url, token] = [await shown("#url"), await shown("#token")];
  await page.getByLabel(/^I have saved/).check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("heading", { level: 2, name: "Tokens" }).waitFor();
  assert(!(await page.content()).includes(token));
  const entra = new Entra(url, token);
  assert.equal((await entra.testConnection()).status, 200);
  return entra;
}

async function lookAround(page) {
  await page.goto(`${BASE}/activity`);
  assert.equal(await page.getByRole("button", { name: "Pause updates" }).count(), 0);
  await page.getByLabel("Action").selectOption({ label: "Created" });
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("link", { name: "Created a person" }).click();
  await page.getByRole("heading", { name: "Request" }).waitFor();
  await look(page, "without-script-activity");
  await page.goto(`${BASE}/guide`);
  await page.getByRole("heading", { level: 1, name: "Set up Microsoft Entra ID" }).waitFor();
  await page.goto(`${BASE}/provisioning`);
}

async function switchOff(page) {
  await statusOf(page).click();
  await page.getByRole("heading", { level: 1, name: "Turn off user provisioning?" }).waitFor();
  await look(page, "without-script-off");
  await page.getByLabel("Keep them as they are").check();
  await page.getByRole("button", { name: "Turn off" }).click();
  await page.getByRole("heading", { name: /^Off since/ }).waitFor();
}

/** Single sign-on by a document: refused, taken, looked at; then with a second key of ours. */
async function connect(page) {
  await page.getByRole("link", { name: "Single sign-on", exact: true }).click();
  await page.getByLabel("Name").fill("Entra");
  await page.getByLabel("SAML 2.0").check();
  await page.getByRole("button", { name: "Add connection" }).click();
  await page.getByRole("heading", { level: 1, name: "Entra" }).waitFor();
  assert.equal(await page.getByRole("button", { name: /^Copy/ }).count(), 0);
  for (const [text, said] of [["no document", "Not saved"], [metadataDocument(), "Ready to be tested"]]) {
    await page.getByLabel("Metadata document").check();
    await page.getByLabel("Or its content").fill(text);
    await page.getByRole("button", { name: "Save and read metadata" }).click();
    await page.getByRole("heading", { name: said }).waitFor();
  }
  await page.getByText("https://login.contoso.example/entity").waitFor();
  await look(page, "without-script-sso");
  await page.getByLabel("Name ID", { exact: true }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Changes saved").waitFor();
  assert(await page.getByLabel("Name ID", { exact: true }).isChecked());
  await page.getByRole("link", { name: "Sign-in log" }).click();
  await page.getByRole("heading", { level: 1, name: "Sign-in log" }).waitFor();
  await page.goto(`${BASE}/sso`);
  await page.getByRole("heading", { name: "Our keys" }).click();
  await page.getByRole("button", { name: "Make a new key" }).click();
  await page.getByText("Decrypts. Signs when you remove the older one").waitFor();
  await page.getByRole("button", { name: /^Remove the key/ }).last().click();
  await page.getByText("Key removed").waitFor();
  assert.equal(await page.getByText("Decrypts. Signs when you remove the older one").count(), 0);
}
