//! What operators see of the binary: measurements and traces, and the papers that lean on them.

mod collector;
mod measurements;
mod papers;
mod scrape;
mod traces;
