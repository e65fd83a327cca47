//! The other way in: OAuth clients and their access tokens.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::credential::CredentialKind;
use domain::ids::CredentialId;
use domain::ops::{MintedSecret, NewClient};
use domain::scope::Scopes;
use domain::tenant::Tenant;
use reqwest::Client;
use serde_json::Value;

use crate::served::Served;

/// A client of a tenant.
pub async fn client(served: &Served, tenant: &Tenant) -> MintedSecret {
    let cx = served.rollcall.operator_context(tenant);
    let expires = cx.now.plus_seconds(2 * 365 * 86_400);
    let access_minutes = CredentialKind::USUAL_ACCESS_MINUTES;
    let new = NewClient { label: "client".to_owned(), scopes: Scopes::ALL, access_minutes, expires, key: None };
    served.rollcall.credentials.create_client(&cx, new).await.unwrap()
}

/// What the token endpoint of a tenant answers to an id and a secret: status and body.
pub async fn ask(served: &Served, slug: &str, id: CredentialId, secret: &str) -> (u16, String) {
    let form = [("grant_type", "client_credentials"), ("client_id", &id.to_string()), ("client_secret", secret)];
    let http = Client::builder().build().unwrap();
    let body = form.map(|(name, value)| format!("{name}={value}")).join("&");
    let url = format!("{}/t/{slug}{}", served.root(), scim_api::TOKEN_ENDPOINT.1);
    let request = http.request(scim_api::TOKEN_ENDPOINT.0.as_str().parse().unwrap(), url);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// An access token.
pub async fn access_token(served: &Served, slug: &str, minted: &MintedSecret) -> String {
    let (status, body) = ask(served, slug, minted.client.id, &minted.secret.reveal()).await;
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// The same claims with another header, and signed by nobody.
pub fn unsigned(token: &str, header: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.", BASE64_URL_SAFE_NO_PAD.encode(header))
}

/// The same header and signature with one claim changed.
pub fn altered(token: &str, name: &str, value: &str) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims[name] = Value::from(value);
    format!("{}.{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}
