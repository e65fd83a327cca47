// Tenants and their admins, and how those get in.
import { commandJson } from "./command.mjs";

export const PASSWORD = "correct horse battery staple";
export const CONTOSO = "contoso";

/** Makes a tenant; gives its slug. */
export async function makeTenant({ slug = CONTOSO, name = "Contoso" } = {}) {
  await commandJson(["tenant", "create", slug, "--name", name]);
  return slug;
}

/** Makes an account with a password; gives what signs it in. */
export async function makeAdmin({
  tenant = CONTOSO, email = "ana.kovac@contoso.example", name = "Ana Kovač", role = "owner", password = PASSWORD,
} = {}) {
  const words = ["admin", "create", "--tenant", tenant, "--email", email, "--name", name, "--role", role];
  await commandJson([...words, "--password-stdin"], `${password}\n`);
  return { tenant, email, name, password };
}

/** Makes a setup link; gives its address. */
export async function makeSetupLink({ tenant = CONTOSO, label = "Contoso's IT", expires = "24h" } = {}) {
  const made = await commandJson(["portal-link", "create", "--tenant", tenant, "--expires", expires, "--label", label]);
  return made.link;
}

/** From the first address to behind the gate. */
export async function signIn(page, admin) {
  await page.goto(`/t/${admin.tenant}/settings`);
  await fillIn(page, admin);
  await page.getByRole("heading", { level: 1, name: "User authentication" }).waitFor();
}

/** Sends the form of the sign-in page. */
export async function fillIn(page, { email, password }) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
