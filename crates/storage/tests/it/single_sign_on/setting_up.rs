//! Setting connections up: what is refused, what is told, and what has to be tested again.

use domain::Error;
use domain::connection::oidc::OidcSetup;
use domain::connection::saml::{SamlSetup, SamlSource};
use domain::connection::{Connection, IdentityClaim, MAX_CONNECTIONS, Protocol, Rules, Setup, Stage};
use domain::context::OpContext;
use domain::fetch::FetchError;
use domain::ops::{OidcInput, SamlInput};
use domain::ports::Clock as _;
use domain::tenant::Tenant;
use domain::who::Mark;
use futures_util::future::join_all;
use scim_protocol::secret::Secret;
use serde_json::{Value, json};
use testkit::connections::{
    CLIENT_SECRET, DISCOVERY_URL, ENTITY_ID, ISSUER, KEYS_URL, METADATA_URL, certificate, discovery, failing, metadata,
};
use testkit::{World, on_both_databases};

use super::read;
use crate::raw;

on_both_databases! { World:
    a_connection_has_a_name,
    a_tenant_has_so_many_connections_and_no_more,
    who_saves_over_somebody_else_is_told_who_that_was,
    of_many_who_save_what_they_saw_one_does,
    what_cannot_be_read_of_an_identity_provider_is_not_saved,
    what_cannot_be_read_of_a_provider_is_not_saved,
    metadata_comes_by_address_by_file_and_by_hand,
    a_provider_that_is_not_entra_joins_by_its_subject,
    what_a_protocol_does_not_have_is_refused,
    only_what_was_tested_as_it_is_counts_as_tested,
    a_secret_is_never_sent_to_another_issuer,
    what_admins_do_is_told_without_any_secret,
}

