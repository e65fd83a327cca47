// Single sign-on from nothing to a person who is out: by SAML and by OpenID Connect, with real identity providers.
import assert from "node:assert/strict";

import {
  CONTOSO, Entra, PASSWORD, commandJson, journey, makeAdmin, makeTenant, picture, publish, see, signIn, stage, until,
} from "./lib.mjs";
import { start } from "./peers/start.mjs";

const person = (number, name, upn) => {
  const [givenName, ...rest] = name.split(" ");
  const objectId = `3f2b7c9e-1111-4222-8333-00000000000${number}`;
  return { upn, objectId, name, givenName, surname: rest.join(" "), email: upn };
};
const ANA = person(1, "Ana Kovač", "ana.kovac@contoso.example");
const LE = { ...person(2, "Lê Anh", "le.anh@contoso.example"), sub: "3f2b7c9e-1111-4222-8333-000000000002" };
const BRUNO = person(3, "Bruno Fernandes", "bruno@contoso.example");
const SSO = `/t/${CONTOSO}/settings/user-authentication/sso`;
/** Within so long somebody who is disabled has to be out, on every replica. */
const OUT_MS = 1000;

await journey(async (visitor) => {
  await makeTenant();
  const owner = await makeAdmin();
  const { token } = await commandJson(["provisioning", "on", "--tenant", CONTOSO]);
  const entra = new Entra(`${stage.root}/t/${CONTOSO}/scim/v2`, token);
  const played = await playedByTheRunner(entra);
  const people = [ANA, LE, BRUNO, played];
  const saml = await start("saml", { settings: { people } });
  const oidc = await start("oidc", { settings: { people, entraClaims: true } });
  const ids = {};
  for (const { upn, name, objectId } of [ANA, LE]) {
    const brought = await entra.bring({ userName: upn, name, externalId: objectId, title: "Editor" });
    ids[upn] = brought.body.id;
  }
  await entra.bringGroup("Editors", Object.values(ids));

  const admin = await visitor();
  await signIn(admin, owner);
  await connectBySaml(admin, saml);
  await testBySaml(admin, saml, people);
  await activate(admin);
  await arriveBySaml(await visitor());
  await refuseStranger(await visitor());

  await connectByOidc(admin, oidc);
  const le = await visitor();
  await arrive(le, "Company login", LE);
  await signOutEverywhere(le);

  // Somebody whom the conversation runner has provisioned, in two browsers.
  const both = [await visitor(), await visitor()];
  await arrive(both[0], "Entra", played);
  await arrive(both[1], "Company login", played);
  await beOut(both, () => entra.disable(played.id));
  await log(admin);
  await comeFromOutside(admin);
  await verifyDomain(admin);
  await arriveByAddress(await visitor());

  await joinAccount(admin, owner);
  await enforce(admin, owner, await visitor());
});

/** Somebody of the initial cycle as Entra sends it. */
async function playedByTheRunner(entra) {
  await entra.converse("entra-b1");
  const { Resources } = (await entra.send("GET", "/Users?count=100")).body;
  const { id, externalId, userName, displayName } = Resources.find((one) => one.active && one.externalId && one.displayName);
  return { ...person(9, displayName, userName), objectId: externalId, id };
}

function title(page, name) {
  return page.getByRole("heading", { level: 1, name }).waitFor();
}

/** What the banner says; a page that moves by itself says it to screen readers as well. */
function state(page, name) {
  return page.getByRole("heading", { level: 2, name }).waitFor();
}

async function add(page, name, protocol) {
  await page.goto(SSO);
  await title(page, "Single sign-on");
  // Where there are connections the form is folded.
  const folded = page.locator("details", { has: page.getByRole("heading", { name: "Add a connection" }) });
  if (await folded.count()) await folded.locator("summary").click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel(protocol).check();
  await page.getByRole("button", { name: "Add connection" }).click();
  await title(page, name);
}

/** Adds a connection and gives it the identity provider's metadata. */
async function connectBySaml(page, saml) {
  await page.goto(SSO);
  await title(page, "Single sign-on");
  await see(page, "sso-none");
  await add(page, "Entra", "SAML 2.0");
  await see(page, "sso-draft");
  await picture(page, "sso-values");
  await page.getByRole("textbox", { name: "App Federation Metadata Url" }).fill("http://127.0.0.1:1/metadata");
  await page.getByRole("button", { name: "Save and read metadata" }).click();
  await page.getByText("Not saved").waitFor();
  assert.equal(await page.getByLabel("App Federation Metadata Url").getAttribute("aria-invalid"), "true");
  assert.equal(await page.getByText("os error").count(), 0);
  await see(page, "sso-not-saved");
  await connectByFile(page, saml);
  await page.getByRole("textbox", { name: "App Federation Metadata Url" }).fill(saml.metadata);
  await page.getByRole("button", { name: "Save and read metadata" }).click();
  await page.getByText("Last read").waitFor();
  await page.getByText("Ready to be tested").waitFor();
  await see(page, "sso-ready");
}

