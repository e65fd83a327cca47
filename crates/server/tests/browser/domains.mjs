// Domains: added, looked for in vain, verified, missed and removed; and what holds for addresses outside of them.
import assert from "node:assert/strict";

import { CONTOSO, Entra, ageRows, journey, makeAdmin, makeTenant, publish, see, signIn } from "./lib.mjs";

const DOMAINS = `/t/${CONTOSO}/settings/user-authentication/domains`;
const LONG = "informationstechnik-und-digitalisierung.hohenstein-wuerttemberg.contoso.example";
const HOSTILE = "v=spf1 include:_spf.contoso.example <script>alert(1)</script> -all";

await journey(async (visitor) => {
  await makeTenant();
  const page = await visitor();
  await signIn(page, await makeAdmin());
  const entra = await connect(page);
  await entra.bring({ userName: "guest@fabrikam.example", name: "Guest of Fabrikam" });

  await page.getByRole("link", { name: "Domains", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Domains" }).waitFor();
  await page.getByRole("heading", { name: "No domain yet" }).waitFor();
  await see(page, "domains-none");
  await add(page, "ana@contoso.example");
  await page.getByRole("alert").filter({ hasText: "behind the @" }).waitFor();
  await see(page, "domains-refused");
  await add(page, "gmail.com");
  await page.getByRole("alert").filter({ hasText: "no company's own" }).waitFor();

  // The record is not there, is another, and is there.
  await add(page, "Contoso.example");
  await page.getByRole("heading", { level: 1, name: "contoso.example" }).waitFor();
  await page.getByRole("heading", { name: "Waiting for the record" }).waitFor();
  await see(page, "domain-pending");
  const [name, value] = [await copied(page, "record-name"), await copied(page, "record-value")];
  assert.equal(name, "_rollcall-challenge.contoso.example");
  await check(page);
  await page.getByRole("heading", { name: "The record was not found" }).waitFor();
  await page.getByText(`There is no name ${name}`).waitFor();
  await see(page, "domain-not-found");
  await publish(name, HOSTILE);
  await check(page);
  await page.getByText(HOSTILE).waitFor();
  await page.getByText("Other TXT records are there, ours is not").waitFor();
  await page.getByText("Not ours", { exact: true }).waitFor();
  await see(page, "domain-other-records");
  await publish(name, value);
  await check(page);
  await page.getByRole("heading", { name: "Verified", exact: true }).waitFor();
  await page.getByText("Matches", { exact: true }).waitFor();
  await see(page, "domain-verified");

  // A page that is open learns by itself that the record has gone.
  const other = await visitor({ storageState: await page.context().storageState() });
  await other.goto(page.url());
  await publish(name, "");
  await check(page);
  await other.getByRole("heading", { name: "The record is gone" }).waitFor({ timeout: 20_000 });
  await see(page, "domain-missing");

  await page.goto(DOMAINS);
  await add(page, LONG);
  await see(page, "domain-long");
  await page.goto(DOMAINS);
  await page.getByText("The record is gone").waitFor();
  await see(page, "domains");

  // Who is outside; then nobody else comes in.
  await page.getByRole("link", { name: "Show people outside" }).click();
  await page.getByRole("heading", { level: 1, name: "People outside of your domains" }).waitFor();
  await page.getByRole("link", { name: "Guest of Fabrikam" }).waitFor();
  await see(page, "domains-outside");
  await page.goto(DOMAINS);
  await page.getByRole("radio", { name: "Refuse" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Changes saved").waitFor();
  assert(await page.getByRole("radio", { name: "Refuse" }).isChecked());

  // After two weeks the domain does not count any more.
  await ageRows("email_domain", 15 * 86_400);
  await page.getByRole("link", { name: "contoso.example", exact: true }).click();
  await check(page);
  await page.getByRole("heading", { name: "Not verified any more" }).waitFor();
  await see(page, "domain-expired");
  await page.getByRole("link", { name: "Remove" }).click();
  await page.getByRole("heading", { level: 1, name: "Remove contoso.example?" }).waitFor();
  await see(page, "domain-remove");
  await page.getByRole("button", { name: "Remove domain" }).click();
  await page.getByText("Domain removed").waitFor();
});

/** Switches provisioning on; gives an identity provider that has the values. */
async function connect(page) {
  await page.goto(`/t/${CONTOSO}/settings/user-authentication/provisioning`);
  await page.getByRole("switch", { name: "User provisioning status" }).click();
  await page.locator("#switch").getByRole("button", { name: "Save changes" }).click();
  const values = [await copied(page, "url"), await copied(page, "token")];
  await page.getByLabel(/^I have saved/).check();
  await page.getByRole("button", { name: "Done" }).click();
  return new Entra(...values);
}

async function add(page, domain) {
  await page.getByLabel("Domain", { exact: true }).fill(domain);
  await page.getByRole("button", { name: "Add domain" }).click();
}

async function check(page) {
  await page.getByRole("button", { name: "Check now" }).click();
}

/** The value of a field that is to be copied. */
async function copied(page, id) {
  return (await page.locator(`#${id}`).innerText()).replace(/\s/g, "");
}
