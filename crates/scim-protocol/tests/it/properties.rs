//! What holds for everything a client could send.

mod no_panic;
mod patches;
mod round_trips;
mod secrets;
mod strategies;
