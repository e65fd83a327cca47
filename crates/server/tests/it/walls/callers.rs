//! Who knocks.

use domain::credential::BearerToken;
use domain::ids::CredentialId;
use serde_json::Value;
use uuid::Uuid;

use super::clients;
use crate::caller::{Caller, group};
use crate::served::{BASE_DOMAIN, Served};

/// Two tenants: `acme` with a user in a group, and `other` with nothing.
pub struct Town {
    pub token: String,
    pub other_token: String,
    pub acme: Caller,
    pub acme_hosted: Caller,
    pub other: Caller,
    pub other_hosted: Caller,
    /// Of `acme`, as it was when it was made.
    pub user: String,
    pub group: String,
    before: [Value; 2],
}

impl Town {
    pub async fn settle(served: &Served) -> Self {
        let (_, token) = served.open_tenant("acme").await;
        let (_, other_token) = served.open_tenant("other").await;
        let acme = served.caller("acme", &token);
        let user = acme.create_user("ada@acme.example").await.expect(201).id();
        let group = acme.post("/Groups", &group("Staff", &[&user])).await.expect(201).id();
        Self {
            before: state(&acme, &user, &group).await,
            acme,
            acme_hosted: bearing(hosted(served, "acme"), &token),
            other: served.caller("other", &other_token),
            other_hosted: bearing(hosted(served, "other"), &other_token),
            token,
            other_token,
            user,
            group,
        }
    }

    /// A user and a group that a test may do with as it likes.
    pub async fn newcomers(&self, caller: &Caller) -> (String, String) {
        let user = caller.create_user("linus").await.expect(201).id();
        let group = caller.post("/Groups", &group("Kernel", &[&user])).await.expect(201).id();
        (user, group)
    }

    /// Fails when something of `acme` has changed.
    pub async fn expect_untouched(&self) {
        assert_eq!(state(&self.acme, &self.user, &self.group).await, self.before);
    }
}

async fn state(acme: &Caller, user: &str, group: &str) -> [Value; 2] {
    let user = acme.get(&format!("/Users/{user}")).await.expect(200).json();
    let group = acme.get(&format!("/Groups/{group}")).await.expect(200).json();
    [user, group]
}

/// Whoever asks at a tenant's own host, without a token.
pub fn hosted(served: &Served, label: &str) -> Caller {
    at_host(served, &format!("{label}.{BASE_DOMAIN}"))
}

fn at_host(served: &Served, host: &str) -> Caller {
    Caller::new(&format!("{}/scim/v2", served.root())).with("host", host)
}

fn bearing(caller: Caller, token: &str) -> Caller {
    caller.with("authorization", &format!("Bearer {token}"))
}

/// Everybody who may not come in, and who that is.
pub async fn strangers(served: &Served, town: &Town) -> Vec<(String, Caller)> {
    let mut strangers = Vec::new();
    for (what, header) in bad_credentials(served, town).await {
        for (form, caller) in [("path", Caller::new(&served.base("acme"))), ("host", hosted(served, "acme"))] {
            let caller = header.iter().fold(caller, |caller, header| caller.with("authorization", header));
            strangers.push((format!("{what} at acme's {form}"), caller));
        }
    }
    for (what, token) in bad_access_tokens(served).await {
        strangers.push((format!("{what} at acme's path"), served.caller("acme", &token)));
        strangers.push((format!("{what} at acme's host"), bearing(hosted(served, "acme"), &token)));
    }
    // A token that is good elsewhere.
    for slug in ["nobody", "www", "api", "t", "Acme", "ACME", "a_b", "-acme", "%00", &"x".repeat(64)] {
        strangers.push((format!("acme's token at /t/{slug}"), served.caller(slug, &town.token)));
    }
    for host in ["nobody", "www", "api", "a_b", "x.acme", "acme.acme"] {
        let host = format!("{host}.{BASE_DOMAIN}");
        strangers.push((format!("acme's token at {host}"), bearing(at_host(served, &host), &town.token)));
    }
    for host in [BASE_DOMAIN, "127.0.0.1", "acme.elsewhere.test", "acmerollcall.test"] {
        strangers.push((format!("acme's token at {host}"), bearing(at_host(served, host), &town.token)));
    }
    strangers
}

/// `Authorization` headers that open nothing in `acme`.
async fn bad_credentials(served: &Served, town: &Town) -> Vec<(&'static str, Option<String>)> {
    let acme = served.rollcall.tenants.get(&"acme".parse().unwrap()).await.unwrap();
    let good = &town.token;
    let id = BearerToken::parse(good).unwrap().id;
    let unknown = BearerToken::new(CredentialId(Uuid::from_u128(7)), [1; 32]).reveal();
    let guessed = BearerToken::new(id, [1; 32]).reveal();
    let mistyped = format!("{}0", &good[..good.len() - 1]);
    let mistyped = if mistyped == *good { format!("{}1", &good[..good.len() - 1]) } else { mistyped };
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    vec![
        ("nobody", None),
        ("an empty header", Some(String::new())),
        ("a scheme alone", Some("Bearer".to_owned())),
        ("an empty token", Some("Bearer ".to_owned())),
        ("nonsense", bearer("nonsense")),
        ("a nul in hexadecimal", bearer("scim_%00_%00")),
        ("the token without a scheme", Some(good.clone())),
        ("the token as a password", Some(format!("Basic {good}"))),
        ("a token cut short", bearer(&good[..good.len() - 1])),
        ("a token and more", bearer(&format!("{good}0"))),
        ("a token in capitals", bearer(&good.to_uppercase())),
        ("two tokens", bearer(&format!("{good} {good}"))),
        ("a mistyped token", bearer(&mistyped)),
        ("a long token", bearer(&"scim_".repeat(1_000))),
        ("an unknown token", bearer(&unknown)),
        ("the right id with a guessed secret", bearer(&guessed)),
        ("an expired token", bearer(&served.expired_token(&acme, 1).await)),
        ("a token that has just expired", bearer(&served.expired_token(&acme, 0).await)),
        ("a revoked token", bearer(&served.revoked_token(&acme).await)),
        ("another tenant's token", bearer(&town.other_token)),
    ]
}

/// As [`bad_credentials`], of those who were given an access token.
async fn bad_access_tokens(served: &Served) -> Vec<(&'static str, String)> {
    let tenant = async |slug: &str| served.rollcall.tenants.get(&slug.parse().unwrap()).await.unwrap();
    let (acme, other) = (tenant("acme").await, tenant("other").await);
    let cx = served.rollcall.operator_context(&acme);
    let good = clients::client(served, &acme).await;
    let token = clients::access_token(served, "acme", &good).await;
    let revoked = clients::client(served, &acme).await;
    let of_revoked = clients::access_token(served, "acme", &revoked).await;
    served.rollcall.credentials.revoke(&cx, revoked.client.id).await.unwrap();
    let foreign = clients::client(served, &other).await;
    let foreign = clients::access_token(served, "other", &foreign).await;
    vec![
        ("another tenant's access token", foreign.clone()),
        ("an access token that names another tenant", clients::altered(&foreign, "tenant", &acme.id.to_string())),
        ("an access token of a revoked client", of_revoked),
        ("an access token without a signature", clients::unsigned(&token, r#"{"alg":"none","typ":"at+jwt"}"#)),
        ("an access token with a longer life", clients::altered(&token, "exp", "9999999999")),
        ("an access token cut short", token[..token.len() - 1].to_owned()),
        ("the secret of a client", good.secret.reveal()),
        ("the id of a client", good.client.id.to_string()),
    ]
}
