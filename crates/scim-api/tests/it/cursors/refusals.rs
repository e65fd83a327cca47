//! Cursors that open nothing (RFC 9865 §2.1, §5.2).

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::{next, page};
use crate::face::{Face, encoded};

async fn people(face: &Face) {
    for name in ["ada", "bob", "cyd", "dan"] {
        face.new_user(name).await;
    }
}

async fn cursor(face: &Face, address: &str) -> String {
    next(&page(face, address, 1, "").await).unwrap()
}

#[tokio::test]
async fn what_was_not_made_here_is_no_cursor() {
    let face = Face::sqlite().await;
    people(&face).await;
    let good = cursor(&face, "/Users").await;
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&good).unwrap();
    let mut forged = Vec::new();
    for place in [0, bytes.len() / 2, bytes.len() - 1] {
        bytes[place] ^= 1;
        forged.push(BASE64_URL_SAFE_NO_PAD.encode(&bytes));
        bytes[place] ^= 1;
    }
    // Content without a signature, and a signature without content.
    forged.push(BASE64_URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() - 32]));
    forged.push(BASE64_URL_SAFE_NO_PAD.encode(&bytes[bytes.len() - 32..]));
    forged.extend((1..good.len()).step_by(7).map(|length| good[..length].to_owned()));
    forged.extend(["x", "2", "ada", "%00", "%F0%9F%99%82", "null", "*"].map(str::to_owned));
    forged.extend([format!("{good}A"), format!("{good}%3D"), format!("%20{good}"), good.to_ascii_lowercase()]);
    for text in forged {
        let detail = face.get(&format!("/Users?cursor={text}")).await.fails(400, "invalidCursor");
        // Errors give nothing away.
        assert!(!detail.contains("signature") && !detail.contains("tenant"), "{detail}");
        let message = json!({"schemas": [scim_protocol::urn::SEARCH_REQUEST], "cursor": text});
        face.post("/Users/.search", message).await.fails(400, "invalidCursor");
    }
    page(&face, "/Users", 1, &good).await;
}

#[tokio::test]
async fn another_question_needs_another_cursor() {
    let face = Face::sqlite().await;
    people(&face).await;
    face.new_group("Lab", &[]).await;
    let filter = |text: &str| format!("/Users?filter={}", encoded(text));
    let questions = [
        "/Users".to_owned(),
        "/Users?sortBy=userName".to_owned(),
        "/Users?sortBy=userName&sortOrder=descending".to_owned(),
        "/Users?sortBy=displayName".to_owned(),
        filter("userName pr"),
        filter("userName sw \"a\" or userName pr"),
        format!("{}&sortBy=userName", filter("userName pr")),
        String::new(),
        "?sortBy=userName".to_owned(),
    ];
    for asked in &questions {
        let good = cursor(&face, asked).await;
        for other in questions.iter().map(String::as_str).chain(["/Groups"]).filter(|other| other != asked) {
            let joint = if other.contains('?') { '&' } else { '?' };
            face.get(&format!("{other}{joint}cursor={good}")).await.fails(400, "invalidCursor");
        }
        page(&face, asked, 1, &good).await;
    }
}

#[tokio::test]
async fn the_same_question_asked_in_another_way_goes_on() {
    let face = Face::sqlite().await;
    people(&face).await;
    let good = cursor(&face, "/Users?sortBy=userName&sortOrder=DESCENDING&filter=userName+pr").await;
    let message = json!({
        "schemas": [scim_protocol::urn::SEARCH_REQUEST], "cursor": good, "filter": "userName pr", "sortBy": "userName",
        "sortOrder": "descending",
    });
    assert_eq!(face.post("/Users/.search", message).await.each("userName"), ["cyd", "bob", "ada"]);
}

#[tokio::test]
async fn another_tenant_s_cursor_opens_nothing() {
    let face = Face::sqlite().await;
    people(&face).await;
    let (zoo, bearer) = face.world.open_tenant("zoo").await;
    let bearer = format!("Bearer {}", bearer.reveal());
    for name in ["eve", "fay"] {
        face.world.user(&face.world.cx(&zoo), name).await;
    }
    let ask = |cursor: &str| {
        let uri = format!("/t/zoo/scim/v2/Users?count=1&cursor={cursor}");
        face.stranger(Method::GET, &uri).header((AUTHORIZATION, bearer.clone()))
    };
    let ours = cursor(&face, "/Users").await;
    let refused = ask(&ours).send().await.fails(400, "invalidCursor");
    // The same words as for any text: it does not say that there is such a tenant.
    assert_eq!(refused, face.get("/Users?cursor=x").await.fails(400, "invalidCursor"));
    let theirs = next(&ask("").send().await.is(200)).unwrap();
    face.get(&format!("/Users?cursor={theirs}")).await.fails(400, "invalidCursor");
    assert_eq!(ask(&theirs).send().await.each("userName"), ["fay"]);
}

#[tokio::test]
async fn a_cursor_is_good_for_as_long_as_is_published() {
    let face = Face::sqlite().await;
    people(&face).await;
    let life = face.get("/ServiceProviderConfig").await.json()["pagination"]["cursorTimeout"].as_i64().unwrap();
    let good = cursor(&face, "/Users").await;
    face.world.clock.advance_seconds(life);
    let later = page(&face, "/Users", 1, &good).await;
    face.world.clock.advance_seconds(1);
    face.get(&format!("/Users?cursor={good}")).await.fails(400, "expiredCursor");
    // Each cursor has its own time, and a forged one is forged whatever its age.
    page(&face, "/Users", 1, &next(&later).unwrap()).await;
    face.get(&format!("/Users?sortBy=title&cursor={good}")).await.fails(400, "invalidCursor");
}

#[tokio::test]
async fn a_count_that_is_none_has_its_own_error() {
    let face = Face::sqlite().await;
    people(&face).await;
    let good = cursor(&face, "/Users").await;
    for count in ["abc", "1.5", "99999999999999999999", "0x10", "1,2"] {
        for cursor in ["", &good] {
            face.get(&format!("/Users?count={count}&cursor={cursor}")).await.fails(400, "invalidCount");
        }
        face.get(&format!("/Users?count={count}")).await.fails(400, "invalidValue");
    }
    // RFC 9865 §2: no more than the server's own limit.
    assert_eq!(page(&face, "/Users", 9_999_999, "").await.each("userName").len(), 4);
    face.get("/Users?cursor=a&cursor=b").await.fails(400, "invalidValue");
}
