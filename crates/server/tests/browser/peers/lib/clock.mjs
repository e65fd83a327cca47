// The clock of a peer, which can be wrong. All in this process read it, the libraries too, so it is imported first.

const Clock = globalThis.Date;
let ahead = 0;

globalThis.Date = class Date extends Clock {
  constructor(...given) {
    super(...(given.length === 0 ? [Clock.now() + ahead] : given));
  }

  static now() {
    return Clock.now() + ahead;
  }
};

/** Sets the clock so many seconds ahead of the right time, or behind it when they are negative. */
export function setClock(seconds) {
  ahead = seconds * 1000;
}
