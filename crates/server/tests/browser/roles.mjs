// Who may do what: an auditor, an admin, whoever comes by a setup link, and the people of another tenant.
import assert from "node:assert/strict";

import {
  CONTOSO, Entra, commandJson, fillIn, journey, makeAdmin, makeSetupLink, makeTenant, see, signIn, stage,
} from "./lib.mjs";

const FABRIKAM = "fabrikam";
const BASE = `/t/${CONTOSO}/settings/user-authentication`;
const PAGE = `${BASE}/provisioning`;
const WHY_NOT = "Auditors can see settings and not change them. An owner or an admin can.";

await journey(async (visitor) => {
  const { token, base_url } = await commandJson(["tenant", "create", CONTOSO, "--name", "Contoso", "--with-token"]);
  const entra = new Entra(base_url, token);
  await entra.bring({ userName: "ana@contoso.example", name: "Ana Ruiz" });
  await entra.bring({ userName: "ana@contoso.example", name: "Ana Ruiz the second" });

  const auditor = await visitor();
  await signIn(auditor, await makeAdmin({ email: "audit@contoso.example", name: "Aino Virtanen", role: "auditor" }));
  await seesWithoutChanging(auditor);
  await isRefusedWhateverIsSent(auditor, entra);

  const admin = await visitor();
  await signIn(admin, await makeAdmin({ email: "bob@contoso.example", name: "Bob Fernández", role: "admin" }));
  const request = await changes(admin);

  await comesByLink(visitor);
  await staysOut(visitor, admin, request);
});

/** The pages are whole, and say why nothing on them can be changed. */
async function seesWithoutChanging(page) {
  await page.goto(PAGE);
  assert.equal(await page.getByText(WHY_NOT).count(), 2);
  assert(await page.getByRole("switch", { name: "User provisioning status" }).isDisabled());
  assert(await page.getByLabel("Keep the activity log for").isDisabled());
  assert.equal(await page.getByLabel("Notification addresses").getAttribute("readonly"), "");
  await page.getByRole("rowheader", { name: "first" }).waitFor();
  for (const deed of ["Save changes", "New token", "New OAuth client", "Revoke", "Pause", "Turn off"]) {
    assert.equal(await page.locator("main").getByText(deed, { exact: true }).count(), 0, deed);
  }
  await see(page, "auditor-provisioning");

  await page.goto(`${BASE}/guide`);
  await page.getByText(WHY_NOT).waitFor();
  await page.goto(`${BASE}/activity?outcome=refused`);
  await page.getByRole("link", { name: "Create a person" }).click();
  await page.getByText("Auditors do not see what was sent and answered.").waitFor();
  assert.equal(await page.getByRole("region").count(), 0);
  assert(!(await page.content()).includes("externalId"));
  await see(page, "auditor-activity");
  await page.goto(`${BASE}/audit`);
  await page.getByRole("link", { name: "Created the workspace" }).waitFor();
}

/** A form that no page offered is refused, and changes nothing. */
async function isRefusedWhateverIsSent(page, entra) {
  const csrf = await page.locator("form.sign-out [name=csrf]").first().inputValue();
  const form = { csrf, enabled: "off", seen: "0", key: "k".repeat(32), people: "keep", label: "mine", expires: "never" };
  const below = ["", "/off", "/pause", "/resume", "/tokens", "/clients"].map((path) => `/provisioning${path}`);
  for (const path of [...below, "/guide"]) {
    const answer = await page.request.post(BASE + path, { form, headers: { Origin: stage.root }, maxRedirects: 0 });
    assert.equal(answer.status(), 403, path);
    assert((await answer.text()).includes(WHY_NOT), path);
  }
  assert.equal((await entra.testConnection()).status, 200);
  await page.goto(PAGE);
  assert.equal(await page.getByRole("rowheader").filter({ hasText: "scim_" }).count(), 1);
  await page.goto(`${PAGE}/tokens/new`);
  await page.getByRole("heading", { name: "You may not do this" }).waitFor();
  await page.getByText(WHY_NOT).waitFor();
  await see(page, "not-allowed");
}

/** An admin changes settings and sees what was sent; gives the address of a request. */
async function changes(page) {
  await page.goto(PAGE);
  await page.getByLabel("Notification addresses").fill("it@contoso.example");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Changes saved").waitFor();
  await page.getByRole("link", { name: "New token" }).waitFor();
  await page.goto(`${BASE}/activity?outcome=refused`);
  await page.getByRole("link", { name: "Create a person" }).click();
  assert.match(await page.getByRole("region", { name: "Request" }).innerText(), /externalId/);
  return page.getByRole("link", { name: "Link to this request" }).getAttribute("href");
}

/** The settings of one tenant, without its people; once. */
async function comesByLink(visitor) {
  const link = await makeSetupLink();
  const guest = await visitor();
  await guest.goto(link);
  await guest.getByRole("button", { name: "Open settings" }).click();
  await guest.getByRole("heading", { level: 1, name: "User authentication" }).waitFor();
  await guest.getByRole("link", { name: "Configure SSO & User provisioning" }).click();
  await guest.getByRole("link", { name: "New token" }).waitFor();
  for (const page of ["Audit", "Admins", "Your account"]) {
    assert.equal(await guest.getByRole("link", { name: page, exact: true }).count(), 0, page);
  }
  await see(guest, "setup-link-provisioning");
  for (const path of [`${BASE}/audit`, `/t/${CONTOSO}/settings/admins`, `/t/${CONTOSO}/settings/account`]) {
    assert.equal((await guest.goto(path)).status(), 403, path);
    await guest.getByText("A setup link opens the settings, and nothing about people or accounts.").waitFor();
  }
  await guest.goto(`/t/${FABRIKAM}/settings`);
  await guest.getByRole("heading", { name: `Sign in to ${FABRIKAM}` }).waitFor();

  const late = await visitor();
  await late.goto(link);
  await late.getByRole("heading", { name: "This link opens nothing any more" }).waitFor();
}

/** Neither tenant's sign-in, nor its ids, nor its forms open anything of the other. */
async function staysOut(visitor, admin, request) {
  await makeTenant({ slug: FABRIKAM, name: "Fabrikam" });
  const owner = await makeAdmin({ tenant: FABRIKAM, email: "eve@fabrikam.example", name: "Eve Okafor" });
  const eve = await visitor();
  await signIn(eve, owner);
  assert.equal((await eve.goto(request.replace(CONTOSO, FABRIKAM))).status(), 404);
  await eve.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await see(eve, "nothing-here");
  for (const path of [PAGE, `${BASE}/activity.csv`, request]) {
    await eve.goto(path);
    await eve.getByRole("heading", { name: `Sign in to ${CONTOSO}` }).waitFor();
  }
  await fillIn(eve, { email: owner.email, password: owner.password });
  await eve.getByRole("alert").filter({ hasText: "Email or password is wrong" }).waitFor();

  await eve.goto(`/t/${FABRIKAM}/settings`);
  const csrf = await eve.locator("form.sign-out [name=csrf]").first().inputValue();
  await eve.request.post(`${PAGE}/pause`, { form: { csrf }, headers: { Origin: stage.root } });
  await admin.goto(PAGE);
  assert.equal(await admin.getByRole("heading", { name: /^Paused/ }).count(), 0);
}
