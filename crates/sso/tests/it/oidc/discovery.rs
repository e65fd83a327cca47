//! Issuers and discovery documents.

use serde_json::{Value, json};
use sso::DiscoveryFault;
use sso::oidc::Issuer;
use sso::oidc::discovery::{MAX_BYTES, ProviderMetadata};
use sso::oidc::token::ClientAuthentication;

use super::support::{ENTRA, ENTRA_PROVIDER, OTHER, OTHER_PROVIDER, TENANT, entra, fixture, names, with};

fn read(changes: &[(&str, Value)]) -> Result<ProviderMetadata, DiscoveryFault> {
    ProviderMetadata::read(&with(&fixture("discovery/entra.json"), changes), &entra())
}

#[test]
fn entras_document_is_read() {
    let provider = &ENTRA_PROVIDER.metadata;
    let oauth = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0");
    assert_eq!(provider.issuer.as_str(), ENTRA);
    assert_eq!(provider.authorization_endpoint.as_str(), format!("{oauth}/authorize"));
    assert_eq!(provider.token_endpoint.as_str(), format!("{oauth}/token"));
    let keys = format!("https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys");
    assert_eq!(provider.jwks_uri.as_str(), keys);
    assert_eq!(provider.end_session_endpoint.as_ref().unwrap().as_str(), format!("{oauth}/logout"));
    assert_eq!(names(&provider.algorithms), ["RS256"]);
    assert_eq!(provider.client_authentication, ClientAuthentication::Post);
    assert!(!provider.iss_parameter);
}

