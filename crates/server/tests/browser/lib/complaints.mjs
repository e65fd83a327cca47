// What a browser complains about while nobody looks: scripts that fail, what the content security policy
// kept from happening, parts of a page that did not come. Each fails the journey.

const POLICY = "securitypolicyviolation";
/** What Chromium writes for every answer from 400 on; the answers themselves are looked at in `hear`. */
const NOT_LOADED = /^Failed to load resource: the server responded with a status of/;

/** Collects what every page of a context complains about. */
export async function collect(context) {
  const complaints = [];
  await context.exposeBinding("__complain", ({ page }, text) => complaints.push(`${page.url()}: ${text}`));
  await context.addInitScript((name) => {
    addEventListener(name, (event) => {
      globalThis.__complain(`the policy forbids ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
    });
  }, POLICY);
  context.on("page", (page) => hear(page, complaints));
  return complaints;
}

function hear(page, complaints) {
  const say = (text) => complaints.push(`${page.url()}: ${text}`);
  page.on("pageerror", (error) => say(`a script failed: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !NOT_LOADED.test(message.text())) say(message.text());
  });
  page.on("response", (response) => {
    const request = response.request();
    // A part of a page that somebody left open for longer than the session lasts.
    const isLate = response.status() === 401 && "x-live" in request.headers();
    // Pages may answer so: that somebody may not see them is what a journey is about.
    if (response.status() >= 400 && !request.isNavigationRequest() && !isLate) say(`${response.status()} for ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    // What was on its way when one went to another page.
    if (why !== "net::ERR_ABORTED") say(`${why} for ${request.url()}`);
  });
}
