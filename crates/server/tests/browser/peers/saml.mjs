// A SAML 2.0 identity provider that looks like Microsoft Entra. README.md says how it is told what to do.
import { peer } from "./lib/peer.mjs";

import { setClock } from "./lib/clock.mjs";
import { TENANT } from "./lib/people.mjs";
import { IdentityProvider } from "./saml/provider.mjs";

const HOUR = 60 * 60;
const SIGNED = ["assertion", "response", "both", "none"];
const NAME_IDS = ["emailAddress", "persistent", "unspecified"];
const DEFAULTS = {
  entityId: `https://sts.windows.net/${TENANT}/`,
  logoutIssuer: `https://login.microsoftonline.com/${TENANT}/`,
  expiredCertificates: [],
  identifier: null,
  replyUrl: null,
  logoutUrl: null,
  spCertificate: null,
  requireSigned: false,
  nameIdFormat: "emailAddress",
  claims: {},
  sign: "assertion",
  sha1: false,
  encrypt: false,
  lifetime: 70 * 60,
  expired: false,
  override: {},
  failure: null,
  signLogout: true,
  logoutFails: false,
};

await peer("saml", DEFAULTS, async (given) => {
  const provider = new IdentityProvider(given);
  const apply = () => {
    const { sign, nameIdFormat, spCertificate, encrypt, requireSigned, skew, expired, lifetime } = given.settings;
    const expect = (is, what) => { if (!is) throw new Error(what); };
    expect(SIGNED.includes(sign), `sign is one of ${SIGNED.join(", ")}`);
    expect(NAME_IDS.includes(nameIdFormat), `nameIdFormat is one of ${NAME_IDS.join(", ")}`);
    expect(spCertificate || !(encrypt || requireSigned), "spCertificate is missing");
    // What has expired was made so long ago.
    setClock(skew - (expired ? lifetime + HOUR : 0));
  };
  return { handler: provider.routes(), addresses: () => provider.addresses(), apply };
});
