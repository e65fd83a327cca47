//! The tables as sea-orm sees them, without relations: joins are written where they are needed.

pub mod fact;
pub mod fact_payload;
pub mod installation;
pub mod member;
pub mod provisioning_token;
pub mod resource;
pub mod resource_value;
pub mod tenant;
