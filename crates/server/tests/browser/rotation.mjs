// A token gives way to another, ends, and gives way to an OAuth client; nothing that is shown once is shown twice.
import assert from "node:assert/strict";

import {
  CONTOSO, Entra, ageActivity, ageRows, commandJson, journey, makeAdmin, picture, see, signIn, stage,
} from "./lib.mjs";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const AT = `/t/${CONTOSO}/settings/user-authentication/provisioning`;
const LOST = "Entra, from the password vault of the information technology department";
const NEW = "Entra 2027, in the vault";

await journey(async (visitor) => {
  const { token, base_url } = await commandJson(["tenant", "create", CONTOSO, "--name", "Contoso", "--with-token"]);
  const old = new Entra(base_url, token);
  await old.testConnection();
  for (const name of ["Lê Anh", "Bruno Fernandes"]) {
    await old.bring({ userName: `${name.replace(" ", ".")}@contoso.example`, name, department: "Sales" });
  }
  await old.bringGroup("Sales");

  const page = await visitor();
  await signIn(page, await makeAdmin());
  await page.goto(AT);
  await banner(page, "First sync running: 2 users, 1 group");
  await ageActivity(6 * MINUTE);
  await banner(page, "Healthy");
  await losesAnAnswer(page);
  const next = new Entra(base_url, await makeToken(page, NEW));
  await rotate(page, old, next);
  await revokeOld(page, old, next);
  await runOut(page, next);
  await replaceByClient(page, base_url);
});

function banner(page, name) {
  return page.locator("[data-live] .banner h2", { hasText: name }).waitFor();
}

function row(page, label) {
  return page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: label }) });
}

/** The answer to the form is lost on its way, and the form is sent once more. */
async function losesAnAnswer(page) {
  await page.getByRole("link", { name: "New token" }).click();
  await page.getByLabel("Label").fill(LOST);
  await see(page, "token-new");
  await page.route("**/provisioning/tokens", async (route) => {
    await route.fetch();
    await route.abort("aborted");
  }, { times: 1 });
  const failed = page.waitForEvent("requestfailed");
  await page.getByRole("button", { name: "Create token" }).click();
  await failed;
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByRole("heading", { level: 1, name: "Created, but shown already" }).waitFor();
  await page.getByText(LOST).waitFor();
  await see(page, "token-shown-already");
  // Nobody has used it, so nothing is to be typed.
  await page.getByRole("link", { name: "Revoke it" }).click();
  await page.getByText("Nobody uses it").waitFor();
  await page.getByRole("button", { name: "Revoke token" }).click();
  await row(page, "first").waitFor();
  assert.equal(await row(page, LOST).count(), 0, "no second token was made");
}

/** Gives the token that is shown. */
async function makeToken(page, label) {
  await page.getByRole("link", { name: "New token" }).click();
  await page.getByLabel("Label").fill(label);
  await page.getByLabel("90 days").check();
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByText("Token shown once").waitFor();
  await see(page, "token-once");
  return saveSecret(page);
}

async function saveSecret(page) {
  await page.getByText("Secret shown once").or(page.getByText("Token shown once")).waitFor();
  const secret = (await page.locator("#token").innerText()).trim();
  await page.getByLabel("I have saved the").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("heading", { name: "Tokens", exact: true }).waitFor();
  return secret;
}

async function rotate(page, old, next) {
  await banner(page, "Rotating: two tokens are live");
  await row(page, NEW).getByText("Not used yet").waitFor();
  assert(await page.getByRole("button", { name: "New token" }).isDisabled());
  await page.goto(`${AT}/tokens/new`);
  await page.getByText("Two tokens are live, which is the limit").waitFor();
  await see(page, "token-no-room");
  await page.getByRole("link", { name: "Choose one to revoke" }).click();

  await old.search("Users", "userName", "Lê.Anh@contoso.example");
  await page.getByText(/Entra still used “first” (just now|\d+\ss ago)/).first().waitFor();
  await page.getByText(`. Paste “${NEW}” in Entra`).waitFor();
  await row(page, "first").getByText("Used last").waitFor();
  await see(page, "provisioning-rotating");
  await picture(page, "entra-rotation", page.getByRole("region", { name: "Tokens" }));

  await next.search("Users", "userName", "Lê.Anh@contoso.example");
  await banner(page, `Rotating: Entra has switched to “${NEW}”`);
  await row(page, NEW).getByText("Used last").waitFor();
  await row(page, "first").getByText("Being replaced").waitFor();
  await see(page, "provisioning-switched");
}

/** What was used within a week is not revoked by accident. */
async function revokeOld(page, old, next) {
  await page.getByRole("link", { name: /^Revoke old/ }).click();
  await page.getByRole("heading", { level: 1, name: "Revoke “first”?" }).waitFor();
  await page.getByLabel("Type the last four characters").fill("zzzz");
  await page.getByRole("button", { name: "Revoke token" }).click();
  await page.getByRole("alert").filter({ hasText: "Nothing was revoked" }).waitFor();
  await page.getByText("Entra has switched to the other one").waitFor();
  await see(page, "token-revoke-refused");
  assert.equal((await old.search("Users", "userName", "x")).status, 200);
  await page.getByLabel("Type the last four characters").fill(old.token.slice(-4));
  await page.getByRole("button", { name: "Revoke token" }).click();
  await page.getByText("Revoked ones are not listed").waitFor();
  assert.equal((await old.search("Users", "userName", "x")).status, 401);
  assert.equal((await next.search("Users", "userName", "x")).status, 200);
}

async function runOut(page, next) {
  await ageRows("credential", 61 * DAY);
  await banner(page, `Token “${NEW}” expires in 28 days`);
  await see(page, "provisioning-expiring");
  await ageRows("credential", 23 * DAY);
  await banner(page, `Token “${NEW}” expires in 5 days`);
  await ageRows("credential", 5 * DAY);
  await banner(page, `Token “${NEW}” expires in 23 h`);
  await ageRows("credential", 1 * DAY);
  await banner(page, "No token is live");
  assert.equal((await next.search("Users", "userName", "x")).status, 401);
  await banner(page, "Entra is being refused since");
  await see(page, "provisioning-refused");
}

async function replaceByClient(page, base) {
  await page.getByRole("link", { name: "New OAuth client" }).click();
  await page.getByLabel("Label").fill("Entra by OAuth");
  await page.getByRole("button", { name: "Create client" }).click();
  await page.getByText("Secret shown once").waitFor();
  const id = (await page.locator("#client-id").innerText()).trim();
  await see(page, "client-once");
  const first = await saveSecret(page);
  const entra = new Entra(base, await accessToken(id, first));
  assert.equal((await entra.search("Users", "userName", "x")).status, 200);

  await page.getByRole("link", { name: "New secret for Entra by OAuth" }).click();
  await page.getByRole("button", { name: "Create secret" }).click();
  const second = await saveSecret(page);
  assert.equal(await page.getByRole("link", { name: "New secret" }).count(), 0);
  await banner(page, "Rotating: two secrets are live");
  await page.getByText(`Entra still used the secret …\u2060${first.slice(-4)}`).waitFor();
  await page.getByRole("row").filter({ hasText: `…${first.slice(-4)}` }).getByText("Used last").waitFor();
  await see(page, "provisioning-client");
  entra.token = await accessToken(id, second);
  assert.equal((await entra.search("Users", "userName", "x")).status, 200);
}

/** What Entra fetches with a client's secret. */
async function accessToken(id, secret) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret });
  const answer = await fetch(`${stage.root}/t/${CONTOSO}/oauth/token`, { method: "POST", body });
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
}
