// Microsoft Entra's provisioning service, played at a pace that one can watch.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { command } from "./command.mjs";

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export class Entra {
  /** With what an admin has pasted: Tenant URL and Secret Token. `pause` are the milliseconds between two calls. */
  constructor(url, token, { pause = 0 } = {}) {
    this.url = url;
    this.token = token;
    this.pause = pause;
  }

  /** Plays the conversations of the corpus that `only` selects, each step of which has to pass. */
  converse(only) {
    return command(["replay", "--base-url", this.url, "--token", this.token, "--only", only]);
  }

  /** What the button *Test Connection* does. */
  testConnection() {
    return this.search("Users", "userName", randomUUID());
  }

  /** Somebody who is new in Entra: looked for, then created. Gives the answer's status and body. */
  async bring({ userName, name = userName, department, title, active = true, externalId = randomUUID() }) {
    await this.search("Users", "userName", userName);
    const [givenName, ...rest] = name.split(" ");
    return this.send("POST", "/Users", {
      schemas: [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
      externalId, userName, active, title, displayName: name,
      name: { formatted: name, givenName, familyName: rest.join(" ") },
      emails: [{ primary: true, type: "work", value: userName }],
      meta: { resourceType: "User" },
      ...(department && { "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { department } }),
    });
  }

  /** A group that is new in Entra: looked for, created, then filled. Gives the answer to its creation. */
  async bringGroup(displayName, members = []) {
    await this.search("Groups", "displayName", displayName);
    const created = await this.send("POST", "/Groups", {
      schemas: [GROUP], externalId: randomUUID(), displayName, meta: { resourceType: "Group" },
    });
    if (members.length > 0) await this.addMembers(created.body.id, members);
    return created;
  }

  addMembers(group, members) {
    return this.patch(`/Groups/${group}`, [{ op: "Add", path: "members", value: members.map((value) => ({ value })) }]);
  }

  /** What unassigning somebody sends, in Entra's own words. */
  disable(user) {
    return this.patch(`/Users/${user}`, [{ op: "Replace", path: "active", value: "False" }]);
  }

  patch(path, operations) {
    return this.send("PATCH", path, { schemas: [PATCH], Operations: operations });
  }

  search(kind, attribute, value) {
    const query = new URLSearchParams({ filter: `${attribute} eq "${value}"` });
    return this.send("GET", `/${kind}?${kind === "Groups" ? "excludedAttributes=members&" : ""}${query}`);
  }

  /** Sends one request; gives the status, the headers and the body of the answer, whatever they are. */
  async send(method, path, body) {
    await sleep(this.pause);
    const headers = { Authorization: `Bearer ${this.token}` };
    if (body) headers["Content-Type"] = "application/scim+json; charset=utf-8";
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : undefined };
  }
}
