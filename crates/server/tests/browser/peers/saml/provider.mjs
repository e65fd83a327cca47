// What the identity provider does at each of its addresses.
import { randomUUID } from "node:crypto";

import express from "express";

import { pem } from "../lib/keys.mjs";
import { carry, escape, page, signInPage } from "../lib/page.mjs";
import { find } from "../lib/people.mjs";
import { logout } from "./logout.mjs";
import { metadata } from "./metadata.mjs";
import { Refusal, check, inflate, read } from "./request.mjs";
import { failure, messageId, nameId, response } from "./response.mjs";
import { checkSignature } from "./signature.mjs";

export class IdentityProvider {
  constructor({ origin, settings, keys, last }) {
    Object.assign(this, { origin, settings, keys, last });
    this.cookie = `saml_peer_${new URL(origin).port}`;
    this.sessions = new Map();
    /** Requests whose person has not been chosen. */
    this.pending = new Map();
  }

  routes() {
    const attempt = (deed) => (req, res, next) => Promise.resolve(deed.call(this, req, res, next)).catch(next);
    const app = express();
    app.disable("x-powered-by");
    app.use(express.urlencoded({ extended: false, limit: "1mb" }));
    app.get("/metadata", attempt(this.publish));
    app.use((req, res, next) => this.remember(req, res, next));
    app.get("/saml2", attempt(this.begin));
    const isChosen = ({ body }) => body.person !== undefined;
    app.post("/saml2", attempt((req, res) => (isChosen(req) ? this.choose(req, res) : this.begin(req, res))));
    app.get("/start", attempt(this.start));
    app.get("/logout", attempt(this.logOut));
    app.get("/sign-out", attempt(this.signOut));
    app.use((error, _req, res, _next) => {
      const text = error instanceof Refusal ? error.message : `AADSTS75005: ${error.message}`;
      res.status(400).send(page("Sign-in failed", `<p>${escape(text)}</p>`));
    });
    return app;
  }

  publish(_, res) {
    const certificates = this.settings.published.map((number) => this.certificate(number));
    const text = metadata({ entityId: this.settings.entityId, origin: this.origin, certificates });
    res.type("application/samlmetadata+xml").send(text);
  }

  /** Gives the request the session of its browser, or one that is new. */
  remember(req, res, next) {
    const [, id] = req.headers.cookie?.match(new RegExp(`${this.cookie}=([^;]+)`)) ?? [];
    req.session = this.sessions.get(id);
    if (!req.session) {
      req.session = { person: undefined, applications: [] };
      const fresh = randomUUID();
      this.sessions.set(fresh, req.session);
      res.cookie(this.cookie, fresh, { httpOnly: true });
    }
    next();
  }

  /** A sign-in that an application asks for. */
  async begin(req, res) {
    const request = await read(req, this.settings);
    if (!request) throw new Refusal("AADSTS900561: The endpoint was asked without a request.");
    this.last.request = request;
    check(request, this.settings);
    if (request.forceAuthn) req.session.person = undefined;
    if (req.session.person) return this.answer(req.session, res, request);
    if (request.isPassive) {
      const failed = { subCode: "NoPassive", message: "AADSTS50058: Nobody is signed in." };
      return this.deliver(res, request, failure(request, failed, this.settings));
    }
    this.ask(res, request, req.query.login_hint);
  }

  /** A sign-in that nobody asked for. */
  start(req, res) {
    const { replyUrl, identifier } = this.settings;
    const { acs = replyUrl, audience = identifier, relay_state: relayState, person } = req.query;
    if (!acs || !audience) throw new Refusal("AADSTS750054: The address needs acs and audience.");
    const request = { acs, issuer: audience, relayState };
    if (person !== undefined) this.signIn(req.session, person);
    return req.session.person ? this.answer(req.session, res, request) : this.ask(res, request);
  }

  ask(res, request, hint) {
    const id = randomUUID();
    this.pending.set(id, request);
    const form = { action: "/saml2", fields: { request: id }, hint };
    res.send(signInPage("Sign in to your account", this.settings.people, form));
  }

  choose(req, res) {
    const { request: id, person } = req.body;
    const request = this.pending.get(id);
    this.pending.delete(id);
    if (!request) throw new Refusal("AADSTS900144: This sign-in is not known, or was finished.");
    this.signIn(req.session, person);
    return this.answer(req.session, res, request);
  }

  signIn(session, upn) {
    session.person = find(this.settings.people, upn)?.upn;
    if (!session.person) throw new Refusal(`AADSTS50034: The user account ${upn} does not exist in the directory.`);
  }

  async answer(session, res, request) {
    const { settings } = this;
    const person = find(settings.people, session.person);
    if (!person) throw new Refusal(`AADSTS50034: The user account ${session.person} does not exist in the directory.`);
    if (settings.failure) return this.deliver(res, request, failure(request, settings.failure, settings));
    const sessionIndex = messageId();
    const { value, format } = nameId(person, request.issuer, settings);
    session.applications = session.applications.filter(({ serviceProviderId }) => serviceProviderId !== request.issuer);
    session.applications.push({ serviceProviderId: request.issuer, sessionIndex, nameId: value, nameIdFormat: format });
    this.deliver(res, request, await response({ person, request, sessionIndex, settings, key: this.activeKey() }));
  }

  deliver(res, { acs, relayState }, xml) {
    const fields = { SAMLResponse: Buffer.from(xml).toString("base64"), RelayState: relayState };
    this.last.response = { acs, ...fields, xml };
    res.send(carry(acs, fields));
  }

  /** A message about a logout: the request of an application, or its answer to ours. */
  logOut(req, res, next) {
    const { SAMLRequest: asked, SAMLResponse: answered } = req.query;
    const { logoutUrl, spCertificate } = this.settings;
    if (!asked && !answered) throw new Refusal("AADSTS750054: SAMLRequest or SAMLResponse must be present.");
    if (asked && !logoutUrl) throw new Refusal("AADSTS750056: The application has no logout URL.");
    if (spCertificate) checkSignature(req.originalUrl, spCertificate);
    this.last.logoutReceived = { url: this.origin + req.originalUrl, xml: inflate(asked ?? answered) };
    this.continueLogout(req, res, next);
  }

  /** A logout that begins here. */
  signOut(req, res, next) {
    if (req.query.slo) req.session.logoutUrl = req.query.slo;
    this.continueLogout(req, res, next);
  }

  continueLogout(req, res, next) {
    logout({ settings: this.settings, key: this.activeKey(), last: this.last })(req, res, next);
  }

  certificate(number) {
    const { certificate, expiredCertificate } = this.keys[number];
    return this.settings.expiredCertificates.includes(number) ? expiredCertificate : certificate;
  }

  activeKey() {
    const { active } = this.settings;
    return { ...this.keys[active], certificate: this.certificate(active) };
  }

  addresses() {
    const at = (path) => this.origin + path;
    return {
      entityId: this.settings.entityId,
      metadata: at("/metadata"),
      signOn: at("/saml2"),
      start: at("/start"),
      logout: at("/logout"),
      signOut: at("/sign-out"),
      certificates: this.keys.map(({ certificate }) => pem(certificate)),
    };
  }
}
