// The activity log and the audit: what happened, in words, and why.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import {
  CONTOSO, Entra, ageActivity, ageRows, command, commandJson, fillIn, journey, makeAdmin, picture, see, signIn, until,
} from "./lib.mjs";

const BASE = `/t/${CONTOSO}/settings/user-authentication`;
const LOG = `${BASE}/activity`;
const AUDIT = `${BASE}/audit`;
const LONG = "Karl-Friedrich Wolfeschlegelstein-Hausenbergerdorff von und zu Donaudampfschifffahrt";
const SCRIPT = "<script>document.title='gone'</script>";
const PASSWORD = "Tr0ub4dor&3-of-Ana";
const DAY = 86_400;

await journey(async (visitor) => {
  const { token, base_url } = await commandJson(["tenant", "create", CONTOSO, "--name", "Contoso", "--with-token"]);
  const owner = await makeAdmin();
  const page = await visitor();
  await page.goto(`/t/${CONTOSO}/settings`);
  await fillIn(page, { ...owner, password: "not hers" });
  await page.getByRole("alert").waitFor();
  await signIn(page, owner);
  const row = (words) => page.locator("tr", { has: page.getByRole("link", { name: words, exact: true }) });

  await page.goto(LOG);
  await page.getByRole("heading", { name: "No requests yet" }).waitFor();
  await see(page, "activity-empty");

  // What Entra does is told in words, whoever it is about.
  const entra = new Entra(base_url, token);
  const ana = await cycle(entra);
  await page.reload();
  const added = row("Added Ana Ruiz to Editors");
  await added.getByText("Done", { exact: true }).waitFor();
  assert.match(await added.innerText(), /\d\sms/);
  await row("Created a person").filter({ hasText: SCRIPT }).waitFor();
  await row("Tested the connection").waitFor();
  await see(page, "activity");
  await picture(page, "activity-log");

  // What changed, and what was sent but for its secrets.
  await row("Changed a person").filter({ hasText: "Ana Ruiz" }).getByRole("link", { name: "Changed a person" }).click();
  const title = page.locator("table.diff tr", { hasText: "Title" });
  assert.deepEqual(await title.getByRole("cell").allInnerTexts(), ["Editor", "Editor in chief"]);
  assert.match(await page.getByRole("region", { name: "Request" }).innerText(), /^PATCH \/.*Editor in chief/s);
  await see(page, "activity-opened");
  await page.goto(`${LOG}?target=${ana}&action=created`);
  await page.getByRole("link", { name: "Created a person" }).click();
  const sent = await page.getByRole("region", { name: "Request" }).innerText();
  assert(sent.includes("Ana Ruiz") && !sent.includes(PASSWORD), sent);

  // Why it was refused, what to do, and whose job that is.
  await page.goto(`${LOG}?outcome=refused`);
  await page.getByRole("link", { name: "Create a person" }).first().click();
  await page.getByRole("heading", { name: "Why" }).waitFor();
  await page.getByRole("heading", { name: /^Your IdP admin.s: / }).waitFor();
  await see(page, "activity-why");
  const id = await page.locator("dd.mono[id]").innerText();
  await page.getByRole("link", { name: "Link to this request" }).click();
  await page.getByRole("heading", { level: 1, name: "Create a person" }).waitFor();
  assert.equal(await page.locator("dd.mono[id]").innerText(), id);
  await see(page, "activity-entry");
  await picture(page, "activity-why");

  await narrowsDown(page);
  await isLive(page, entra);
  await folds(page, entra);
  await isKeptAsAFile(page);
  await saysWhoIsRefused(page, base_url, token);
  await reachesBackSoFar(page);
  await audits(page);
});

