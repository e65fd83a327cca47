//! The whole product: over real HTTP, with the real binary, on real databases.

#[cfg(test)]
mod binary;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod caller;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod domains;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod house;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod observed;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod pooler;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod rescue;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod served;
#[cfg(test)]
mod small_disk;
#[cfg(test)]
mod sso;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod upload;
#[cfg(test)]
mod walls;
