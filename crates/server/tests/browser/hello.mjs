import { command, journey } from "./lib.mjs";
await journey(async (visitor) => {
  const page = await visitor();
  await page.goto("/healthz");
  console.log(await page.locator("body").innerText());
  console.log(await command(["tenant", "create", "contoso", "--name", "Contoso", "--with-token"]));
});
