//! Many clients at once: nothing is lost, nothing is there twice, and nobody is told of a defect.

mod at_once;
mod attributes;
mod company;
mod deadlocks;
mod deletions;
mod members;
mod names;
mod versions;
