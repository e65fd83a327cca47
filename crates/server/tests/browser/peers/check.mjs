// Whether each peer does what README.md says, with applications that have nothing of ours: `node peers/check.mjs`.
import "./check/saml.mjs";
import "./check/oidc.mjs";
import "./check/mock.mjs";
import "./check/common.mjs";
