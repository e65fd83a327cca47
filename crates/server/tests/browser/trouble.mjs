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
  const owner = await makeAdmin();
  const page = await visitor();
  await signIn(page, owner);
  const notify = async (address) => {
    await page.goto(PAGE);
    await page.getByLabel("Notification addresses").fill(address);
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("Changes saved").waitFor();
  };
  await notify("it-on-call@contoso.example");

  const banner = page.getByRole("heading", { level: 2 }).first();
  const isTold = (words) => until(words, async () => {
    await page.goto(PAGE);
    return (await banner.innerText()).startsWith(words);
  });

  // In the second cycle some changes are refused, one of them again and again.
  const entra = new Entra(base_url, token);
  const people = await firstSync(entra);
  await ageActivity(HOUR);
  await fails(entra, people);
  await isTold("Degraded: 7 of 40 changes failed in the last 24 hours (17 %)");
  await page.getByText("The 3 most common causes are below. 5 people and groups are affected; everyone else is up to date").waitFor();
  const causes = page.getByRole("list").filter({ has: page.getByRole("link", { name: /^Show them/ }) }).getByRole("listitem");
  assert.deepEqual(await causes.getByRole("heading").allInnerTexts(), ["A required value is empty", "A value does not fit", "User name taken"]);
  assert.match(await causes.first().innerText(), /^2\s+affected[^]*Your IdP admin’s: fill in the field/);
  await see(page, "degraded");
  await picture(page, "degraded");
  await page.getByRole("link", { name: /^Show them.*User name taken$/ }).click();
  await page.getByText("Only requests that ended with “Refused: user name taken”.").waitFor();
  assert.deepEqual(await page.locator("tbody .row-link").allInnerTexts(), Array(3).fill("Create a person"));
  await see(page, "degraded-log");
  await page.goto(BASE);
  await page.getByRole("article", { name: "User provisioning" }).getByText("Degraded", { exact: true }).waitFor();
  await see(page, "degraded-overview");

  // Many fail at once: what Entra will make of it is told before it does.
  for (let number = 0; number < 250; number += 1) {
    await entra.send("POST", "/Users", { schemas: [USER], userName: "person0@contoso.example", displayName: `Pia ${number}` });
  }
  await isTold("Quarantine likely");
  await page.getByText(/^At this rate Entra will quarantine the job in about \d+ hours, because by then more than 5,000/).waitFor();
  await see(page, "quarantine-likely");

  // Entra comes once a day, and changes go on failing.
  for (let day = 0; day < 2; day += 1) {
    await ageActivity(DAY);
    await fails(entra, people);
  }
  await isTold("Quarantine: Entra comes once a day");
  await page.getByText(/^In quarantine Entra comes once a day\. It disables the job on \d+ \w+ \d{4} unless/).waitFor();
  await see(page, "quarantine");
  await page.goto(BASE);
  await page.getByRole("article", { name: "User provisioning" }).getByText("Quarantine", { exact: true }).waitFor();
  await page.goto(`${BASE}/audit?by=system`);
  await until("a mail about it", async () => {
    await page.reload();
    return page.getByText("Mailed 1 address: Entra slows down").isVisible();
  }, LOOKED_AT);

  // Nothing is good any more.
  await command(["token", "revoke", token_id, "--tenant", CONTOSO]);
  await until("the token to open nothing", async () => (await entra.testConnection()).status === 401);
  await isTold("Entra is being refused since");
  await page.getByText(/^1 request, the last .*The token is revoked\. Your IdP admin’s: /).waitFor();
  await see(page, "refused");
  await page.getByRole("link", { name: "Create token" }).click();
  await page.getByRole("button", { name: "Create token" }).click();
  const fresh = (await page.locator("#token").innerText()).replace(/\s/g, "");

  // A cycle without failures, a day later.
  await ageActivity(DAY + HOUR);
  const renewed = new Entra(base_url, fresh);
  await renewed.patch(`/Users/${people[1]}`, [{ op: "Replace", path: "title", value: "Editor" }]);
  await page.getByLabel(/^I have saved/).check();
  await isTold("Healthy");
  await page.goto(BASE);
  await page.getByRole("article", { name: "User provisioning" }).getByText("Healthy", { exact: true }).waitFor();
});

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
