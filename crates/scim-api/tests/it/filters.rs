//! Filters on every kind of attribute (RFC 7644 §3.4.2.2).

use serde_json::json;
use testkit::on_both_databases;

use crate::face::{BASE, ENTERPRISE, Face, encoded, group, id, user};

on_both_databases! { Face:
    filters_on_single_values,
    filters_on_several_values,
    filters_on_what_the_server_writes,
    filters_of_groups,
}

/// Four people in order of creation, a minute between them.
async fn people(face: &Face) -> Vec<String> {
    let mut paths = Vec::new();
    for person in [
        json!({
            "userName": "Ada@Example.com", "externalId": "Ext-A", "displayName": "Ada \"Quill\"", "title": "Countess",
            "active": true, "name": {"familyName": "O'Quill", "givenName": "Ada"},
            "emails": [{"type": "work", "value": "ada@work.example", "primary": true}, {"type": "home", "value": "q@home.example"}],
            "phoneNumbers": [{"type": "mobile", "value": "+1 555"}],
            "x509Certificates": [{"value": "TUlJQg=="}],
            ENTERPRISE: {"department": "Lab", "employeeNumber": "7", "manager": {"value": "m-1"}},
        }),
        json!({
            "userName": "bob@example.com", "externalId": "ext-a", "displayName": "Bob", "title": "Builder", "active": false,
            "emails": [{"type": "work", "value": "bob@work.example"}, {"type": "home", "value": "ada@work.example"}],
            "profileUrl": "https://example.com/Bob",
            ENTERPRISE: {"department": "LAB", "employeeNumber": "70"},
        }),
        json!({"userName": "straße", "displayName": "Müller", "nickName": "", "roles": [{"value": "admin", "primary": true}]}),
        json!({"userName": "dee"}),
    ] {
        paths.push(face.post("/Users", user(person)).await.created());
        face.world.clock.advance_seconds(60);
    }
    paths
}

/// Each filter finds the people of these letters, and its negation the others.
async fn find(face: &Face, cases: &[(&str, &str)]) {
    let letters =
        |names: Vec<String>| -> String { names.iter().filter_map(|name| name.to_lowercase().chars().next()).collect() };
    for (filter, expected) in cases {
        assert_eq!(letters(face.find("/Users", filter).await.each("userName")), *expected, "{filter}");
        let others: String = "absd".chars().filter(|letter| !expected.contains(*letter)).collect();
        let negated = format!("not ({filter})");
        assert_eq!(letters(face.find("/Users", &negated).await.each("userName")), others, "{negated}");
    }
}

