// The few pages of a peer. They stand on an origin of their own, without a policy that keeps scripts from running.

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for HTML and XML. */
export function escape(text) {
  return String(text).replace(/[&<>"']/g, (letter) => ENTITIES[letter]);
}

/** A page with this heading. */
export function page(title, body) {
  const heading = escape(title);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>${heading}</title>
<main><h1>${heading}</h1>${body}</main></html>`;
}

/** Who somebody wants to be; `hint` is the one that is suggested. */
export function signInPage(title, people, { action, fields = {}, hint }) {
  const options = people.map(({ upn, name }) => {
    const selected = upn === hint ? " selected" : "";
    return `<option value="${escape(upn)}"${selected}>${escape(`${name} (${upn})`)}</option>`;
  });
  return page(title, `<form method="post" action="${escape(action)}">${hidden(fields)}
<label for="person">Sign in as</label> <select id="person" name="person">${options.join("")}</select>
<button>Sign in</button></form>`);
}

/** Carries fields to an address by POST: at once where scripts run, by a button where they do not. */
export function carry(action, fields) {
  return page("Working…", `<form method="post" action="${escape(action)}">${hidden(fields)}
<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit();</script>`);
}

function hidden(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`).join("");
}
