//! Bodies as a client sees them.

use scim_protocol::discovery::{self, BulkLimits, Capabilities};
use scim_protocol::message::{self, ListResponse};
use scim_protocol::resource_type::ResourceType;
use scim_protocol::{Fault, schemas};
use serde_json::json;

const BASE: &str = "https://acme.example/scim/v2";

#[test]
fn an_error() {
    insta::assert_json_snapshot!(message::error(&Fault::mutability("\"id\" is read-only").at("Operations[3]")));
}

#[test]
fn an_error_without_a_keyword() {
    insta::assert_json_snapshot!(message::error(&Fault::plain(404, "there is no such user")));
}

#[test]
fn a_list() {
    insta::assert_json_snapshot!(ListResponse::new(12, 11, vec![json!({"id": "1"}), json!({"id": "2"})]));
}

#[test]
fn service_provider_config() {
    let capabilities = Capabilities {
        default_page_size: 100,
        max_page_size: 1000,
        cursor_timeout: 600,
        bulk: BulkLimits { max_operations: 10, max_payload_size: 1000 },
    };
    insta::assert_json_snapshot!(discovery::service_provider_config(
        BASE,
        "https://rollcall.example/t/acme/oauth/token",
        capabilities
    ));
}

#[test]
fn the_user_resource_type() {
    insta::assert_json_snapshot!(discovery::resource_type(BASE, &ResourceType::user()));
}

#[test]
fn the_group_schema() {
    insta::assert_json_snapshot!(discovery::schema(BASE, &schemas::group()));
}
