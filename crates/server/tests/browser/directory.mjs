// The directory: empty, full, searched, and what it was; without script too.
import { CONTOSO, Entra, commandJson, journey, makeAdmin, see, signIn } from "./lib.mjs";

const AT = `/t/${CONTOSO}/settings/user-authentication/directory`;
const LONG = "Karl-Friedrich Wolfeschlegelstein-Hausenbergerdorff";
const GROUP = "Vertriebsinnendienst Deutschland Nordost 2026";

const PEOPLE = [
  { userName: "karl-friedrich.wolfeschlegelstein@contoso.example", name: LONG, title: "Fachkraft", department: "Vertrieb" },
  { userName: "maximiliane.hohenstein@contoso.example", name: "Maximiliane Freifrau von Hohenstein-Württemberg" },
  { userName: "le.anh@contoso.example", name: "Lê Anh" },
  { userName: "maximilian.hohenlohe@contoso.example", name: "Maximilian Hohenlohe" },
  { userName: "siobhan@contoso.example", name: "Siobhán Ní Dhomhnaill" },
];

await journey(async (visitor) => {
  const { token, base_url } = await commandJson(["tenant", "create", CONTOSO, "--name", "Contoso", "--with-token"]);
  const owner = await makeAdmin();
  const page = await visitor();
  await signIn(page, owner);
  const title = (name) => page.getByRole("heading", { level: 1, name }).waitFor();

  await page.goto(AT);
  await page.getByRole("heading", { name: "No people yet" }).waitFor();
  await see(page, "directory-empty");

  const entra = new Entra(base_url, token);
  const ids = [];
  for (const person of PEOPLE) ids.push((await entra.bring(person)).body.id);
  for (let number = 0; number < 55; number += 1) {
    ids.push((await entra.bring({ userName: `person${number}@contoso.example`, name: `Person ${number}` })).body.id);
  }
  const group = (await entra.bringGroup(GROUP, ids.slice(0, 3))).body.id;
  await entra.bringGroup("All staff", [...ids, group]);
  await entra.disable(ids[3]);
  await entra.patch(`/Users/${ids[0]}`, [{ op: "Replace", path: "title", value: "Leitung" }]);

  await page.reload();
  await page.getByRole("link", { name: LONG }).waitFor();
  await see(page, "directory");
  await page.getByRole("link", { name: "Next" }).click();
  await page.getByText("First page").waitFor();
  await page.goto(`${AT}?order=changed`);
  await page.locator("tbody tr", { hasText: LONG }).first().waitFor();

  await page.getByLabel("Name, email or ID").fill("hohen");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByText("2 people found").waitFor();
  await see(page, "directory-search");
  await page.getByLabel("Name, email or ID").fill("<b>nobody");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByText("“<b>nobody”").waitFor();
  await see(page, "directory-nobody");
  await page.goto(`${AT}?state=disabled`);
  await page.getByRole("link", { name: "Maximilian Hohenlohe" }).waitFor();

  await page.goto(`${AT}/groups`);
  await page.getByRole("link", { name: GROUP }).waitFor();
  await see(page, "groups");
  await page.getByRole("link", { name: "All staff" }).click();
  await title("All staff");
  await see(page, "group");

  await page.goto(`${AT}/people/${ids[0]}`);
  await title(LONG);
  await page.getByRole("link", { name: "Title set to Leitung" }).waitFor();
  await page.getByRole("link", { name: `Added to ${GROUP}` }).waitFor();
  await see(page, "person");
  // As it was before the last change.
  await page.locator("tr", { has: page.getByRole("link", { name: "Created", exact: true }) })
    .getByRole("link", { name: "Show how it was then" }).click();
  await page.getByText("Attributes as of").waitFor();
  await page.getByText("Fachkraft", { exact: true }).waitFor();
  await see(page, "person-as-of");
  await page.getByRole("link", { name: "Show what is now" }).click();
  await page.getByText("Leitung", { exact: true }).waitFor();

  await entra.send("DELETE", `/Users/${ids[4]}`);
  await page.goto(`${AT}/people/${ids[4]}`);
  await page.getByRole("heading", { name: /^Deleted on/ }).waitFor();
  await see(page, "person-deleted");

  const plain = await visitor({ javaScriptEnabled: false });
  await signIn(plain, owner);
  await plain.goto(AT);
  await plain.getByLabel("Name, email or ID").fill("lê");
  await plain.getByRole("button", { name: "Search" }).click();
  await plain.getByRole("link", { name: "Lê Anh" }).click();
  await plain.getByRole("heading", { level: 1, name: "Lê Anh" }).waitFor();
  await plain.getByLabel("Show how it was at, UTC").fill("2020-01-01T00:00");
  await plain.getByRole("button", { name: "Show", exact: true }).click();
  await plain.getByText("There was nothing yet at that moment.").waitFor();

  const file = await (await page.context().request.get(`${AT}/people.csv`)).text();
  if (!file.includes(LONG) || file.trim().split("\r\n").length !== 60) throw new Error(file.slice(0, 500));
});
