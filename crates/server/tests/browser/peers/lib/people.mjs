// Who can sign in at a peer unless it is told otherwise.
import { createHash } from "node:crypto";

export const TENANT = "5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90";

export const PEOPLE = [
  {
    upn: "ana.kovac@contoso.example",
    objectId: "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d",
    name: "Ana Kovač",
    givenName: "Ana",
    surname: "Kovač",
    email: "ana.kovac@contoso.example",
  },
  {
    upn: "zoe.son@contoso.example",
    objectId: "7d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6",
    name: "Zoë & Søn",
    givenName: "Zoë",
    surname: "Søn",
    email: "zoe@contoso.example",
  },
];

/** The person of this user principal name, which has no capital letters to Entra. */
export function find(people, upn) {
  return people.find((person) => person.upn.toLowerCase() === String(upn ?? "").trim().toLowerCase());
}

/** What one application alone knows somebody by. */
export function pairwise(person, application) {
  return createHash("sha256").update(`${person.objectId} ${application}`).digest("base64url");
}

/** `usual` with what `changes` says otherwise; what is null there is left out. */
export function changed(usual, changes) {
  return Object.fromEntries(Object.entries({ ...usual, ...changes }).filter(([, value]) => value !== null));
}