/** A first sync; gives the id of Ana Ruiz. */
async function cycle(entra) {
  await entra.testConnection();
  const ana = (await entra.send("POST", "/Users", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    userName: "ana@contoso.example", displayName: "Ana Ruiz", title: "Editor", password: PASSWORD,
  })).body.id;
  await entra.bring({ userName: "karl-friedrich.wolfeschlegelstein@contoso.example", name: LONG });
  await entra.bring({ userName: "script@contoso.example", name: SCRIPT });
  await entra.bringGroup("Editors", [ana]);
  await entra.patch(`/Users/${ana}`, [{ op: "Replace", path: "title", value: "Editor in chief" }]);
  assert.equal((await entra.bring({ userName: "ana@contoso.example", name: "Ana Ruiz the second" })).status, 409);
  return ana;
}

/** By fields and by words; the address is a link to what is shown. */
async function narrowsDown(page) {
  await page.goto(LOG);
  await page.getByLabel("Result").selectOption({ label: "Refused" });
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/outcome=refused/);
  const words = await page.locator("tbody .row-link").allInnerTexts();
  assert.deepEqual(words, ["Create a person"]);
  await page.goto(page.url());
  assert.equal(await page.getByLabel("Result").inputValue(), "refused");
  assert.deepEqual(await page.locator("tbody .row-link").allInnerTexts(), words);

  await page.getByLabel("Result").selectOption({ label: "All results" });
  await page.getByLabel("Action").selectOption({ label: "Members" });
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/action=members/);
  assert.deepEqual(await page.locator("tbody .row-link").allInnerTexts(), ["Added Ana Ruiz to Editors"]);

  await page.goto(LOG);
  await page.getByLabel("Person, group or request ID").fill("wolfeschlegel");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/q=wolfeschlegel/);
  assert(!(await page.locator("tbody").allInnerTexts()).join().includes("Ana Ruiz"));
  await page.locator("tbody tr", { hasText: LONG }).first().waitFor();
}

/** New rows come by themselves, unless one wants to read. */
async function isLive(page, entra) {
  await page.goto(LOG);
  const row = (name) => page.locator("#rows tr", { hasText: name }).first();
  await entra.bring({ userName: "live@contoso.example", name: "Liv Strand" });
  await row("Liv Strand").waitFor();
  await page.getByRole("button", { name: "Pause updates" }).click();
  await entra.bring({ userName: "paused@contoso.example", name: "Paul Zeman" });
  await page.waitForTimeout(4000);
  assert.equal(await row("Paul Zeman").count(), 0);
  await page.getByRole("button", { name: "Pause updates" }).click();
  await row("Paul Zeman").waitFor();
}

/** The rows of a cycle stand under its heading. */
async function folds(page, entra) {
  await ageActivity(2 * 3600);
  await entra.bring({ userName: "later@contoso.example", name: "Lea Later" });
  await page.goto(LOG);
  await page.getByRole("link", { name: "Lea Later" }).waitFor();
  const cycles = page.getByRole("link", { name: /^Fold/ });
  assert.equal(await cycles.count(), 2);
  await cycles.last().click();
  await page.waitForURL(/fold=/);
  assert.equal(await page.getByText("Added Ana Ruiz to Editors").count(), 0);
  await page.getByRole("link", { name: "Lea Later" }).waitFor();
  await see(page, "activity-folded");
  await page.getByRole("link", { name: /^Show its rows/ }).click();
  await page.getByRole("link", { name: "Added Ana Ruiz to Editors" }).waitFor();
}

/** What is shown, in both formats. */
async function isKeptAsAFile(page) {
  await page.goto(LOG);
  const csv = await download(page, "Export CSV", "activity-contoso.csv");
  assert.match(csv, /^\uFEFFtime,what,about,.*\r\n/);
  assert.match(csv, /,Added Ana Ruiz to Editors,Editors,Group,/);
  await page.goto(`${LOG}?outcome=refused`);
  const rows = lines(await download(page, "Export NDJSON", "activity-contoso.ndjson"));
  const told = rows.map(({ cause, whose_job, status }) => [cause, whose_job, status]);
  assert.deepEqual(told, [["user_name_taken", "idp_admins", 409]]);
}

async function download(page, button, name) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: button }).click()]);
  assert.equal(file.suggestedFilename(), name);
  return readFile(await file.path(), "utf8");
}

function lines(ndjson) {
  return ndjson.trim().split("\n").map((line) => JSON.parse(line));
}