async fn filters_on_single_values(face: &Face) {
    people(face).await;
    find(
        face,
        &[
            (r#"userName eq "ADA@EXAMPLE.COM""#, "a"),
            (r#"USERNAME Eq "ada@example.com""#, "a"),
            (r#"userName eq "STRASSE""#, "s"),
            (r#"userName ne "dee""#, "abs"),
            (r#"userName sw "BOB""#, "b"),
            (r#"userName ew ".COM""#, "ab"),
            (r#"userName co "@""#, "ab"),
            (r#"userName gt "bob@example.com""#, "sd"),
            (r#"userName ge "bob@example.com""#, "bsd"),
            (r#"userName lt "b""#, "a"),
            (r#"userName le "bob@example.com""#, "ab"),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "dee""#, "d"),
            (r#"displayName eq "ada \"quill\"""#, "a"),
            (r#"displayName eq "M\u00dcLLER""#, "s"),
            (r#"displayName sw "b""#, "b"),
            (r#"externalId eq "ext-a""#, "b"),
            (r#"externalId sw "Ext""#, "a"),
            ("externalId pr", "ab"),
            (r#"name.familyName co "o'q""#, "a"),
            ("name pr", "a"),
            ("nickName pr", ""),
            (r#"nickName eq """#, "s"),
            ("title pr", "ab"),
            ("title eq null", "sd"),
            ("title ne null", "ab"),
            (r#"title ne "Builder""#, "asd"),
            ("active eq true", "a"),
            ("active eq false", "b"),
            ("active eq \"False\"", "b"),
            ("active ne true", "bsd"),
            ("active pr", "ab"),
            (r#"profileUrl eq "https://example.com/Bob""#, "b"),
            (r#"profileUrl eq "https://example.com/bob""#, ""),
        ],
    )
    .await;
    find(
        face,
        &[
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "lab""#, "ab"),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:employeeNumber sw "7""#, "ab"),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "m-1""#, "a"),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "m-1""#, "a"),
            (r#"manager eq "m-1""#, "a"),
            (r#"department eq "Lab" and employeeNumber eq "70""#, "b"),
            (r#"title eq "Countess" or userName eq "dee""#, "ad"),
            (r#"userName eq "dee" or title eq "Countess" and active eq false"#, "d"),
            (r#"(userName eq "dee" or title eq "Countess") and not (active eq true)"#, "d"),
        ],
    )
    .await;
}

async fn filters_on_several_values(face: &Face) {
    people(face).await;
    find(
        face,
        &[
            (r#"emails eq "ADA@work.example""#, "ab"),
            (r#"emails.value eq "ada@work.example""#, "ab"),
            (r#"emails co "home""#, "a"),
            (r#"emails[type eq "work"]"#, "ab"),
            (r#"emails[type eq "work" and value eq "ada@work.example"]"#, "a"),
            (r#"emails[type eq "work"].value eq "ada@work.example""#, "a"),
            (r#"emails[value eq "ada@work.example" and not (type eq "work")]"#, "b"),
            (r#"emails.type eq "work" and emails.value eq "ada@work.example""#, "ab"),
            ("emails[primary eq true]", "a"),
            (r#"emails.value ne "ada@work.example""#, "absd"),
            ("emails pr", "ab"),
            ("emails.primary pr", "a"),
            (r#"emails[type eq "work"] or roles[value eq "ADMIN"]"#, "abs"),
            (r#"roles[primary eq "True"].value eq "admin""#, "s"),
            (r#"phoneNumbers.value eq "+1 555""#, "a"),
            (r#"x509Certificates.value eq "TUlJQg==""#, "a"),
            (r#"x509Certificates.value eq "tuljqg==""#, ""),
            ("ims pr", ""),
            ("groups pr", ""),
        ],
    )
    .await;
}

async fn filters_on_what_the_server_writes(face: &Face) {
    let paths = people(face).await;
    let bob = format!("id eq \"{}\"", id(&paths[1]));
    let shouted = format!("id eq \"{}\"", id(&paths[1]).to_uppercase());
    let start = format!("id sw \"{}\"", &id(&paths[0])[..6]);
    find(
        face,
        &[
            (&bob, "b"),
            // `id` is caseExact.
            (&shouted, ""),
            (&start, "absd"),
            ("id eq \"nobody\"", ""),
            ("id pr", "absd"),
            (r#"meta.created gt "2026-01-01T00:00:59Z""#, "bsd"),
            (r#"meta.created eq "2026-01-01T01:01:00+01:00""#, "b"),
            (r#"meta.lastModified ge "2026-01-01T00:02:00.000000Z""#, "sd"),
            (r#"meta.lastModified lt "2026-01-01T00:01:00Z""#, "a"),
            (r#"meta.lastModified le "2026-01-01T00:01:00Z""#, "ab"),
            (r#"meta.lastModified ne "2026-01-01T00:00:00Z""#, "bsd"),
            ("meta.lastModified pr", "absd"),
            (r#"meta.resourceType eq "User""#, "absd"),
            (r#"meta.resourceType eq "user""#, ""),
            (r#"meta.version eq "W/\"1\"""#, "absd"),
            (r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#, "ab"),
            (r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#, "absd"),
        ],
    )
    .await;
}

async fn filters_of_groups(face: &Face) {
    let paths = people(face).await;
    let lab = face.new_group("Lab", &[&paths[0], &paths[1]]).await;
    let outer = face.post(
        "/Groups",
        group(json!({
            "displayName": "Außen", "externalId": "G", "members": crate::face::elements(&[&lab, &paths[1]]),
        })),
    );
    outer.await.is(201);
    face.new_group("Empty", &[]).await;
    let (ada, bob) = (id(&paths[0]), id(&paths[1]));
    for (filter, expected) in [
        ("displayName eq \"LAB\"".to_owned(), vec!["Lab"]),
        ("displayName eq \"aussen\"".to_owned(), vec!["Außen"]),
        ("displayName sw \"AUSS\"".to_owned(), vec!["Außen"]),
        ("externalId eq \"G\"".to_owned(), vec!["Außen"]),
        (format!("members eq \"{ada}\""), vec!["Lab"]),
        (format!("members.value eq \"{bob}\""), vec!["Lab", "Außen"]),
        (format!("members[value eq \"{bob}\"]"), vec!["Lab", "Außen"]),
        (format!("members[value eq \"{}\" and type eq \"Group\"]", id(&lab)), vec!["Außen"]),
        (format!("members eq \"{ada}\" and members eq \"{bob}\""), vec!["Lab"]),
        (format!("not (members eq \"{ada}\")"), vec!["Außen", "Empty"]),
        ("members.type eq \"group\"".to_owned(), vec!["Außen"]),
        ("members pr".to_owned(), vec!["Lab", "Außen"]),
        ("not (members pr)".to_owned(), vec!["Empty"]),
        ("members eq \"nobody\"".to_owned(), vec![]),
        (format!("members eq \"{}\"", ada.to_uppercase()), vec![]),
    ] {
        assert_eq!(face.find("/Groups", &filter).await.each("displayName"), expected, "{filter}");
    }
}

/// Where a resource lives is kept nowhere, and is asked for all the same.
#[tokio::test]
async fn a_resource_is_found_by_its_address() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    face.new_user("grace").await;
    let group = face.new_group("Lab", &[]).await;
    let location = |path: &str| format!("\"{BASE}{path}\"");
    for (filter, total) in [
        (format!("meta.location eq {}", location(&ada)), 1),
        (format!("META.Location ne {}", location(&ada)), 1),
        (format!("meta.location eq {}", location(&group)), 0),
        (format!("not (meta.location eq {})", location("/Users/nobody")), 2),
        ("meta.location pr".to_owned(), 2),
    ] {
        assert_eq!(face.find("/Users", &filter).await.total(), total, "{filter}");
    }
    let everywhere = format!("/?filter={}", encoded(&format!("meta.location eq {}", location(&group))));
    assert_eq!(face.get(&everywhere).await.is(200).total(), 1);
}
