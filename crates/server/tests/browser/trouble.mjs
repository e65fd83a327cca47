// A sync that fails: explained, forecast, told by mail, and well again.
import assert from "node:assert/strict";

import {
  CONTOSO, Entra, ageActivity, command, commandJson, journey, makeAdmin, picture, see, signIn, until,
} from "./lib.mjs";

const BASE = `/t/${CONTOSO}/settings/user-authentication`;
const PAGE = `${BASE}/provisioning`;
const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const HOUR = 3600;
const DAY = 24 * HOUR;
/** How often the server looks whether there is something to tell, and some patience. */
const LOOKED_AT = 80;

await journey(async (visitor) => {
  const { token, token_id, base_url } =
    await commandJson(["tenant", "create", CONTOSO, "--name", "Contoso", "--with-token"]);
  const page = await visitor();
  await signIn(page, await makeAdmin());
  await asksForMail(page);
  const entra = new Entra(base_url, token);
  const people = await firstSync(entra);
  await ageActivity(HOUR);

  await fails(entra, people);
  await isDegraded(page);
  await failsForMany(entra);
  await isForetold(page);
  await isMailed(page);

  const second = await commandJson(["token", "create", "--tenant", CONTOSO, "--label", "second"]);
  await refuse(entra, token_id);
  await isQuarantined(page);
  await refuse(new Entra(base_url, second.token), second.token_id ?? second.id);
  const fresh = await isRefused(page);
  await ageActivity(DAY + HOUR);
  await new Entra(base_url, fresh).patch(`/Users/${people[1]}`, [{ op: "Replace", path: "title", value: "Editor" }]);
  await isTold(page, "Healthy");
  await isOnTheCard(page, "Healthy");
});

/** The banner of the page, once it says this. */
function isTold(page, words) {
  return until(words, async () => {
    await page.goto(PAGE);
    return (await page.getByRole("heading", { level: 2 }).first().innerText()).startsWith(words);
  });
}

/** The overview says the same. */
async function isOnTheCard(page, state) {
  await page.goto(BASE);
  await page.getByRole("article", { name: "User provisioning" }).getByText(state, { exact: true }).waitFor();
}

async function asksForMail(page) {
  await page.goto(PAGE);
  await page.getByLabel("Notification addresses").fill("it-on-call@contoso.example");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Changes saved").waitFor();
}

/** How many, why, whose job; and the very requests. */
async function isDegraded(page) {
  await isTold(page, "Degraded: 7 of 40 changes failed in the last 24 hours (17 %)");
  await page.getByText("The 3 most common causes are below. 5 people and groups are affected;").waitFor();
  const causes = page.locator(".causes > li");
  const titles = await causes.getByRole("heading").allInnerTexts();
  assert.deepEqual(titles, ["A required value is empty", "A value does not fit", "User name taken"]);
  assert.match(await causes.first().innerText(), /^2\s+affected[^]*Your IdP admin’s: fill in the field/);
  await see(page, "degraded");
  await picture(page, "degraded");
  await page.getByRole("link", { name: /^Show them.*User name taken$/ }).click();
  await page.getByText("Only requests that ended with “Refused: user name taken”.").waitFor();
  assert.deepEqual(await page.locator("tbody .row-link").allInnerTexts(), Array(3).fill("Create a person"));
  await see(page, "degraded-log");
  await isOnTheCard(page, "Degraded");
  await see(page, "degraded-overview");
}

/** What Entra will make of it is told before it does. */
async function isForetold(page) {
  await isTold(page, "Quarantine likely");
  await page.getByText(/^At this rate Entra will quarantine the job in about \d+ hours, because by then more/).waitFor();
  await see(page, "quarantine-likely");
  await isOnTheCard(page, "Quarantine likely");
}

/** Takes a token from somebody who goes on with it. */
async function refuse(entra, id) {
  await command(["token", "revoke", id, "--tenant", CONTOSO]);
  await until("the token to open nothing", async () => (await entra.testConnection()).status === 401);
}

/** Another token is live, and Entra comes with the one that is not. */
async function isQuarantined(page) {
  await isTold(page, "Quarantine: Entra comes once a day");
  await see(page, "quarantine");
  await isOnTheCard(page, "Quarantine");
}

async function isMailed(page) {
  await page.goto(`${BASE}/audit?by=system`);
  await until("a mail about it", async () => {
    await page.reload();
    return page.getByText("Mailed 1 address: Entra slows down").isVisible();
  }, LOOKED_AT);
}

/** No token is good any more; gives a new one. */
async function isRefused(page) {
  await isTold(page, "Entra is being refused since");
  await page.getByText(/^1 request, the last .*The token is revoked\. Your IdP admin’s: /).waitFor();
  await see(page, "refused");
  await page.getByRole("link", { name: "Create token" }).click();
  await page.getByRole("button", { name: "Create token" }).click();
  const token = (await page.locator("#token").innerText()).replace(/\s/g, "");
  await page.getByLabel(/^I have saved/).check();
  return token;
}

/** Thirty people and a group; gives the ids of the people. */
async function firstSync(entra) {
  await entra.testConnection();
  const ids = [];
  for (let number = 0; number < 30; number += 1) {
    ids.push((await entra.bring({ userName: `person${number}@contoso.example`, name: `Person ${number}` })).body.id);
  }
  await entra.bringGroup("Editors", ids.slice(0, 3));
  return ids;
}

/** So many in an hour that, if it goes on, 5,000 do within a day. */
async function failsForMany(entra) {
  for (let number = 0; number < 250; number += 1) {
    const pia = { schemas: [USER], userName: "person0@contoso.example", displayName: `Pia ${number}` };
    assert.equal((await entra.send("POST", "/Users", pia)).status, 409);
  }
}

/** A user name that is taken, three times; two people without one; values that are neither true nor false. */
async function fails(entra, people) {
  const answers = [];
  for (let time = 0; time < 3; time += 1) {
    answers.push(await entra.bring({ userName: "person0@contoso.example", name: "Pia Twice" }));
  }
  for (const displayName of ["Nina Nameless", "Noah Nameless"]) {
    answers.push(await entra.send("POST", "/Users", { schemas: [USER], displayName }));
  }
  for (const id of people.slice(0, 2)) {
    answers.push(await entra.patch(`/Users/${id}`, [{ op: "Replace", path: "active", value: "perhaps" }]));
  }
  await entra.patch(`/Users/${people[2]}`, [{ op: "Replace", path: "title", value: `Editor, ${answers.length}` }]);
  assert.deepEqual(answers.map(({ status }) => status), [409, 409, 409, 400, 400, 400, 400]);
}
