//! An OAuth client whose access tokens open every replica, until it is revoked.

use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use testkit::db::TestDatabase;

use super::Fleet;
use crate::binary::Home;
use crate::caller::Caller;
use crate::patience::until_status;

/// A second is promised (product.md); a busy machine may need some more.
const SOON: Duration = Duration::from_secs(3);

/// A client of a tenant, as its identity provider knows it.
#[derive(Clone)]
pub struct OAuthClient {
    pub id: String,
    form: String,
    /// The path of the token endpoint.
    path: String,
    http: Client,
}

impl OAuthClient {
    pub fn create(operator: &Home, slug: &str) -> Self {
        let made = operator.json(&["client", "create", "--tenant", slug]);
        let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.append_pair("client_id", &text("client_id")).append_pair("client_secret", &text("client_secret"));
        let endpoint: url::Url = text("token_url").parse().unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        Self { id: text("client_id"), form: form.finish(), path: endpoint.path().to_owned(), http }
    }

    /// A new access token of the server there.
    pub async fn sign_in(&self, root: &str) -> String {
        let request = self.http.post(format!("{root}{}", self.path));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(self.form.clone());
        let answer = request.send().await.unwrap();
        let (status, granted) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert_eq!(status, 200, "{granted}");
        granted["access_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_of_one_replica_opens_all_until_its_client_is_revoked() {
    let database = TestDatabase::postgres().await;
    let fleet = Fleet::start(database.target(), &[]);
    fleet.open_tenant("acme");
    let client = OAuthClient::create(&fleet.operator, "acme");
    let access = client.sign_in(&fleet.replicas[0].root()).await;
    let callers = fleet.callers("acme", &access);
    for caller in &callers {
        for _ in 0..3 {
            caller.get("/Users").await.expect(200);
        }
    }
    fleet.operator.text(&["client", "revoke", "--tenant", "acme", &client.id]);
    expect_soon(&callers, 401).await;
    // and it stays so
    tokio::time::sleep(Duration::from_millis(700)).await;
    expect_soon(&callers, 401).await;
}

async fn expect_soon(callers: &[Caller], status: u16) {
    let start = Instant::now();
    for caller in callers {
        until_status(caller, status).await;
    }
    assert!(start.elapsed() < SOON, "{:?} until {status}", start.elapsed());
}
