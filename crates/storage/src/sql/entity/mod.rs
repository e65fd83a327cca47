//! Tables, one a file.

pub mod activity;
pub mod activity_body;
pub mod activity_head;
pub mod activity_minute;
pub mod activity_seen;
pub mod activity_target;
pub mod credential;
pub mod credential_secret;
pub mod declaration;
pub mod fact;
pub mod fact_payload;
pub mod fact_ticket;
pub mod installation;
pub mod journal_head;
pub mod member;
pub mod password;
pub mod resource;
pub mod resource_count;
pub mod resource_value;
pub mod signing_key;
pub mod tenant;
pub mod tenant_change;
pub mod unique_value;
pub mod value_index;
