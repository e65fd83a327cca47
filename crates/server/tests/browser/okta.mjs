// Okta instead of Entra, and a provider that nobody has named: their own guides, and the same two values.
import assert from "node:assert/strict";

import { CONTOSO, Entra, ageActivity, journey, makeAdmin, makeTenant, picture, see, signIn } from "./lib.mjs";

const MINUTE = 60;

await journey(async (visitor) => {
  await makeTenant();
  const page = await visitor();
  await signIn(page, await makeAdmin());
  const [url, token] = await switchOn(page);

  const guide = await visitor({ storageState: await page.context().storageState() });
  await guide.goto(`/t/${CONTOSO}/settings/user-authentication/guide`);
  await guide.getByRole("heading", { level: 1, name: "Set up Okta" }).waitFor();
  await step(guide, "paste", "Not yet");

  await new Entra(url, token).converse("okta");
  for (const name of ["paste", "test", "assign", "push-groups", "members", "disable"]) await step(guide, name, "Seen");
  await see(guide, "guide-okta");
  await picture(guide, "okta-guide");

  await ageActivity(6 * MINUTE);
  await page.locator("[data-live] .banner h2", { hasText: "Healthy" }).waitFor();
  const told = await page.locator("main [data-live], main header").allInnerTexts();
  assert.doesNotMatch(told.join("\n"), /Entra/);
  await see(page, "provisioning-healthy-okta");

  await guide.getByRole("link", { name: "Another provider" }).click();
  await guide.getByRole("heading", { level: 1, name: "Set up another provider" }).waitFor();
  await see(guide, "guide-other");
});

function step(guide, name, word) {
  return guide.locator(`#${name} .step-head`, { hasText: word }).waitFor();
}

/** Gives the two values. */
async function switchOn(page) {
  await page.getByRole("link", { name: "Configure SSO & User provisioning" }).click();
  await page.getByRole("switch", { name: "User provisioning status" }).click();
  await page.getByLabel("Okta", { exact: true }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("heading", { name: "Values for Okta" }).waitFor();
  await see(page, "provisioning-once-okta");
  await picture(page, "okta-once", page.getByRole("form", { name: "Values for Okta" }));
  const values = [await page.locator("#url").innerText(), await page.locator("#token").innerText()];
  await page.getByLabel("I have saved the token").check();
  await page.getByRole("button", { name: "Done" }).click();
  return values;
}