/** Whoever is refused hears the same each time; the admin is told why. */
async function saysWhoIsRefused(page, url, token) {
  const second = await commandJson(["token", "create", "--tenant", CONTOSO, "--label", "Old"]);
  await command(["token", "revoke", second.token_id, "--tenant", CONTOSO]);
  const other = await commandJson(["tenant", "create", "fabrikam", "--name", "Fabrikam", "--with-token"]);
  const table = [
    [undefined, "no token"],
    [`Bearer "${token}"`, "quotes around the token"],
    [`Bearer Bearer ${token}`, "“Bearer” stands twice"],
    [`Bearer ${token.slice(0, -5)}`, "the token is cut short"],
    [`Bearer ${second.token}`, "the token is revoked"],
    [`Bearer ${other.token}`, "another organization’s token"],
  ];
  const answers = [];
  for (const [Authorization] of table) {
    const answer = await fetch(`${url}/Users`, { headers: Authorization ? { Authorization } : {} });
    answers.push([answer.status, answer.headers.get("www-authenticate"), await answer.text()]);
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.equal(answers[0][0], 401);

  await page.goto(`${LOG}?only=failed`);
  for (const [, why] of table) await page.getByText(`Refused: ${why}`).first().waitFor();
  await see(page, "activity-refused");
}

/** What is too old is not there, and the page says so. */
async function reachesBackSoFar(page) {
  await ageActivity(3 * DAY);
  await page.goto(LOG);
  await page.getByLabel("Range").selectOption({ label: "Last 24 hours" });
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("heading", { name: "No requests in this range" }).waitFor();
  await page.getByText(/^The last one of all was on \d/).waitFor();
  await see(page, "activity-range-empty");
  await ageRows("tenant", 40 * DAY);
  await page.goto(LOG);
  await until("the edge of what is kept", async () => {
    await page.reload();
    return page.getByText("Older entries were removed under your 30-day setting.").isVisible();
  });
}

/** What admins and the service did. */
async function audits(page) {
  await page.goto(`${BASE}/provisioning`);
  await page.getByLabel("Notification addresses").fill("it@contoso.example");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Changes saved").waitFor();
  await page.goto(`${BASE}/provisioning/off`);
  await page.getByLabel("Disable them all").check();
  await page.getByRole("button", { name: "Turn off" }).click();
  await page.getByRole("heading", { name: /^Off since/ }).waitFor();

  await page.goto(AUDIT);
  const row = (words) => page.getByRole("row").filter({ has: page.getByRole("link", { name: words }) });
  await row("Switched user provisioning off and began to disable").getByText("Ana Kovač").waitFor();
  await row("Created token Old").getByText("Support").waitFor();
  await row("Changed who is notified").getByRole("link").click();
  const notified = page.locator("table.diff tr", { hasText: "it@contoso.example" });
  assert.match((await notified.getByRole("cell").allInnerTexts()).join("|"), /^empty\|/);
  await see(page, "audit");

  // What the service does by itself stands there too.
  await page.getByLabel("By").selectOption({ label: "The service" });
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/by=system/);
  await row("Refused 1 try to sign in as Ana Kovač").getByText("The service itself").waitFor();
  await page.getByLabel("By").selectOption({ label: "All" });
  await page.getByLabel("About").selectOption({ label: "Tokens" });
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/about=/);
  const deeds = await page.locator("tbody .row-link").allInnerTexts();
  assert.deepEqual(deeds.map((deed) => deed.split(" (")[0]), ["Revoked token Old", "Created token Old", "Created token first"]);
  await see(page, "audit-tokens");

  const csv = await download(page, "Export CSV", "audit-contoso.csv");
  assert.match(csv, /,Revoked token Old,Support,/);
  assert(!csv.includes("Switched user provisioning off"));
  await page.goto(`${AUDIT}?by=everybody`);
  const all = lines(await download(page, "Export NDJSON", "audit-contoso.ndjson"));
  const added = all.find(({ sentence }) => sentence === "Added Ana Ruiz to Editors");
  assert.equal(added.by, "Token first");
}