fn refusal<T: std::fmt::Debug>(done: Result<T, Error>) -> String {
    match done {
        Err(Error::NotAllowed(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn oidc_input(client_id: &str, secret: Option<&str>) -> OidcInput {
    let secret = secret.map(|text| Secret::new(text.to_owned()));
    OidcInput { issuer: ISSUER.to_owned(), client_id: client_id.to_owned(), secret }
}

fn saml(connection: &Connection) -> &SamlSetup {
    match &connection.setup {
        Setup::Saml(saml) => saml,
        Setup::Oidc(_) => panic!("{connection:?}"),
    }
}

fn oidc(connection: &Connection) -> &OidcSetup {
    match &connection.setup {
        Setup::Oidc(oidc) => oidc,
        Setup::Saml(_) => panic!("{connection:?}"),
    }
}

async fn a_connection_has_a_name(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let create = async |name: &str| world.connections.create(&cx, &tenant, name, Protocol::Oidc).await;
    let made = create("  Entra \u{e9} ").await.unwrap();
    assert_eq!((made.name.as_str(), made.stage(), made.version), ("Entra \u{e9}", Stage::Draft, 1));
    for bad in ["", "  ", "a\nb", &"x".repeat(201)] {
        refusal(create(bad).await);
        refusal(world.connections.set_rules(&cx, made.id, None, bad, made.rules.clone(), false).await);
    }
    assert_eq!(world.connections.list(&tenant.scope()).await.unwrap(), [made]);
}

async fn a_tenant_has_so_many_connections_and_no_more(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    for _ in 1..MAX_CONNECTIONS {
        world.connection(&acme, Protocol::Oidc).await;
    }
    let cx = world.operator(&acme);
    let more = (0..4).map(|_| world.connections.create(&cx, &acme, "One more", Protocol::Oidc));
    let more = join_all(more).await;
    assert_eq!(more.iter().filter(|made| made.is_ok()).count(), 1, "{more:?}");
    assert!(refusal(world.connections.create(&cx, &acme, "x", Protocol::Saml).await).contains("20 connections"));
    assert_eq!(world.connections.own_keys(&cx.scope).await.unwrap(), [], "the key went with the refusal");
    world.connection(&globex, Protocol::Oidc).await;
    let first = world.connections.list(&acme.scope()).await.unwrap().remove(0);
    world.connections.remove(&cx, first.id).await.unwrap();
    world.connection(&acme, Protocol::Oidc).await;
}

async fn set_name(world: &World, cx: &OpContext, of: &Connection, seen: i64, name: &str) -> Result<Connection, Error> {
    world.connections.set_rules(cx, of.id, Some(seen), name, of.rules.clone(), false).await
}

async fn who_saves_over_somebody_else_is_told_who_that_was(world: &World) {
    let tenant = world.tenant("acme").await;
    let made = world.oidc(&tenant).await;
    let cx = world.operator(&tenant);
    world.clock.advance_seconds(60);
    let later = world.cx(&tenant);
    let first = set_name(world, &later, &made, made.version, "First").await.unwrap();
    assert_eq!((first.version, first.changed.clone()), (made.version + 1, Mark::of(&later)));
    let outdated = |done: Result<Connection, Error>| match done {
        Err(Error::Outdated(Some(mark))) => assert_eq!(mark, Mark::of(&later)),
        other => panic!("{other:?}"),
    };
    let (seen, connections) = (Some(made.version), &world.connections);
    outdated(set_name(world, &cx, &made, made.version, "Second").await);
    outdated(connections.set_oidc(&cx, made.id, seen, oidc_input("other", None)).await);
    outdated(connections.switch(&cx, made.id, seen, domain::connection::Switch::Off).await);
    let saml = world.saml(&tenant).await;
    let input = || SamlInput::Url(METADATA_URL.to_owned());
    let stale = connections.set_saml(&cx, saml.id, Some(saml.version - 1), input()).await;
    assert!(matches!(stale, Err(Error::Outdated(Some(_)))), "{stale:?}");
    let unchanged = set_name(world, &cx, &first, first.version, "First").await.unwrap();
    assert_eq!(unchanged, first, "what changes nothing is no change");
    assert_eq!(world.connection_now(&tenant, made.id).await, first);
}

async fn of_many_who_save_what_they_saw_one_does(world: &World) {
    let tenant = world.tenant("acme").await;
    let made = world.oidc(&tenant).await;
    let cx = world.operator(&tenant);
    let names: Vec<String> = (0..6).map(|number| format!("Name {number}")).collect();
    let attempts = names.iter().map(|name| set_name(world, &cx, &made, made.version, name));
    let saved = join_all(attempts).await;
    assert_eq!(saved.iter().filter(|done| done.is_ok()).count(), 1, "{saved:?}");
    assert!(saved.iter().all(|done| matches!(done, Ok(_) | Err(Error::Outdated(Some(_))))), "{saved:?}");
    let kept = saved.into_iter().find_map(Result::ok).unwrap();
    assert_eq!(world.connection_now(&tenant, made.id).await, kept);
}

async fn what_cannot_be_read_of_an_identity_provider_is_not_saved(world: &World) {
    let tenant = world.tenant("acme").await;
    let made = world.connection(&tenant, Protocol::Saml).await;
    let cx = world.operator(&tenant);
    let good = certificate(world.clock.now().plus_seconds(86_400));
    let set = async |input: SamlInput| refusal(world.connections.set_saml(&cx, made.id, None, input).await);
    let url = || SamlInput::Url(METADATA_URL.to_owned());
    assert_eq!(set(url()).await, "it cannot be reached: nobody is there");
    world.fetch.answer(METADATA_URL, Ok(failing(404)));
    assert_eq!(set(url()).await, format!("{METADATA_URL} answered with status 404"));
    world.fetch.answer(METADATA_URL, Err(FetchError::Forbidden("it is inside".to_owned())));
    assert_eq!(set(url()).await, "this server is not asked: it is inside");
    let post_only = metadata(ENTITY_ID, &[&good]).replace("HTTP-Redirect", "HTTP-POST");
    let plain = metadata(ENTITY_ID, &[&good]).replace("https://login.example/saml", "http://login.example/saml");
    for (document, part) in [
        ("no metadata".to_owned(), "XML"),
        (metadata(ENTITY_ID, &[]), "certificate"),
        (metadata("", &[&good]), "entity"),
        (metadata(ENTITY_ID, &["bm90aGluZw=="]), "certificate"),
        (post_only, "redirects"),
        (plain, "https"),
        (format!("<!DOCTYPE x>{}", metadata(ENTITY_ID, &[&good])), "type"),
    ] {
        world.fetch.document(METADATA_URL, &document);
        let why = set(url()).await;
        assert!(why.to_lowercase().contains(&part.to_lowercase()), "{part}: {why}");
        assert_eq!(set(SamlInput::Document(document)).await, why, "a file is read by the same rules");
    }
    let hand = |entity_id: &str, sso_url: &str, certificates: &str| SamlInput::Hand {
        entity_id: entity_id.to_owned(),
        sso_url: sso_url.to_owned(),
        certificates: certificates.to_owned(),
    };
    let pem = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    for (input, part) in [
        (hand("", "https://login.example", &good), "entity"),
        (hand(ENTITY_ID, "http://login.example", &good), "https"),
        (hand(ENTITY_ID, "login.example", &good), "https"),
        (hand(ENTITY_ID, "https://login.example", ""), "certificate"),
        (hand(ENTITY_ID, "https://login.example", &format!("{}{}", pem(&good), pem("!!"))), "certificate 2"),
    ] {
        let why = set(input).await;
        assert!(why.to_lowercase().contains(&part.to_lowercase()), "{part}: {why}");
    }
    assert_eq!(world.connection_now(&tenant, made.id).await, made);
}

async fn what_cannot_be_read_of_a_provider_is_not_saved(world: &World) {
    let tenant = world.tenant("acme").await;
    let made = world.connection(&tenant, Protocol::Oidc).await;
    let cx = world.operator(&tenant);
    let set = async |input: OidcInput| refusal(world.connections.set_oidc(&cx, made.id, None, input).await);
    let input = || oidc_input("rollcall", Some(CLIENT_SECRET));
    for bad in ["", "  ", "a\tb", &"x".repeat(501)] {
        assert!(set(oidc_input(bad, None)).await.contains("client ID"), "{bad}");
    }
    for issuer in ["", "id.example", "http://id.example", "https://login.microsoftonline.com/common/v2.0"] {
        assert!(!set(OidcInput { issuer: issuer.to_owned(), ..input() }).await.is_empty(), "{issuer}");
    }
    assert_eq!(set(input()).await, "it cannot be reached: nobody is there");
    world.fetch.document(DISCOVERY_URL, &discovery("https://id.example/realms/other"));
    assert!(set(input()).await.contains("issuer"), "it is another's document");
    world.fetch.document(DISCOVERY_URL, &discovery(ISSUER));
    world.fetch.answer(KEYS_URL, Err(FetchError::TooSlow(5)));
    assert_eq!(set(input()).await, "it did not answer within 5 seconds");
    world.fetch.document(KEYS_URL, r#"{"keys": []}"#);
    assert!(set(input()).await.contains("key"));
    assert_eq!(world.connection_now(&tenant, made.id).await, made);
    assert_eq!(read(world, &tenant).await.connection_secret(made.id).await, Ok(None));
}

async fn metadata_comes_by_address_by_file_and_by_hand(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let [one, two] = [30, 60].map(|days| certificate(world.clock.now().plus_seconds(days * 86_400)));
    world.publish_metadata(&[&one, &two]);
    let made = world.connection(&tenant, Protocol::Saml).await;
    let set = async |input: SamlInput| world.connections.set_saml(&cx, made.id, None, input).await.unwrap();
    let by_url = set(SamlInput::Url(format!("  {METADATA_URL}\n"))).await;
    assert_eq!(saml(&by_url).source, SamlSource::Url(METADATA_URL.to_owned()));
    assert_eq!((by_url.reading.done, by_url.reading.tried), (Some(cx.now), Some(cx.now)));
    let found = saml(&by_url).found.clone().unwrap();
    assert_eq!((found.entity_id.as_str(), found.sso_url.as_str()), (ENTITY_ID, "https://login.example/saml"));
    assert_eq!(found.certificates, [one.clone(), two.clone()]);
    assert!(by_url.is_complete());
    let document = metadata(ENTITY_ID, &[&one, &two])
        .replace("<IDPSSODescriptor ", "<IDPSSODescriptor WantAuthnRequestsSigned=\"true\" ");
    let by_file = set(SamlInput::Document(document)).await;
    assert_eq!((&saml(&by_file).source, by_file.reading.tried), (&SamlSource::File, None));
    assert!(saml(&by_file).signs_requests, "it wants that");
    let pem = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let by_hand = set(SamlInput::Hand {
        entity_id: ENTITY_ID.to_owned(),
        sso_url: "https://login.example/other".to_owned(),
        certificates: pem(&one) + &pem(&two),
    })
    .await;
    let found = saml(&by_hand).found.clone().unwrap();
    assert_eq!((&saml(&by_hand).source, found.certificates), (&SamlSource::Hand, vec![one, two]));
}

async fn a_provider_that_is_not_entra_joins_by_its_subject(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let other = world.oidc(&tenant).await;
    assert_eq!(other.rules.identity, IdentityClaim::Subject);
    let entra = "https://login.microsoftonline.com/5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90/v2.0";
    world.fetch.document(&format!("{entra}/.well-known/openid-configuration"), &discovery(entra));
    world.fetch.document(
        KEYS_URL,
        &testkit::connections::keys("entra").replace("\"kid\"", &format!("\"issuer\": \"{entra}\", \"kid\"")),
    );
    let made = world.connection(&tenant, Protocol::Oidc).await;
    let input = OidcInput { issuer: entra.to_owned(), client_id: "x".to_owned(), secret: None };
    let made = world.connections.set_oidc(&cx, made.id, None, input).await.unwrap();
    assert_eq!(made.rules.identity, IdentityClaim::ObjectId);
    let rules = Rules { identity: IdentityClaim::ObjectId, ..other.rules.clone() };
    let chosen = world.connections.set_rules(&cx, other.id, None, "Chosen", rules, false).await.unwrap();
    world.publish_issuer("one");
    let kept = world.connections.set_oidc(&cx, chosen.id, None, oidc_input("rollcall", None)).await.unwrap();
    assert_eq!(kept.rules.identity, IdentityClaim::ObjectId, "what an admin chose is left alone");
}

async fn what_a_protocol_does_not_have_is_refused(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let (saml, oidc) = (world.saml(&tenant).await, world.oidc(&tenant).await);
    let rules = |of: &Connection, identity| Rules { identity, ..of.rules.clone() };
    let set =
        async |of: &Connection, rules: Rules| world.connections.set_rules(&cx, of.id, None, "Name", rules, false).await;
    refusal(set(&saml, rules(&saml, IdentityClaim::Subject)).await);
    refusal(set(&oidc, rules(&oidc, IdentityClaim::NameId)).await);
    refusal(set(&oidc, Rules { idp_initiated: true, ..oidc.rules.clone() }).await);
    set(&saml, Rules { idp_initiated: true, ..rules(&saml, IdentityClaim::NameId) }).await.unwrap();
    let input = SamlInput::Url(METADATA_URL.to_owned());
    assert!(refusal(world.connections.set_saml(&cx, oidc.id, None, input).await).contains("saml"));
    assert!(refusal(world.connections.set_oidc(&cx, saml.id, None, oidc_input("x", None)).await).contains("oidc"));
    assert_eq!(world.connection_now(&tenant, oidc.id).await, oidc);
}

/// Whether the connection still counts as tested after this.
async fn stays_tested(
    world: &World,
    tenant: &Tenant,
    of: &Connection,
    change: impl Future<Output = Connection>,
) -> bool {
    let before = world.tested(tenant, of.id).await;
    assert!(before.is_tested());
    let after = change.await;
    assert_eq!(after, world.connection_now(tenant, of.id).await);
    assert_eq!(after.is_tested(), after.setup_version == before.setup_version);
    after.is_tested()
}

async fn only_what_was_tested_as_it_is_counts_as_tested(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let (saml, oidc) = (world.saml(&tenant).await, world.oidc(&tenant).await);
    for (change, is_tested) in [
        (Rules { creates_people: true, ..saml.rules.clone() }, true),
        (Rules { idp_initiated: true, return_addresses: vec!["/a".to_owned()], ..saml.rules.clone() }, true),
        (Rules { identity: IdentityClaim::NameId, ..saml.rules.clone() }, false),
        (saml.rules.clone(), false),
    ] {
        let shown = format!("{change:?}");
        let change =
            async { world.connections.set_rules(&cx, saml.id, None, "New name", change, false).await.unwrap() };
        assert_eq!(stays_tested(world, &tenant, &saml, change).await, is_tested, "{shown}");
    }
    let signs =
        async { world.connections.set_rules(&cx, saml.id, None, "New name", saml.rules.clone(), true).await.unwrap() };
    assert!(!stays_tested(world, &tenant, &saml, signs).await, "requests are signed now");

    let set = async |input: SamlInput| world.connections.set_saml(&cx, saml.id, None, input).await.unwrap();
    let url = || SamlInput::Url(METADATA_URL.to_owned());
    assert!(stays_tested(world, &tenant, &saml, set(url())).await, "the same once more");
    let known = &self::saml(&saml).found.as_ref().unwrap().certificates;
    let document = metadata(ENTITY_ID, &[&known[0]]);
    assert!(!stays_tested(world, &tenant, &saml, set(SamlInput::Document(document))).await, "from elsewhere");
    world.publish_metadata(&[&certificate(cx.now.plus_seconds(90 * 86_400))]);
    assert!(!stays_tested(world, &tenant, &saml, set(url())).await, "another certificate");

    let set = async |input: OidcInput| world.connections.set_oidc(&cx, oidc.id, None, input).await.unwrap();
    assert!(stays_tested(world, &tenant, &oidc, set(oidc_input("rollcall", None))).await, "the same once more");
    assert!(!stays_tested(world, &tenant, &oidc, set(oidc_input("another", None))).await);
    assert!(!stays_tested(world, &tenant, &oidc, set(oidc_input("another", Some("another secret")))).await);
}

/// Whoever may change the issuer must not learn the secret that is kept for another.
async fn a_secret_is_never_sent_to_another_issuer(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let made = world.oidc(&tenant).await;
    let other = "https://elsewhere.example";
    world.fetch.document(&format!("{other}/.well-known/openid-configuration"), &discovery(other));
    let input = |secret: Option<&str>| OidcInput { issuer: other.to_owned(), ..oidc_input("rollcall", secret) };
    let why = refusal(world.connections.set_oidc(&cx, made.id, None, input(None)).await);
    assert!(why.contains("client secret"), "{why}");
    assert_eq!(world.connection_now(&tenant, made.id).await, made);
    let moved = world.connections.set_oidc(&cx, made.id, None, input(Some("a secret of the other one"))).await.unwrap();
    assert_eq!((oidc(&moved).issuer.as_str(), oidc(&moved).secret_end.as_str()), (other, " one"));
    let public = world.connection(&tenant, Protocol::Oidc).await;
    world.connections.set_oidc(&cx, public.id, None, oidc_input("public", None)).await.unwrap();
    let moved = world.connections.set_oidc(&cx, public.id, None, input(None)).await.unwrap();
    assert_eq!(oidc(&moved).issuer, other, "a client without a secret has nothing to lose");
}

async fn what_admins_do_is_told_without_any_secret(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let made = world.oidc(&tenant).await;
    let rules = Rules { creates_people: true, ..made.rules.clone() };
    world.connections.set_rules(&cx, made.id, None, "Okta", rules, false).await.unwrap();
    world.connections.remove(&cx, made.id).await.unwrap();
    let facts = raw::facts(world, &tenant).await;
    let facts: Vec<_> = facts.iter().filter(|fact| fact.subject_id == Some(made.id.0)).collect();
    let told: Vec<_> = facts.iter().map(|fact| fact.what.as_str()).collect();
    assert_eq!(told, ["created", "secret_created", "connection_changed", "connection_changed", "deleted"]);
    assert!(facts.iter().all(|fact| fact.subject_kind == "Connection" && fact.actor_kind == "operator"));
    assert_eq!(facts[1].payload(), json!({"name": "Entra", "last_four": "long"}));
    let changed = facts[3].payload();
    assert_eq!((&changed["before"]["name"], &changed["after"]["name"]), (&json!("Entra"), &json!("Okta")));
    assert_eq!(changed["after"]["creates_people"], Value::Bool(true));
    assert!(!format!("{facts:?}").contains(CLIENT_SECRET));
}
