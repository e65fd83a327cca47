// A browser without a window: cookies, and forms of hidden fields.

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

export class Browser {
  constructor() {
    this.cookies = new Map();
  }

  /** Asks for one page; gives its `status`, `location` and `html`. */
  async get(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", ...options, headers: { ...options.headers, cookie } });
    // Not every Node.js 18 gives them one by one; the commas within dates are followed by no name.
    const lines = answer.headers.get("set-cookie")?.split(/, (?=[\w.-]+=)/) ?? [];
    for (const line of lines) {
      const [name, value] = line.split(";")[0].split(/=(.*)/);
      if (value === "" || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    return { status: answer.status, location: location && new URL(location, url).href, html: await answer.text(), url };
  }

  post(url, fields) {
    return this.get(url, { method: "POST", body: new URLSearchParams(fields) });
  }

  /** Follows redirects as long as they stay at `origin`. */
  async follow(url, origin) {
    let step = await this.get(url);
    for (let left = 10; left > 0 && step.location?.startsWith(origin); left--) step = await this.get(step.location);
    return step;
  }

  /** Sends the form of a page, with more fields. */
  submit(page, more = {}) {
    const { action, fields } = form(page);
    return this.post(action, { ...fields, ...more });
  }
}

/** Where the form of a page goes, and its hidden fields. */
export function form({ html, url }) {
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  const fields = Object.fromEntries(inputs.map(([, ...pair]) => pair.map(plain)));
  return { action: new URL(plain(html.match(/action="([^"]*)"/)[1]), url).href, fields };
}

export const plain = (text) => text.replace(/&(#?\w+);/g, (_, name) => ENTITIES[name]);
