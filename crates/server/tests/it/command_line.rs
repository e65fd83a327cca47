//! The command line that operators' scripts rely on (product.md), with the real binary.

mod admins;
mod bad_starts;
mod bench;
mod clients;
mod first_start;
mod keys;
mod limits;
mod logs;
mod migrations;
mod output;
mod owner;
mod portal_links;
mod probe;
mod provisioning;
mod replay;
mod schemas;
mod shutdown;
mod tenants;
mod tokens;