/** Brings the metadata as a file: first one that is none, then the right one. */
async function connectByFile(page, saml) {
  const metadata = Buffer.from(await (await fetch(saml.metadata)).text());
  const choose = (buffer) => page.getByLabel("XML file").setInputFiles({ name: "Entra.xml", mimeType: "text/xml", buffer });
  await page.getByRole("radio", { name: "Metadata document" }).check();
  await choose(Buffer.alloc(5 * 1024 * 1024, " "));
  await page.getByRole("button", { name: "Save and read metadata" }).click();
  await page.locator("#file-error", { hasText: "larger than 4 MiB" }).waitFor();
  assert.equal(await page.getByLabel("XML file").getAttribute("aria-invalid"), "true");
  await see(page, "sso-file-refused");
  await choose(metadata);
  await page.getByRole("button", { name: "Save and read metadata" }).click();
  await page.getByText("Ready to be tested").waitFor();
  // An address is read again every day, so that is what it is left with.
  await page.getByRole("radio", { name: "Metadata address" }).check();
}

/** At the identity provider: chooses who signs in there. */
async function signInThere(page, who) {
  await page.getByLabel("Sign in as").selectOption(who.upn);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** `who` chooses; nobody has to who is signed in there. `waits`: whether the connection's page then waits for the test. */
async function test(page, who, waits) {
  const opened = page.waitForEvent("popup");
  await page.getByRole("link", { name: "Test sign-in" }).click();
  const window = await opened;
  if (waits) {
    await state(page, "Waiting for the test");
    // The keyboard is where it was, though what it was on has been replaced.
    await until("the focus", () => page.evaluate(() => document.activeElement?.id === "try"));
    await see(page, "sso-testing");
    const list = await page.context().newPage();
    await list.goto(SSO);
    await list.getByText("Testing").waitFor();
    await list.close();
  }
  if (who) await signInThere(window, who);
  await title(window, "Test result");
  return window;
}

/** A test that fails is explained, one that passes shows what arrived. */
async function testBySaml(page, saml, people) {
  await saml.set({ override: { audience: "https://other.example/metadata" } });
  const failed = await test(page, ANA, true);
  await failed.getByText("Meant for somebody else").waitFor();
  await failed.getByText("Identifier (Entity ID)", { exact: true }).waitFor();
  await see(failed, "sso-test-failed");
  await failed.close();
  await state(page, "Test failed");
  await page.getByText("Meant for somebody else").waitFor();
  await see(page, "sso-after-failure");
  await saml.reset();
  await saml.set({ people });
  const passed = await test(page);
  await passed.getByText("Test passed").waitFor();
  await passed.getByText("Ana Kovač, whose externalId is the same.").waitFor();
  await passed.getByText("Match found").waitFor();
  await passed.getByText(`${ANA.upn}, as email address`).waitFor();
  await passed.getByRole("link", { name: "Continue to Activate" }).waitFor();
  await passed.getByText("Valid, over the assertion.").waitFor();
  assert.match(await passed.getByRole("row", { name: /^Clock/ }).innerText(), /Both clocks agree|up to 5 min is fine/);
  assert.match(await passed.getByRole("row", { name: /^Issuer/ }).innerText(), new RegExp(saml.entityId));
  await see(passed, "sso-test-passed");
  await picture(passed, "sso-test");
  await passed.getByRole("heading", { name: "Claims that arrived" }).click();
  const claim = passed.getByRole("row", { name: "http://schemas.microsoft.com/identity/claims/objectidentifier" });
  assert.match(await claim.innerText(), new RegExp(ANA.objectId));
  await see(passed, "sso-test-claims");
  await passed.close();
}

async function activate(page) {
  await state(page, "Test passed");
  await see(page, "sso-tested");
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByText("People can sign in with Entra.").waitFor();
  await see(page, "sso-active");
  await picture(page, "sso-active");
}

/** Somebody comes by the tenant's page and sees what is known of them. */
async function arriveBySaml(page) {
  await page.goto(`/t/${CONTOSO}/sign-in`);
  await see(page, "sso-sign-in");
  await picture(page, "sso-sign-in");
  await page.getByRole("link", { name: "Sign in with Entra" }).click();
  await signInThere(page, ANA);
  await title(page, ANA.name);
  await page.getByText("Editors").first().waitFor();
  await see(page, "me");
  await picture(page, "me");
}

async function refuseStranger(page) {
  await page.goto(`/t/${CONTOSO}/sign-in`);
  await page.getByRole("link", { name: "Sign in with Entra" }).click();
  await signInThere(page, BRUNO);
  await title(page, "You could not be signed in");
  await page.getByText("Ask this person at your company").waitFor();
  await see(page, "sso-refused");
}

/** Whoever is disabled is out within a second, in each browser, also where another replica answers. */
async function beOut([page, other], disable) {
  assert(stage.other, "there is one server alone");
  const headers = [];
  for (const one of [page, other]) {
    const cookies = await one.context().cookies(stage.root);
    headers.push({ cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; ") });
  }
  const countInside = async () => {
    let inside = 0;
    for (const root of [stage.root, stage.other]) {
      for (const sent of headers) {
        const answer = await fetch(`${root}/t/${CONTOSO}/me`, { headers: sent, redirect: "manual" });
        if (answer.status === 200) inside += 1;
      }
    }
    return inside;
  };
  assert.equal(await countInside(), 4);
  assert.equal((await disable()).status, 200);
  const disabled = Date.now();
  await until("being out", async () => (await countInside()) === 0, 5);
  assert.ok(Date.now() - disabled < OUT_MS, `out after ${Date.now() - disabled} ms`);
  await page.reload();
  await title(page, `Sign in to ${CONTOSO}`);
  await page.getByRole("link", { name: "Sign in with Entra" }).click();
  await title(page, "You could not be signed in");
  await page.getByText("Your account here is deactivated.").waitFor();
  await see(page, "sso-out");
  await picture(page, "sso-out");
}

async function connectByOidc(page, oidc) {
  const { root } = stage;
  await oidc.set({
    client: {
      id: "rollcall", secret: "a secret that nobody guesses", redirectUris: [`${root}/t/${CONTOSO}/sso/oidc/callback`],
      postLogoutRedirectUris: [`${root}/t/${CONTOSO}/sso/signed-out`], authentication: "client_secret_post",
    },
  });
  await add(page, "Company login", "OpenID Connect");
  await page.getByLabel("Issuer").fill(oidc.issuer);
  await page.getByLabel("Client ID").fill("rollcall");
  await page.getByLabel("Client secret").fill("a secret that nobody guesses");
  await page.getByRole("button", { name: "Save and read metadata" }).click();
  await page.getByText("Ready to be tested").waitFor();
  await see(page, "oidc-ready");
  await picture(page, "oidc-ready");
  const passed = await test(page, LE);
  await passed.getByText("Test passed").waitFor();
  await see(passed, "oidc-test-passed");
  await passed.close();
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByText("People can sign in with Company login.").waitFor();
  await page.goto(SSO);
  await see(page, "sso-list");
}

async function arrive(page, connection, who) {
  await page.goto(`/t/${CONTOSO}/sign-in`);
  await page.getByRole("link", { name: `Sign in with ${connection}` }).click();
  await signInThere(page, who);
  await title(page, who.name);
}

async function signOutEverywhere(page) {
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await title(page, "You are signed out");
  await see(page, "sso-signed-out");
  await page.goto(`/t/${CONTOSO}/me`);
  await title(page, `Sign in to ${CONTOSO}`);
}

/** With a verified domain the test says of whom it would be noted that they come from elsewhere. */
async function comeFromOutside(page) {
  await page.goto(`/t/${CONTOSO}/settings/user-authentication/domains`);
  await page.getByLabel("Domain", { exact: true }).fill("fabrikam.example");
  await page.getByRole("button", { name: "Add domain" }).click();
  await title(page, "fabrikam.example");
  const text = async (id) => (await page.locator(`#${id}`).textContent()).trim();
  await publish(await text("record-name"), await text("record-value"));
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByRole("heading", { name: "Verified", exact: true }).waitFor();
  await page.goto(SSO);
  await page.getByRole("link", { name: "Company login" }).click();
  const passed = await test(page);
  await passed.getByText("contoso.example is not one of your verified domains.").waitFor();
  await see(passed, "sso-test-outside");
  await passed.close();
}

async function log(page) {
  await page.goto(`${SSO}/log`);
  await title(page, "Sign-in log");
  await page.getByText("Not provisioned").waitFor();
  await page.getByText("Why, and what to do").first().click();
  await see(page, "sso-log");
  await picture(page, "sso-log");
  await page.getByRole("link", { name: "Refused" }).click();
  await page.getByText("Let in").waitFor({ state: "detached" });
}

/** The domain of Contoso's addresses leads to Contoso. */
async function verifyDomain(page) {
  await page.goto(`/t/${CONTOSO}/settings/user-authentication/domains`);
  await page.getByLabel("Domain", { exact: true }).fill("contoso.example");
  await page.getByRole("button", { name: "Add domain" }).click();
  await title(page, "contoso.example");
  const value = (await page.locator("#record-value").innerText()).replace(/\s/g, "");
  await publish("_rollcall-challenge.contoso.example", value);
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByRole("heading", { name: "Verified", exact: true }).waitFor();
  await page.getByLabel("Connection").selectOption({ label: "Company login" });
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Changes saved").waitFor();
  await see(page, "domain-connection");
}

/** The one sign-in page, which knows no company: an address leads to the right one. */
async function arriveByAddress(page) {
  await page.goto("/sign-in");
  await title(page, "Sign in");
  await see(page, "home");
  await page.getByLabel("Work email").fill("ana@unknown.example");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("We cannot lead you on from this address").waitFor();
  assert.equal(await page.getByLabel("Work email").inputValue(), "ana@unknown.example");
  await see(page, "home-unknown");
  await page.getByLabel("Work email").fill(LE.upn);
  await page.getByRole("button", { name: "Continue" }).click();
  // By the connection that is chosen, which is not the oldest.
  await signInThere(page, LE);
  await title(page, LE.name);
  await page.getByText("by Company login").waitFor();
}

/** An admin links their account to who they are at the identity provider, and comes in by that. */
async function joinAccount(page, owner) {
  await page.goto(`/t/${CONTOSO}/settings/account`);
  await page.getByLabel("Password, to link the account").fill(PASSWORD);
  await page.getByRole("button", { name: "Link to Company login" }).click();
  await see(page, "account-link");
  await page.getByRole("link", { name: "Continue to Company login" }).click();
  // The test has signed Lê Anh in there.
  await page.getByText("Linked to Company login.").waitFor();
  await page.getByText("Account linked. You can now sign in with Company login.").waitFor();
  await see(page, "account-joined");
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await title(page, `Sign in to ${CONTOSO}`);
  await page.goto(`/t/${CONTOSO}/settings/user-authentication/sso`);
  await page.getByRole("link", { name: "Sign in with Company login" }).click();
  await title(page, "Single sign-on");
  assert.ok(owner.email);
}

/** Enforcing takes a break glass; then passwords open nothing but for those who keep it. */
async function enforce(page, owner, other) {
  const auditor = await makeAdmin({ email: "ivo@contoso.example", name: "Ivo Auditor", role: "auditor" });
  await page.getByRole("link", { name: "Company login" }).click();
  assert(await page.getByRole("button", { name: "Require" }).isDisabled());
  await page.getByText("An owner is allowed the break glass").waitFor();
  await see(page, "sso-not-ready");
  await page.getByRole("link", { name: "Break-glass owners" }).first().click();
  await page.getByText("First allow a break-glass owner who has signed in with the password.").waitFor();
  assert(await page.getByRole("button", { name: "Switch passwords off" }).isDisabled());
  await page.getByRole("button", { name: `Allow the break glass for ${owner.name}` }).click();
  await page.getByText("Allowed", { exact: true }).waitFor();
  await see(page, "sso-break-glass");
  await page.getByRole("link", { name: "Company login" }).click();
  await page.getByRole("button", { name: "Require" }).click();
  await page.getByText("Admins have to sign in by it too").waitFor();
  assert(await page.getByRole("button", { name: "Switch off" }).isDisabled());
  assert(await page.getByRole("button", { name: "Remove" }).isDisabled());
  await see(page, "sso-enforced");
  await other.goto(`/t/${CONTOSO}/settings`);
  await other.getByLabel("Email").fill(auditor.email);
  await other.getByLabel("Password").fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in", exact: true }).click();
  await other.getByText("Contoso requires single sign-on. Choose one of these:").waitFor();
  assert.equal(await other.locator("[aria-invalid]").count(), 0);
  assert(!(await other.getByLabel("Password").isVisible()), "the password is folded");
  await see(other, "sso-password-refused");
  await signIn(other, owner);
  await page.getByRole("button", { name: "End enforcement" }).click();
  await page.getByText("People can sign in with Company login.").waitFor();
}
