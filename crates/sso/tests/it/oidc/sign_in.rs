//! From the authorization request to tokens, and out again.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use sso::OidcFault;
use sso::oidc::authorize::{AuthorizationRequest, PendingSignIn, Prompt, Randomness};
use sso::oidc::callback::{Callback, MAX_BYTES};
use sso::oidc::discovery::ProviderMetadata;
use sso::oidc::logout::LogoutRequest;
use sso::oidc::token::{self, Client, ClientAuthentication, TokenRequest, TokenResponse};
use url::Url;

use super::support::{CLIENT, ENTRA, ENTRA_PROVIDER, OTHER, OTHER_PROVIDER, REDIRECT, TENANT};

/// Base64url of 32 bytes of 0, 1 and 2.
const STATE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const NONCE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
const VERIFIER: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";

fn randomness() -> Randomness {
    Randomness { state: [0; 32], nonce: [1; 32], verifier: [2; 32] }
}

fn request(provider: &ProviderMetadata) -> AuthorizationRequest<'_> {
    AuthorizationRequest { provider, client_id: CLIENT, redirect_uri: REDIRECT, login_hint: None, prompt: None }
}

fn pending(provider: &ProviderMetadata) -> PendingSignIn {
    request(provider).begin(&randomness()).1
}

fn pairs(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

#[test]
fn a_request_asks_for_a_code_with_pkce_state_and_nonce() {
    let (url, pending) = request(&ENTRA_PROVIDER.metadata).begin(&randomness());
    assert!(url.as_str().starts_with(&format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?")));
    // What openssl makes of the verifier.
    let challenge = "bB1ju9q0N8VDaMu9iIaohqea2XcpfiZe6_H19fAVM7k";
    let asked = pairs(&url);
    let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        asked,
        [
            ("response_type", "code"),
            ("response_mode", "query"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT),
            ("scope", "openid profile email"),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]
    );
    assert_eq!(pending.state_digest, <[u8; 32]>::from(Sha256::digest(STATE)));
    assert_eq!((pending.nonce.as_str(), pending.verifier.expose_secret()), (NONCE, VERIFIER));
    assert_eq!((pending.issuer.as_str(), pending.redirect_uri.as_str()), (ENTRA, REDIRECT));
    assert!(!url.as_str().contains(VERIFIER));
}

#[test]
fn a_request_keeps_the_providers_query_and_takes_hints() {
    for (prompt, name) in [
        (Prompt::None, "none"),
        (Prompt::Login, "login"),
        (Prompt::Consent, "consent"),
        (Prompt::SelectAccount, "select_account"),
    ] {
        let hint = Some("zoe+1@acme.example&prompt=none");
        let asked =
            AuthorizationRequest { login_hint: hint, prompt: Some(prompt), ..request(&OTHER_PROVIDER.metadata) };
        let pairs = pairs(&asked.begin(&randomness()).0);
        assert_eq!(pairs[0], ("ui".to_owned(), "plain".to_owned()));
        assert_eq!(pairs[10], ("login_hint".to_owned(), "zoe+1@acme.example&prompt=none".to_owned()));
        assert_eq!(pairs[11], ("prompt".to_owned(), name.to_owned()));
        assert_eq!(pairs.len(), 12);
    }
}

#[test]
fn a_callback_gives_the_code_of_its_sign_in() {
    let provider = &ENTRA_PROVIDER.metadata;
    let callback = Callback::read(&format!("code=1.AXoA%2B%2F&state={STATE}&session_state=0071b8cf")).unwrap();
    assert_eq!(callback.state_digest(), &pending(provider).state_digest);
    assert_eq!(callback.code(&pending(provider), provider).unwrap().expose_secret(), "1.AXoA+/");
}

#[test]
fn a_callback_of_another_sign_in_or_provider_is_refused() {
    let (entra, other) = (&ENTRA_PROVIDER.metadata, &OTHER_PROVIDER.metadata);
    let code = |query: &str, begun_with, provider| {
        Callback::read(query).and_then(|callback| callback.code(&pending(begun_with), provider)).map(|_| ())
    };
    let good = format!("code=c&state={STATE}");
    let wrong_issuer = |found: &str, expected: &str| {
        Err(OidcFault::WrongIssuer { found: found.to_owned(), expected: expected.to_owned() })
    };
    assert_eq!(code(&format!("code=c&state={NONCE}"), entra, entra), Err(OidcFault::UnknownState));
    assert_eq!(code(&format!("error=e&state={NONCE}"), entra, entra), Err(OidcFault::UnknownState));
    // The connection has another provider than when the sign-in began.
    assert_eq!(code(&good, other, entra), wrong_issuer(OTHER, ENTRA));
    // RFC 9207: where the provider says who it is, it has to be this one, in errors too.
    assert_eq!(code(&good, other, other), Err(OidcFault::Missing { what: "iss" }));
    let iss = |iss: &str| format!("&iss={}", url::form_urlencoded::byte_serialize(iss.as_bytes()).collect::<String>());
    code(&format!("{good}{}", iss(OTHER)), other, other).unwrap();
    code(&format!("{good}{}", iss(ENTRA)), entra, entra).unwrap();
    assert_eq!(code(&format!("{good}{}", iss(ENTRA)), other, other), wrong_issuer(ENTRA, OTHER));
    assert_eq!(code(&format!("{good}{}", iss(OTHER)), entra, entra), wrong_issuer(OTHER, ENTRA));
    assert_eq!(code(&format!("{good}&iss="), entra, entra), wrong_issuer("", ENTRA));
    assert_eq!(code(&format!("error=e&state={STATE}{}", iss(ENTRA)), other, other), wrong_issuer(ENTRA, OTHER));
}

#[test]
fn a_refusal_is_told_in_the_providers_words() {
    let provider = &ENTRA_PROVIDER.metadata;
    let text = "AADSTS50105%3a+Your+administrator+has+configured+the+application.%0d%0aTrace+ID%3a+1";
    let query = format!("error=access_denied&error_description={text}&state={STATE}");
    let fault = Callback::read(&query).unwrap().code(&pending(provider), provider).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the provider refused: access_denied, AADSTS50105: Your administrator has configured the application.  Trace ID: 1"
    );
    assert_eq!(fault.code(), "refused");
    let OidcFault::Refused(response) = fault else { panic!("{fault}") };
    assert_eq!(response.entra_code(), Some("AADSTS50105"));
    // The ids at the end of a long description are kept; what is endless is not.
    let described = |length: usize| {
        let query = format!("error={0}&error_description={0}&state={STATE}", "x".repeat(length));
        match Callback::read(&query).unwrap().code(&pending(provider), provider).unwrap_err() {
            OidcFault::Refused(response) => (response.error, response.description.unwrap()),
            fault => panic!("{fault}"),
        }
    };
    assert_eq!(described(1000), (format!("{}…", "x".repeat(300)), "x".repeat(1000)));
    assert_eq!(described(9000).1, format!("{}…", "x".repeat(1000)));
    // Others have no such number.
    for (description, code) in [
        ("AADSTS", None),
        ("AADSTSx1", None),
        ("see AADSTS1", None),
        ("", None),
        ("AADSTS7000215", Some("AADSTS7000215")),
    ] {
        let query = format!("error=e&error_description={description}&state={STATE}");
        let fault = Callback::read(&query).unwrap().code(&pending(provider), provider).unwrap_err();
        let OidcFault::Refused(response) = fault else { panic!("{fault}") };
        assert_eq!(response.entra_code(), code);
    }
}

#[test]
fn a_callback_says_one_thing_once() {
    for (query, fault) in [
        ("", OidcFault::Missing { what: "state" }),
        ("code=c", OidcFault::Missing { what: "state" }),
        ("code=c&state=", OidcFault::Missing { what: "state" }),
        ("state=s", OidcFault::Missing { what: "code" }),
        ("state=s&code=", OidcFault::Missing { what: "code" }),
        ("state=s&code=c&error=e", OidcFault::Repeated { what: "code or error" }),
        ("state=s&code=c&state=t", OidcFault::Repeated { what: "state" }),
        ("state=s&code=c&code=c", OidcFault::Repeated { what: "code" }),
        ("state=s&code=c&c%6fde=d", OidcFault::Repeated { what: "code" }),
        ("state=s&error=e&error=f", OidcFault::Repeated { what: "error" }),
        ("state=s&error=e&error_description=1&error_description=2", OidcFault::Repeated { what: "error_description" }),
        ("state=s&code=c&iss=1&iss=2", OidcFault::Repeated { what: "iss" }),
    ] {
        assert_eq!(Callback::read(query).map(|_| ()), Err(fault), "{query}");
    }
    let huge = format!("state=s&code={}", "c".repeat(MAX_BYTES));
    assert_eq!(Callback::read(&huge).unwrap_err().code(), "too_large");
}

fn token_request(provider: &ProviderMetadata) -> TokenRequest {
    let secret = SecretString::from("s~e:c r&t");
    TokenRequest::new(provider, Client { id: "client:1", secret: &secret }, &"co+de".into(), &pending(provider))
}

fn form(request: &TokenRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.expose_secret().as_bytes()).into_owned().collect()
}

