//! The command line that operators' scripts rely on (product.md), with the real binary.

mod bad_starts;
mod bench;
mod clients;
mod first_start;
mod keys;
mod limits;
mod logs;
mod migrations;
mod output;
mod provisioning;
mod replay;
mod schemas;
mod shutdown;
mod tenants;
mod tokens;
