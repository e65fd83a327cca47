// The SAML identity provider.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, afterEach, describe, test } from "node:test";

import { start } from "../start.mjs";
import {
  ACS, IDENTIFIER, SLO, address, attribute, attributes, authnRequest, certificate, inflated, isSigned, list, logoutMessage,
  ns, one, parse, read, text,
} from "./application.mjs";
import { Browser, form, plain } from "./browser.mjs";

const ANA = "ana.kovac@contoso.example";
const ZOE = "zoe.son@contoso.example";
const METADATA = "urn:oasis:names:tc:SAML:2.0:metadata";
const MICROSOFT = "http://schemas.microsoft.com/identity/claims";
const GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";

describe("saml", async () => {
  const peer = await start("saml");
  afterEach(() => peer.reset());
  after(() => peer.stop());
  const [first, second] = peer.certificates;

  const request = (given, carried) => address(peer.signOn, "SAMLRequest", authnRequest(given), carried);
  /** Signs in by a request; gives what the response says to an application that trusts `by`. */
  async function signIn({ person = ZOE, browser = new Browser(), by = first, given, carried } = {}) {
    const page = await browser.submit(await browser.get(request(given, carried)), { person });
    const { action, fields } = form(page);
    return { action, fields, browser, ...(await read(fields.SAMLResponse, by)) };
  }
  const moment = (element, of, name) => Date.parse(attribute(element, of, name)) - Date.now();
  const refused = async (url, pattern) => {
    const { status, html } = await new Browser().get(url);
    assert.equal(status, 400);
    assert.match(plain(html), pattern);
  };

  test("publishes who it is and the keys it is told to", async () => {
    const published = async () => {
      const root = parse(await (await fetch(peer.metadata)).text()).documentElement;
      const descriptor = one(root, METADATA, "IDPSSODescriptor");
      const found = list(descriptor, ns.DSIG, "X509Certificate").map(({ textContent }) => textContent);
      const certificates = found.map((base64) => new X509Certificate(Buffer.from(base64, "base64")));
      return { root, descriptor, certificates };
    };
    const { root, descriptor, certificates } = await published();
    assert.equal(root.getAttribute("entityID"), peer.entityId);
    const services = list(descriptor, METADATA, "*").filter((element) => element.hasAttribute("Location"));
    const told = (element, name) => element.getAttribute(name).split("bindings:").pop();
    assert.deepEqual(services.map((one) => [one.localName, told(one, "Binding"), told(one, "Location")]), [
      ["SingleLogoutService", "HTTP-Redirect", peer.logout],
      ["SingleSignOnService", "HTTP-Redirect", peer.signOn],
      ["SingleSignOnService", "HTTP-POST", peer.signOn],
    ]);
    const [only, ...more] = certificates;
    assert.deepEqual([only.fingerprint256, more], [new X509Certificate(first).fingerprint256, []]);
    assert.ok(only.verify(only.publicKey));
    assert.ok(Date.parse(only.validFrom) < Date.now() && Date.parse(only.validTo) > Date.now());

    await peer.set({ published: [1, 0], expiredCertificates: [0] });
    const [next, old] = (await published()).certificates;
    assert.equal(next.fingerprint256, new X509Certificate(second).fingerprint256);
    assert.ok(old.verify(only.publicKey) && Date.parse(old.validTo) < Date.now());
  });

  test("signs somebody in who is chosen, and remembers them", async () => {
    const carried = { relayState: "where & back" };
    const { action, fields, assertion, outside, signed, browser } = await signIn({ carried });
    assert.deepEqual([action, fields.RelayState, signed], [ACS, "where & back", ["Assertion"]]);
    assert.deepEqual(["Destination", "InResponseTo"].map((name) => outside.getAttribute(name)), [ACS, "_request-1"]);
    assert.equal(text(assertion, "Issuer"), peer.entityId);
    assert.equal(text(assertion, "Audience"), IDENTIFIER);
    assert.equal(text(assertion, "NameID"), ZOE);
    assert.match(attribute(assertion, "NameID", "Format"), /emailAddress$/);
    assert.equal(attribute(assertion, "SubjectConfirmationData", "Recipient"), ACS);
    assert.equal(attribute(assertion, "SubjectConfirmationData", "InResponseTo"), "_request-1");
    assert.equal(Math.round(moment(assertion, "Conditions", "NotOnOrAfter") / 60_000), 70);
    assert.deepEqual(attributes(assertion), {
      [`${MICROSOFT}/tenantid`]: ["5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90"],
      [`${MICROSOFT}/objectidentifier`]: ["7d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6"],
      [`${MICROSOFT}/displayname`]: ["Zoë & Søn"],
      [`${MICROSOFT}/identityprovider`]: [peer.entityId],
      [`${SOAP}/name`]: [ZOE],
      [`${SOAP}/givenname`]: ["Zoë"],
      [`${SOAP}/surname`]: ["Søn"],
      [`${SOAP}/emailaddress`]: ["zoe@contoso.example"],
    });
    const { request: asked, response } = await peer.last();
    assert.deepEqual([asked.id, asked.issuer, asked.isSigned], ["_request-1", IDENTIFIER, false]);
    assert.deepEqual([response.acs, response.SAMLResponse], [ACS, fields.SAMLResponse]);
    assert.deepEqual([asked.relayState, response.RelayState], [carried.relayState, carried.relayState]);
    assert.match(response.xml, /^<samlp:Response/);

    const again = await read(form(await browser.get(request({ id: "_request-2" }))).fields.SAMLResponse, first);
    assert.deepEqual([text(again.assertion, "NameID"), again.outside.getAttribute("InResponseTo")], [ZOE, "_request-2"]);
    const forced = await browser.get(request({ more: 'ForceAuthn="true"' }));
    assert.match(forced.html, /Sign in as/);
  });

  test("takes requests by POST, suggests who is meant, and shows nothing to who asked for that", async () => {
    const browser = new Browser();
    const message = Buffer.from(authnRequest()).toString("base64");
    const posted = await browser.post(peer.signOn, { SAMLRequest: message, RelayState: "r" });
    assert.equal(form(await browser.submit(posted, { person: ANA })).fields.RelayState, "r");
    const hinted = await new Browser().get(`${request()}&login_hint=${ZOE}`);
    assert.match(hinted.html, new RegExp(`value="${ZOE}" selected`));
    const passive = form(await new Browser().get(request({ more: 'IsPassive="true"' })));
    assert.match(Buffer.from(passive.fields.SAMLResponse, "base64").toString(), /status:NoPassive/);
  });

  test("refuses requests as Entra does", async () => {
    await refused(peer.signOn, /AADSTS900561/);
    await refused(`${peer.signOn}?SAMLRequest=bm8=`, /AADSTS75005/);
    const inside = "<saml:Subject><saml:NameID>a</saml:NameID></saml:Subject>";
    await refused(request({ inside }), /AADSTS900236/);
    await peer.set({ identifier: "https://other.example" });
    await refused(request(), /AADSTS700016: Application with identifier 'https:\/\/app.example/);
    await peer.set({ identifier: IDENTIFIER, replyUrl: "https://other.example" });
    await refused(request(), /AADSTS50011/);
    const browser = new Browser();
    const page = await browser.get(`${peer.start}?acs=${ACS}&audience=a`);
    const { html } = await browser.submit(page, { person: "nobody" });
    assert.match(html, /AADSTS50034/);
  });

  test("wants signed requests when it is told to, and looks at signatures whenever it can", async () => {
    await peer.set({ spCertificate: certificate, requireSigned: true });
    await refused(request(), /has to be signed/);
    const carried = { sign: true, relayState: "a b&c/~*'()" };
    assert.equal((await signIn({ carried })).fields.RelayState, carried.relayState);
    assert.equal((await peer.last()).request.isSigned, true);
    await peer.set({ requireSigned: false });
    await refused(request({}, carried).replace("RelayState=a", "RelayState=b"), /The signature of the message is wrong/);
    assert.equal((await signIn()).fields.RelayState, undefined);
  });

  test("signs what it is told to, by the key it is told to", async () => {
    const cases = { assertion: ["Assertion"], response: ["Response"], both: ["Response", "Assertion"], none: [] };
    for (const [sign, signed] of Object.entries(cases)) {
      await peer.set({ sign });
      assert.deepEqual((await signIn()).signed, signed, sign);
    }
    await peer.set({ sign: "assertion", active: 1 });
    assert.deepEqual((await signIn({ by: first })).signed, []);
    assert.deepEqual((await signIn({ by: second })).signed, ["Assertion"]);
    await peer.set({ sha1: true });
    const { fields } = await signIn({ by: second });
    assert.match(Buffer.from(fields.SAMLResponse, "base64").toString(), /xmldsig#rsa-sha1.*xmldsig#sha1/s);
  });

  test("encrypts for the application", async () => {
    await peer.set({ encrypt: true, spCertificate: certificate });
    const { isEncrypted, assertion, signed } = await signIn();
    assert.deepEqual([isEncrypted, text(assertion, "NameID"), signed], [true, ZOE, ["Assertion"]]);
    await peer.set({ sign: "both" });
    assert.deepEqual((await signIn()).signed, ["Response", "Assertion"]);
  });

  test("says what is wrong when it is told to", async () => {
    await peer.set({ override: { audience: "a", recipient: "b", destination: "c", issuer: "d", inResponseTo: "_e" } });
    const { outside, assertion } = await signIn();
    assert.equal(text(assertion, "Audience"), "a");
    assert.equal(attribute(assertion, "SubjectConfirmationData", "Recipient"), "b");
    assert.deepEqual(["Destination", "InResponseTo"].map((name) => outside.getAttribute(name)), ["c", "_e"]);
    assert.deepEqual([text(outside, "Issuer"), text(assertion, "Issuer")], ["d", "d"]);
    assert.equal(attribute(assertion, "SubjectConfirmationData", "InResponseTo"), "_e");
    await peer.set({ override: { inResponseTo: null } });
    const unsolicited = await signIn();
    assert.equal(unsolicited.outside.hasAttribute("InResponseTo"), false);
    assert.equal(attribute(unsolicited.assertion, "SubjectConfirmationData", "InResponseTo"), undefined);

    await peer.set({ override: {}, claims: { [`${MICROSOFT}/objectidentifier`]: null, more: ["1", "2"] } });
    const said = attributes((await signIn()).assertion);
    assert.deepEqual([said[`${MICROSOFT}/objectidentifier`], said.more], [undefined, ["1", "2"]]);
  });

  test("has another clock when it is told to", async () => {
    await peer.set({ skew: 600 });
    const { assertion, outside } = await signIn();
    const issued = Date.parse(outside.getAttribute("IssueInstant")) - Date.now();
    for (const ahead of [issued, moment(assertion, "Conditions", "NotBefore")]) {
      assert.ok(ahead > 590_000 && ahead <= 600_000, String(ahead));
    }
    await peer.set({ skew: 0, expired: true });
    const late = moment((await signIn()).assertion, "Conditions", "NotOnOrAfter");
    assert.ok(late < -3_500_000 && late > -3_700_000, String(late));
    await peer.set({ expired: false, lifetime: 60 });
    assert.ok(moment((await signIn()).assertion, "Conditions", "NotOnOrAfter") < 60_000);
  });

  test("names people in other ways, and has other people", async () => {
    await peer.set({ nameIdFormat: "persistent" });
    const { assertion } = await signIn();
    assert.match(attribute(assertion, "NameID", "Format"), /persistent$/);
    assert.match(text(assertion, "NameID"), /^[\w-]{43}$/);
    await peer.set({ people: [{ upn: "x@y.example", objectId: "1", name: "X", nameId: "x-1", groups: ["g", "h"] }] });
    const other = await signIn({ person: "X@y.example" });
    assert.equal(text(other.assertion, "NameID"), "x-1");
    assert.deepEqual(attributes(other.assertion)[GROUPS], ["g", "h"]);
  });

  test("fails when it is told to, with the words of Entra", async () => {
    const message = "AADSTS50105: <Zoë> is not assigned to a role for the application.";
    await peer.set({ failure: { code: "Responder", subCode: "RequestDenied", message } });
    const { outside, assertion } = await signIn();
    const codes = list(outside, ns.PROTOCOL, "StatusCode").map((code) => code.getAttribute("Value").split(":").pop());
    assert.deepEqual(codes, ["Responder", "RequestDenied"]);
    assert.deepEqual([text(outside, "StatusMessage", ns.PROTOCOL), assertion], [message, undefined]);
  });

  test("begins by itself", async () => {
    const query = new URLSearchParams({ acs: ACS, audience: IDENTIFIER, relay_state: "/home" });
    const browser = new Browser();
    const { action, fields } = form(await browser.submit(await browser.get(`${peer.start}?${query}`), { person: ANA }));
    const { assertion, outside, signed } = await read(fields.SAMLResponse, first);
    assert.deepEqual([action, fields.RelayState, signed, text(assertion, "NameID")], [ACS, "/home", ["Assertion"], ANA]);
    assert.deepEqual([outside.hasAttribute("InResponseTo"), text(assertion, "Audience")], [false, IDENTIFIER]);
    const direct = form(await new Browser().get(`${peer.start}?${query}&person=${ZOE}`));
    assert.equal(text((await read(direct.fields.SAMLResponse, first)).assertion, "NameID"), ZOE);
  });

  const asked = (session, carried) => {
    const inside = `<saml:NameID>${ZOE}</saml:NameID><samlp:SessionIndex>${session}</samlp:SessionIndex>`;
    return address(peer.logout, "SAMLRequest", logoutMessage("LogoutRequest", { inside }), carried);
  };

  test("ends its session when an application asks", async () => {
    await peer.set({ logoutUrl: SLO, spCertificate: certificate });
    const { browser, assertion } = await signIn();
    const index = attribute(assertion, "AuthnStatement", "SessionIndex");
    const forged = await browser.get(asked(index, { relayState: "r" }));
    assert.match(forged.html, /has to be signed/);
    const { location } = await browser.get(asked(index, { relayState: "r", sign: true }));
    const answer = inflated(location, "SAMLResponse").documentElement;
    assert.ok(location.startsWith(`${SLO}?`) && isSigned(location, first));
    assert.equal(new URL(location).searchParams.get("RelayState"), "r");
    assert.deepEqual(["Destination", "InResponseTo"].map((name) => answer.getAttribute(name)), [SLO, "_logout-1"]);
    assert.equal(text(answer, "Issuer"), "https://login.microsoftonline.com/5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90/");
    assert.match(attribute(answer, "StatusCode", "Value", ns.PROTOCOL), /Success$/);
    assert.equal((await peer.last()).logout.url, location);
    assert.match((await browser.get(request())).html, /Sign in as/);
  });

  test("answers a logout without a signature, or that it failed, when it is told to", async () => {
    await refused(asked("_s"), /AADSTS750056/);
    await peer.set({ logoutUrl: SLO, signLogout: false });
    const { location } = await (await signIn()).browser.get(asked("_s"));
    assert.equal(isSigned(location, first), false);
    await peer.set({ logoutFails: true });
    const failed = await (await signIn()).browser.get(asked("_s"));
    assert.match(inflated(failed.location, "SAMLResponse").toString(), /status:PartialLogout/);
  });

  test("ends the sessions of applications when somebody signs out here", async () => {
    const { browser, assertion } = await signIn();
    const { location } = await browser.get(`${peer.signOut}?slo=${encodeURIComponent(SLO)}`);
    const asking = inflated(location, "SAMLRequest").documentElement;
    assert.ok(location.startsWith(`${SLO}?`) && isSigned(location, first));
    assert.deepEqual([text(asking, "Issuer"), text(asking, "NameID")], [peer.entityId, ZOE]);
    assert.equal(text(asking, "SessionIndex", ns.PROTOCOL), attribute(assertion, "AuthnStatement", "SessionIndex"));
    const inside = '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>';
    const answer = logoutMessage("LogoutResponse", { attributes: `InResponseTo="${asking.getAttribute("ID")}"`, inside });
    const relayState = new URL(location).searchParams.get("RelayState");
    const end = await browser.get(address(peer.logout, "SAMLResponse", answer, { relayState }));
    assert.match(end.html, /You are signed out/);
    assert.match((await peer.last()).logoutReceived.xml, /LogoutResponse/);
    assert.match((await browser.get(request())).html, /Sign in as/);
  });
});
