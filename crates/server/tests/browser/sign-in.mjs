// Signing in: refused, and by the way that is right.
import { CONTOSO, PASSWORD, fillIn, journey, makeTenant, see } from "./lib.mjs";

await journey(async (visitor) => {
  await makeTenant();
  const page = await visitor();
  await page.goto(`/t/${CONTOSO}/settings`);
  await see(page, "sign-in");

  await fillIn(page, { email: "nobody@contoso.example", password: PASSWORD });
  await page.getByRole("alert").filter({ hasText: "Email or password is wrong" }).waitFor();
  await see(page, "sign-in-refused");
});
