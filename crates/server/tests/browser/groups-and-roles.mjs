// Groups and roles: nothing yet, rules without script, a preview, two admins at once, and what people's pages say.
import assert from "node:assert/strict";

import { CONTOSO, Entra, commandJson, journey, makeAdmin, overflow, see, signIn } from "./lib.mjs";

const BASE = `/t/${CONTOSO}/settings/user-authentication`;
const AT = `${BASE}/roles`;
const LONG = "Vertriebsinnendienst Deutschland Nordost 2026";

await journey(async (visitor) => {
  const { token, base_url } = await commandJson(["tenant", "create", CONTOSO, "--name", "Contoso", "--with-token"]);
  const [owner, admin] = [await makeAdmin(), await makeAdmin({ email: "bob@contoso.example", name: "Bob Fernández", role: "admin" })];
  const page = await visitor();
  await signIn(page, owner);
  await page.getByRole("link", { name: "Configure SSO & User provisioning" }).click();
  await page.getByRole("link", { name: "Groups & roles" }).click();
  await page.getByRole("heading", { name: "No groups yet" }).waitFor();
  await see(page, "roles-empty");

  const entra = new Entra(base_url, token);
  const ids = [];
  for (let number = 0; number < 24; number += 1) {
    ids.push((await entra.bring({ userName: `person${number}@contoso.example`, name: `Person ${number}` })).body.id);
  }
  const engineers = (await entra.bringGroup("Engineering", ids.slice(0, 3))).body.id;
  await entra.bringGroup(LONG, ids.slice(2, 12));
  await entra.bringGroup("All staff", [...ids.slice(12), engineers]);

  const plain = await visitor({ javaScriptEnabled: false });
  await signIn(plain, admin);
  await makesRules(plain);
  await seesWhatChanges(page, ids);
  await savesSecond(page, plain);

  await page.goto(`${BASE}/directory/people/${ids[0]}`);
  await page.getByText("because of the group Engineering").waitFor();
  await see(page, "roles-person");
  await page.goto(`${BASE}/directory/groups/${engineers}`);
  await page.getByText("Admin by rule 1", { exact: true }).waitFor();
  await see(page, "roles-group");

  const auditor = await visitor();
  await signIn(auditor, await makeAdmin({ email: "audit@contoso.example", name: "Aino Virtanen", role: "auditor" }));
  await auditor.goto(AT);
  await auditor.getByText("Auditors can see settings and not change them.").waitFor();
  assert.equal(await auditor.getByRole("combobox").count(), 0);
  await see(auditor, "roles-auditor");
});

/** By plain forms: a search, rules in another order, one by name, and the Enter key. */
async function makesRules(page) {
  await page.goto(AT);
  await page.getByLabel("Name or ID").fill("engin");
  await page.getByLabel("Name or ID").press("Enter");
  await page.getByRole("button", { name: "Add a rule for Engineering" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a rule for All staff" }).count(), 0);
  await page.getByLabel("Role it gives").selectOption("Admin");
  await page.getByRole("button", { name: "Add a rule for Engineering" }).click();
  await page.getByText("Not saved yet.").waitFor();
  await page.getByText("In rule 1").waitFor();
  await page.getByLabel("Name or ID").fill("");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByLabel("Role it gives").selectOption("Member");
  await page.getByRole("button", { name: `Add a rule for ${LONG}` }).click();
  await page.getByLabel("Name of the group").fill("Contractors");
  await page.getByLabel("Name of the group").press("Enter");
  await page.getByText("The rule will match later").waitFor();
  await page.getByRole("button", { name: "Move up rule 3" }).click();
  await page.getByRole("heading", { name: "2. Any group named “Contractors”" }).waitFor();
  assert(await page.getByRole("button", { name: "Move up rule 1" }).isDisabled());
  await overflow(page);
  await page.getByRole("button", { name: "Preview changes" }).click();
  await page.getByText("9 people gain Member, 3 gain Admin. In all, 12 people change.").waitFor();
  await page.getByRole("button", { name: "Save rules" }).first().click();
  await page.getByText("Rules saved.").waitFor();
}

/** With script: rules that decide nothing, everybody else, and the first twenty of those who change. */
async function seesWhatChanges(page, ids) {
  await page.goto(AT);
  await page.getByRole("heading", { name: "1. Engineering" }).waitFor();
  assert(await page.getByRole("button", { name: "Preview changes" }).isDisabled());
  await page.getByLabel("Role it gives").selectOption("Admin");
  await page.getByLabel("Name of the group").fill("Engineering");
  await page.getByRole("button", { name: "Add by name" }).click();
  await page.getByText("Has no effect: rule 1 already covers all its members.").waitFor();
  await see(page, "roles-draft");
  await page.getByLabel("Role of everybody else").selectOption("Member");
  await page.getByLabel("Role of rule 1").selectOption("Member");
  await page.getByRole("button", { name: "Preview changes" }).click();
  await page.getByText("3 people lose Admin and become Member, 12 gain Member. In all, 15 people change.").waitFor();
  await page.getByRole("rowheader", { name: "Person 0", exact: true }).waitFor();
  assert.equal(await page.getByRole("rowheader").count(), Math.min(15, ids.length));
  await see(page, "roles-preview");
}

/** The other one saves first. */
async function savesSecond(page, other) {
  await other.goto(AT);
  await other.getByRole("button", { name: "Remove rule 3" }).click();
  await other.getByRole("button", { name: "Preview changes" }).click();
  await other.getByRole("button", { name: "Save rules" }).first().click();
  await other.getByText("Rules saved.").waitFor();
  await page.getByRole("button", { name: "Save rules" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Somebody else saved first" }).waitFor();
  await page.getByText("Changed by Bob Fernández").waitFor();
  await see(page, "roles-conflict");
  await page.getByRole("link", { name: "Reload and keep theirs" }).click();
  await page.getByRole("heading", { name: "2. Any group named “Contractors”" }).waitFor();
  assert.equal(await page.getByRole("button", { name: /^Remove rule/ }).count(), 2);
}
