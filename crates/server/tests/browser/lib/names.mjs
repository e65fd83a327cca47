// The domain name system as the server of the test sees it.
import { wish } from "./wish.mjs";

/** Gives a name one TXT record; with an empty text, none. */
export const publish = (name, text) => wish("publish", name, text);