#[test]
fn what_a_short_document_leaves_out_is_as_the_standard_says() {
    let provider = &OTHER_PROVIDER.metadata;
    assert_eq!(names(&provider.algorithms), ["RS256", "PS256", "ES256", "EdDSA"], "neither none nor HS256");
    assert_eq!(provider.client_authentication, ClientAuthentication::Basic);
    assert_eq!(provider.end_session_endpoint, None);
    assert!(provider.iss_parameter);
    for (methods, best) in [
        (json!(["none", "client_secret_basic", "client_secret_post"]), ClientAuthentication::Post),
        (json!(["none", "client_secret_basic", "private_key_jwt"]), ClientAuthentication::Basic),
        (json!(["private_key_jwt", "none"]), ClientAuthentication::None),
    ] {
        let provider = read(&[("token_endpoint_auth_methods_supported", methods)]).unwrap();
        assert_eq!(provider.client_authentication, best);
    }
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let evil = json!("http://login.microsoftonline.com/x");
    for (what, change, code, words) in [
        ("issuer", json!("https://login.microsoftonline.com/{tenantid}/v2.0"), "not_of_one_tenant", "tenant-specific"),
        ("issuer", json!(format!("{ENTRA}/")), "wrong_issuer", ENTRA),
        ("issuer", json!(ENTRA.to_uppercase()), "wrong_issuer", ENTRA),
        ("issuer", Value::Null, "missing", "issuer is missing"),
        ("issuer", json!([ENTRA]), "missing", "issuer is missing"),
        ("authorization_endpoint", evil.clone(), "not_https", "authorization_endpoint is not an https address"),
        ("token_endpoint", evil.clone(), "not_https", "token_endpoint is not an https address"),
        ("jwks_uri", evil.clone(), "not_https", "jwks_uri is not an https address"),
        ("end_session_endpoint", evil, "not_https", "end_session_endpoint is not an https address"),
        ("jwks_uri", json!("/keys"), "not_https", "\"/keys\""),
        ("jwks_uri", json!("file:///etc/passwd"), "not_https", "file:"),
        ("authorization_endpoint", json!("javascript:alert(1)"), "not_https", "javascript:"),
        ("token_endpoint", json!("http://127.0.0.1/token"), "not_https", "127.0.0.1"),
        ("jwks_uri", json!(7), "invalid", "jwks_uri"),
        ("authorization_endpoint", Value::Null, "missing", "authorization_endpoint"),
        ("token_endpoint", Value::Null, "missing", "token_endpoint"),
        ("jwks_uri", Value::Null, "missing", "jwks_uri"),
        ("response_types_supported", json!(["id_token"]), "no_code_flow", "\"id_token\""),
        ("response_types_supported", json!(["code id_token"]), "no_code_flow", "\"code id_token\""),
        ("response_types_supported", Value::Null, "missing", "response_types_supported"),
        ("response_types_supported", json!("code"), "invalid", "response_types_supported"),
        ("response_modes_supported", json!(["form_post"]), "no_query_mode", "\"form_post\""),
        ("code_challenge_methods_supported", json!(["plain"]), "no_pkce", "\"plain\""),
        ("code_challenge_methods_supported", json!([]), "no_pkce", "S256"),
        ("id_token_signing_alg_values_supported", json!(["none", "HS256"]), "no_algorithm", "\"none\", \"HS256\""),
        ("id_token_signing_alg_values_supported", Value::Null, "missing", "id_token_signing_alg_values_supported"),
        ("id_token_signing_alg_values_supported", json!([7]), "invalid", "id_token_signing_alg_values_supported"),
        (
            "token_endpoint_auth_methods_supported",
            json!(["private_key_jwt"]),
            "no_client_authentication",
            "\"private_key_jwt\"",
        ),
        ("authorization_response_iss_parameter_supported", json!("true"), "invalid", "iss_parameter"),
    ] {
        let fault = read(&[(what, change.clone())]).unwrap_err();
        assert_eq!(fault.code(), code, "{what}: {change}");
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn what_is_no_document_is_refused() {
    let of = |text: &str| ProviderMetadata::read(text.as_bytes(), &entra()).unwrap_err().code();
    let document = fixture("discovery/entra.json");
    assert_eq!(of("<html>"), "malformed_json");
    assert_eq!(of("[]"), "not_an_object");
    assert_eq!(of(&document.replacen('{', "{\"issuer\":\"https://evil.example\",", 1)), "repeated_name");
    assert_eq!(of(&format!("{document}{}", " ".repeat(MAX_BYTES))), "too_large");
}

#[test]
fn an_issuer_is_the_one_of_one_tenant() {
    for (text, code) in [
        ("https://login.microsoftonline.com/common/v2.0", "not_of_one_tenant"),
        ("https://login.microsoftonline.com/organizations/v2.0", "not_of_one_tenant"),
        ("https://login.microsoftonline.com/consumers/v2.0", "not_of_one_tenant"),
        ("https://login.microsoftonline.us/organizations/v2.0", "not_of_one_tenant"),
        ("https://login.microsoftonline.com/common", "not_of_one_tenant"),
        ("https://login.partner.microsoftonline.cn/common", "not_of_one_tenant"),
        ("https://login.microsoftonline.com/{tenantid}/v2.0", "not_of_one_tenant"),
        ("https://login.microsoftonline.com/5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90", "not_version_2"),
        ("https://sts.windows.net/5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90/", "not_version_2"),
        ("http://id.example", "invalid_issuer"),
        ("http://127.0.0.1:8080", "invalid_issuer"),
        ("https://id.example?tenant=1", "invalid_issuer"),
        ("https://id.example#x", "invalid_issuer"),
        ("https://user@id.example", "invalid_issuer"),
        ("https://:password@id.example", "invalid_issuer"),
        (" https://id.example", "invalid_issuer"),
        ("id.example", "invalid_issuer"),
        ("file:///etc/passwd", "invalid_issuer"),
        ("", "invalid_issuer"),
    ] {
        assert_eq!(Issuer::read(text, false).unwrap_err().code(), code, "{text}");
    }
    let words = Issuer::read("https://login.microsoftonline.com/common/v2.0", false).unwrap_err().to_string();
    assert!(
        words.contains("use the tenant-specific one, https://login.microsoftonline.com/<tenant id>/v2.0"),
        "{words}"
    );
}

#[test]
fn an_issuer_tells_its_tenant_and_where_its_document_is() {
    for (text, tenant, document) in [
        (ENTRA, Some(TENANT), format!("{ENTRA}/.well-known/openid-configuration")),
        (OTHER, None, format!("{OTHER}/.well-known/openid-configuration")),
        ("https://id.example/", None, "https://id.example/.well-known/openid-configuration".to_owned()),
        // What another provider calls common is its own affair.
        ("https://id.example/common", None, "https://id.example/common/.well-known/openid-configuration".to_owned()),
    ] {
        let issuer = Issuer::read(text, false).unwrap();
        assert_eq!((issuer.as_str(), issuer.tenant()), (text, tenant));
        assert_eq!(issuer.discovery_url(), document);
    }
    let government = Issuer::read(&ENTRA.replace(".com", ".us").replace("5f8a2c3e", "5F8A2C3E"), false).unwrap();
    assert_eq!(government.tenant(), Some(TENANT));
}

#[test]
fn a_provider_on_this_machine_needs_no_tls_where_it_is_allowed() {
    for address in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
        let issuer = Issuer::read(address, true).unwrap();
        let at = |path: &str| json!(format!("{address}{path}"));
        let document = with(
            &fixture("discovery/other.json"),
            &[
                ("issuer", json!(address)),
                ("authorization_endpoint", at("/auth")),
                ("token_endpoint", at("/token")),
                ("jwks_uri", at("/keys")),
            ],
        );
        let provider = ProviderMetadata::read(&document, &issuer).unwrap();
        assert_eq!(provider.token_endpoint.as_str(), format!("{address}/token"));
    }
    for address in ["http://id.example", "http://10.0.0.1", "http://localhost.example", "ftp://localhost"] {
        assert_eq!(Issuer::read(address, true).unwrap_err().code(), "invalid_issuer", "{address}");
    }
}