#[test]
fn a_token_request_shows_the_secret_in_the_form_or_in_the_header() {
    let common = [
        ("grant_type", "authorization_code"),
        ("code", "co+de"),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let post = token_request(&ENTRA_PROVIDER.metadata);
    assert_eq!(post.url, ENTRA_PROVIDER.metadata.token_endpoint);
    let in_form = [("client_id", "client:1"), ("client_secret", "s~e:c r&t")];
    assert_eq!(form(&post), owned(&[&common[..], &in_form].concat()));
    assert!(post.authorization.is_none());

    let public =
        ProviderMetadata { client_authentication: ClientAuthentication::None, ..ENTRA_PROVIDER.metadata.clone() };
    let public = token_request(&public);
    assert_eq!(form(&public), owned(&[&common[..], &[("client_id", "client:1")]].concat()));
    assert!(public.authorization.is_none());

    let basic = token_request(&OTHER_PROVIDER.metadata);
    assert_eq!(form(&basic), owned(&common));
    // client%3A1:s%7Ee%3Ac+r%26t
    let header = "Basic Y2xpZW50JTNBMTpzJTdFZSUzQWMrciUyNnQ=";
    assert_eq!(basic.authorization.unwrap().expose_secret(), header);
}

#[test]
fn nothing_secret_is_in_what_is_shown() {
    for client_authentication in [ClientAuthentication::Basic, ClientAuthentication::Post] {
        let provider = ProviderMetadata { client_authentication, ..ENTRA_PROVIDER.metadata.clone() };
        let secret = SecretString::from("s3cr3t");
        let client = Client { id: CLIENT, secret: &secret };
        let callback = Callback::read(&format!("code=c0d3&state={STATE}")).unwrap();
        let code = callback.clone().code(&pending(&provider), &provider).unwrap();
        let request = TokenRequest::new(&provider, client, &code, &pending(&provider));
        let body = json!({ "token_type": "Bearer", "id_token": "1d-t0k3n", "access_token": "4cc3ss" }).to_string();
        let response = TokenResponse::read(200, body.as_bytes()).unwrap();
        let logout = LogoutRequest {
            client_id: CLIENT,
            id_token_hint: Some(&response.id_token),
            post_logout_redirect_uri: None,
            state: None,
        };
        let shown = format!(
            "{request:?} {response:?} {callback:?} {client:?} {logout:?} {:?} {:?}",
            pending(&provider),
            randomness()
        );
        for secret in ["s3cr3t", "c0d3", "1d-t0k3n", "4cc3ss", VERIFIER, STATE, "[0, 0, 0", "czNjcjN0"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn a_token_response_gives_tokens() {
    let body = br#"{"token_type":"bearer","expires_in":3599,"access_token":"a","id_token":"i.i.i"}"#;
    let response = TokenResponse::read(200, body).unwrap();
    assert_eq!(response.id_token.expose_secret(), "i.i.i");
    assert_eq!(response.access_token.unwrap().expose_secret(), "a");
    assert!(TokenResponse::read(200, br#"{"token_type":"Bearer","id_token":"i"}"#).unwrap().access_token.is_none());
}

#[test]
fn a_token_response_without_tokens_is_told_apart() {
    let entra = json!({
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1",
        "error_codes": [7_000_215],
    })
    .to_string();
    let repeated = r#"{"token_type":"Bearer","id_token":"a","id_token":"b"}"#;
    for (status, body, code, words) in [
        (401, entra.as_str(), "refused", "invalid_client, AADSTS7000215: Invalid client secret provided."),
        (400, r#"{"error":"invalid_grant"}"#, "refused", "the provider refused: invalid_grant"),
        (200, r#"{"error":"slow_down","id_token":"i","token_type":"Bearer"}"#, "refused", "slow_down"),
        (502, "<html>Bad gateway</html>", "no_tokens", "status 502"),
        (302, "", "no_tokens", "status 302"),
        (503, "[]", "no_tokens", "status 503"),
        (201, r#"{"token_type":"Bearer","id_token":"i"}"#, "no_tokens", "status 201"),
        (200, "<html>", "malformed_json", "line 1"),
        (200, "[]", "not_an_object", "no object"),
        (200, repeated, "repeated_name", "twice"),
        (200, r#"{"token_type":"Bearer","access_token":"a"}"#, "missing", "id_token is missing"),
        (200, r#"{"token_type":"Bearer","id_token":7}"#, "missing", "id_token is missing"),
        (200, r#"{"id_token":"i"}"#, "missing", "token_type is missing"),
        (200, r#"{"token_type":"mac","id_token":"i"}"#, "invalid", "token_type"),
    ] {
        let fault = TokenResponse::read(status, body.as_bytes()).unwrap_err();
        assert_eq!(fault.code(), code, "{body}");
        assert!(fault.to_string().contains(words), "{fault}");
    }
    let huge = " ".repeat(token::MAX_BYTES + 1);
    assert_eq!(TokenResponse::read(500, huge.as_bytes()).unwrap_err().code(), "too_large");
}

#[test]
fn signing_out_says_who_and_where_to() {
    let id_token = SecretString::from("i.d.t");
    let most = LogoutRequest {
        client_id: CLIENT,
        id_token_hint: Some(&id_token),
        post_logout_redirect_uri: Some("https://app.example/t/acme/signed-out?a=b&c"),
        state: Some("s t"),
    };
    let url = most.url(&ENTRA_PROVIDER.metadata).unwrap();
    assert_eq!(
        url.as_str(),
        format!(
            "https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/logout?client_id={CLIENT}&id_token_hint=i.d.t\
             &post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Ft%2Facme%2Fsigned-out%3Fa%3Db%26c&state=s+t"
        )
    );
    let least = LogoutRequest { id_token_hint: None, post_logout_redirect_uri: None, state: None, ..most };
    assert!(least.url(&ENTRA_PROVIDER.metadata).unwrap().as_str().ends_with(&format!("/logout?client_id={CLIENT}")));
    assert_eq!(most.url(&OTHER_PROVIDER.metadata), None);
}
