//! The directory as people look through it.

mod browsing;
mod people;
