// Admins: invited, signed in with a second step, changed and removed; and what each keeps in their own account.
import assert from "node:assert/strict";

import {
  CONTOSO, PASSWORD, fillIn, journey, makeAdmin, makeSetupLink, makeTenant, oneTimeCode, see, signIn,
} from "./lib.mjs";

const LONG = "Maximiliane Freifrau von Hohenstein-Württemberg";
const BOB = "bob.fernandez-castellanos@informationstechnik.contoso.example";
const NEW = "eight words are better than only four";

await journey(async (visitor) => {
  await makeTenant();
  const ana = await makeAdmin();
  const owner = await visitor();
  await signIn(owner, ana);

  // An owner invites somebody with a long name, and is refused first.
  await owner.getByRole("link", { name: "Admins" }).first().click();
  await owner.getByRole("heading", { level: 1, name: "Admins" }).waitFor();
  await see(owner, "admins-alone");
  await owner.getByLabel("Email").fill(ana.email.toUpperCase());
  await owner.getByRole("button", { name: "Create invitation" }).click();
  await owner.getByRole("alert").filter({ hasText: "Nobody was invited" }).waitFor();
  await see(owner, "admins-refused");
  await owner.getByLabel("Email").fill(BOB);
  await owner.getByLabel("Name").fill(LONG);
  await owner.getByRole("radio", { name: "Admin" }).check();
  await owner.getByRole("button", { name: "Create invitation" }).click();
  await owner.getByRole("heading", { level: 1, name: "Invitation" }).waitFor();
  await see(owner, "admins-invitation");
  const link = (await owner.locator("#link").innerText()).replace(/\s/g, "");
  await owner.getByRole("link", { name: "Done" }).click();
  await owner.getByRole("row", { name: LONG }).getByText("Invited").waitFor();

  // Whoever is invited looks twice, breaks a rule, and is in.
  const bob = await visitor();
  await bob.goto(link);
  await bob.reload();
  await see(bob, "link-invitation");
  await bob.getByLabel("New password").fill("short");
  await bob.getByRole("button", { name: "Set password and sign in" }).click();
  await bob.getByRole("alert").filter({ hasText: "at least 12 characters" }).waitFor();
  await see(bob, "link-refused");
  await bob.getByLabel("New password").fill(NEW);
  await bob.getByRole("button", { name: "Set password and sign in" }).click();
  await bob.getByRole("heading", { level: 1, name: "User authentication" }).waitFor();
  const again = await visitor();
  await again.goto(link);
  await again.getByRole("heading", { name: "This link opens nothing any more" }).waitFor();
  await see(again, "link-gone");

  // An admin changes admins and auditors and not owners.
  await bob.goto(`/t/${CONTOSO}/settings/admins`);
  assert(await bob.getByRole("radio", { name: "Owner" }).isDisabled());
  await bob.getByRole("link", { name: ana.name }).click();
  await bob.getByText("Only owners can change owners").waitFor();
  await see(bob, "admin-of-an-owner");

  // The second step: a wrong code, the right one, the codes that are shown once.
  await bob.goto(`/t/${CONTOSO}/settings/account`);
  await see(bob, "account");
  const stepPassword = bob.getByLabel("Password, to change the second step");
  await stepPassword.fill("whoever finds the browser");
  await bob.getByRole("button", { name: "Switch on" }).click();
  await bob.getByRole("alert").filter({ hasText: "not your password" }).waitFor();
  await stepPassword.fill(NEW);
  await bob.getByRole("button", { name: "Switch on" }).click();
  await bob.getByRole("heading", { level: 1, name: "Switch the second step on" }).waitFor();
  await see(bob, "account-second-step");
  const secret = await bob.locator("#key").innerText();
  await bob.getByLabel("Code", { exact: true }).fill("000000");
  await bob.getByRole("button", { name: "Switch on" }).click();
  await bob.getByRole("alert").filter({ hasText: "not on yet" }).waitFor();
  assert.equal(await bob.locator("#key").innerText(), secret, "the app is not set up twice");
  const used = oneTimeCode(secret);
  await bob.getByLabel("Code", { exact: true }).fill(used);
  await bob.getByRole("button", { name: "Switch on" }).click();
  await bob.getByRole("heading", { level: 1, name: "Recovery codes" }).waitFor();
  await see(bob, "account-recovery-codes");
  const codes = (await bob.locator("#codes").innerText()).trim().split(/\s+/);
  assert.equal(codes.length, 10);
  await bob.getByLabel("I have saved these codes").check();
  await bob.getByRole("button", { name: "Done" }).click();
  await bob.getByText("10 of 10 recovery codes left").waitFor();

  // Signed out, and in again with a recovery code; one session is ended from the other.
  const phone = await visitor();
  await phone.goto(`/t/${CONTOSO}/settings/account`);
  await fillIn(phone, { email: BOB, password: NEW });
  await phone.getByRole("heading", { name: "Enter your code" }).waitFor();
  await see(phone, "second-step");
  await phone.getByLabel("Code", { exact: true }).fill(used);
  await phone.getByRole("button", { name: "Continue" }).click();
  await phone.getByRole("alert").filter({ hasText: "wrong or was used already" }).waitFor();
  await see(phone, "second-step-refused");
  await phone.getByLabel("Code", { exact: true }).fill(codes[0].toUpperCase());
  await phone.getByRole("button", { name: "Continue" }).click();
  await phone.getByRole("heading", { level: 1, name: "Your account" }).waitFor();
  await phone.getByText("9 of 10 recovery codes left").waitFor();
  await see(phone, "account-with-second-step");
  await bob.reload();
  await bob.getByRole("button", { name: "End all others" }).click();
  await bob.getByText("All other sessions ended").waitFor();
  await phone.reload();
  await phone.getByRole("heading", { name: `Sign in to ${CONTOSO}` }).waitFor();

  // Forgotten passwords tell nobody anything.
  await phone.getByRole("link", { name: "Forgot your password?" }).click();
  await see(phone, "forgot");
  await phone.getByLabel("Email").fill("nobody@contoso.example");
  await phone.getByRole("button", { name: "Send link" }).click();
  await phone.getByRole("heading", { name: "Check your mail" }).waitFor();
  await see(phone, "forgot-sent");

  // A setup link opens the settings, without people and accounts.
  const guest = await visitor();
  await guest.goto(await makeSetupLink({ label: LONG }));
  await see(guest, "link-setup");
  await guest.getByRole("button", { name: "Open settings" }).click();
  await guest.getByRole("heading", { level: 1, name: "User authentication" }).waitFor();
  assert.equal(await guest.getByRole("link", { name: "Admins" }).count(), 0);

  // The owner sees it all, and removes bob.
  await owner.goto(`/t/${CONTOSO}/settings/admins`);
  await see(owner, "admins");
  await owner.getByRole("link", { name: LONG }).click();
  await owner.getByRole("heading", { level: 1, name: LONG }).waitFor();
  await see(owner, "admin");
  await owner.getByRole("radio", { name: "Auditor" }).check();
  await owner.getByRole("button", { name: "Change role" }).click();
  await owner.getByText("Role changed").waitFor();
  await bob.goto(`/t/${CONTOSO}/settings/admins`);
  await bob.getByText("Only owners and admins can change who has access").waitFor();
  await see(bob, "admins-as-auditor");
  await owner.getByRole("link", { name: "Remove account" }).click();
  await see(owner, "admin-remove");
  await owner.getByRole("button", { name: "Remove account" }).click();
  await owner.getByText("Account removed").waitFor();
  await bob.reload();
  await bob.getByRole("heading", { name: `Sign in to ${CONTOSO}` }).waitFor();

  // Without script, everything but copying works.
  const eva = await makeAdmin({ email: "eva@contoso.example", name: "", role: "admin" });
  const plain = await visitor({ javaScriptEnabled: false });
  await plain.goto(`/t/${CONTOSO}/settings/account`);
  await fillIn(plain, eva);
  await plain.getByLabel("Current password").fill(PASSWORD);
  await plain.getByLabel("New password").fill(NEW);
  await plain.getByRole("button", { name: "Change password" }).click();
  await plain.getByText("Password changed").waitFor();
});
