// Ending sessions on both sides: samlp reads and signs the messages.
import samlp from "samlp";

import { pem } from "../lib/keys.mjs";
import { page } from "../lib/page.mjs";
import { algorithms } from "./response.mjs";

const REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/**
 * Takes the next step of a logout for the session in `request.session`: answers a request, asks the applications that
 * the person is signed in to, or ends.
 */
export function logout({ settings, key, last }) {
  return (request, response, next) => {
    const { session } = request;
    const [redirect, send] = [response.redirect.bind(response), response.send.bind(response)];
    response.redirect = (url) => {
      const address = settings.signLogout ? url : withoutSignature(url);
      last.logout = { url: address };
      redirect(address);
    };
    // When nobody is left to be told, samlp has a number to say.
    response.send = (body) => send(body === 200 ? page("You are signed out", "") : body);
    // samlp writes into what it is given, so everybody gets their own.
    samlp.logout({
      ...algorithms(settings.sha1),
      // Entra answers by another name than it asks by.
      issuer: request.query.SAMLRequest ? settings.logoutIssuer : settings.entityId,
      key: key.pem,
      cert: pem(key.certificate),
      deflate: true,
      protocolBinding: REDIRECT,
      destination: settings.logoutUrl,
      sessionParticipants: new Participants(session, settings),
      clearIdPSession(done) {
        session.person = undefined;
        done(settings.logoutFails ? new Error("told to fail") : null);
      },
    })(request, response, next);
  };
}

/** The applications that the person of a session is signed in to. Like Entra it asks only which one it is, not for whom. */
class Participants {
  constructor(session, { logoutUrl }) {
    this.session = session;
    this.more = { serviceProviderLogoutURL: session.logoutUrl ?? logoutUrl, binding: REDIRECT };
  }

  hasElements() {
    return this.session.applications.length > 0;
  }

  getFirst(give) {
    give(null, this.described(this.session.applications[0]));
  }

  get(issuer, _indexes, _nameId, give) {
    give(null, this.described(this.session.applications.find((application) => application.serviceProviderId === issuer)));
  }

  remove(issuer, _index, _nameId, give) {
    const { applications } = this.session;
    this.session.applications = applications.filter((application) => application.serviceProviderId !== issuer);
    give(null);
  }

  described(application) {
    return application && { ...application, ...this.more };
  }
}

function withoutSignature(address) {
  const url = new URL(address);
  for (const name of ["SigAlg", "Signature"]) url.searchParams.delete(name);
  return url.href;
}
