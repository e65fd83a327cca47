//! What the store promises, asked of both databases.

#[cfg(test)]
mod activity;
#[cfg(test)]
mod admin_links;
#[cfg(test)]
mod admins;
#[cfg(test)]
mod admissions;
#[cfg(test)]
mod agreement;
#[cfg(test)]
mod anchors;
#[cfg(test)]
mod backlog;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod dead_connections;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod domains;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod erase;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod forgetting;
#[cfg(test)]
mod indexes;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod list;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod members;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod once;
#[cfg(test)]
mod own_work;
#[cfg(test)]
mod partition;
#[cfg(test)]
mod passwords;
#[cfg(test)]
#[path = "../common/people.rs"]
mod people;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod remembered;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod runtimes;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod single_sign_on;
#[cfg(test)]
mod tenant_data;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod upgrade;
