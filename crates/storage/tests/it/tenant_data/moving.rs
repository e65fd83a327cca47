//! From one installation to another.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use domain::archive::{ArchiveFault, ArchiveReader, ArchiveSigner, ArchiveWriter, Head, signers};
use domain::context::Actor;
use domain::directory::Kind;
use domain::journal::What;
use domain::keys::KeyRing;
use domain::ops::ArchiveError;
use domain::ports::{Clock as _, IdGen as _};
use domain::store::{Store as _, StoreError};
use domain::tenant::Tenant;
use domain::{Error, archive::Rows};
use testkit::{World, on_both_databases};

use super::{archives, data, export, import, rows};
use crate::raw::Raw;
use crate::tenants::fill;

on_both_databases! { World:
    a_tenant_is_the_same_in_the_other_database_to_the_last_row,
    a_copy_beside_the_tenant_has_an_id_of_its_own_and_no_domain,
    what_is_written_meanwhile_is_not_in_it,
    a_name_that_is_taken_is_refused_and_nothing_stays,
    a_changed_archive_brings_nothing,
    taking_it_out_and_bringing_it_in_are_told,
    an_archive_that_somebody_else_signed_opens_nothing_with_our_keys,
    an_archive_of_an_older_release_is_brought_in,
}

/// A database of the other kind.
async fn other(world: &World) -> World {
    let there = match world.target().activity_file() {
        Some(_) => World::postgres().await,
        None => World::sqlite().await,
    };
    // Where both count alike, two tenants would have the same id.
    for _ in 0..5_000 {
        there.ids.next(there.clock.now());
    }
    there
}

/// Something in every table, and a domain that counts.
async fn fill_with_domain(world: &World, slug: &str) -> Tenant {
    let tenant = fill(world, slug).await;
    world.verified_domain(&tenant, "contoso.org").await;
    world.tenants.get(&tenant.slug).await.unwrap()
}

/// What both doings add to the journal of the tenant.
const TOLD: [&str; 2] = ["\"what\":\"exported\"", "\"what\":\"imported\""];

async fn a_tenant_is_the_same_in_the_other_database_to_the_last_row(world: &World) {
    let tenant = fill_with_domain(world, "acme").await;
    world.activity.flush(world.clock.now()).await.unwrap();
    let archive = export(world, &tenant.slug).await;
    let there = other(world).await;
    fill_with_domain(&there, "globex").await;
    let done = import(&there, &archive, "acme").await.unwrap();
    assert!(done.left_out.domains.contains("contoso.org"), "Globex has verified it there: {:?}", done.left_out);
    assert_eq!((done.tenant.id, &done.tenant.slug), (tenant.id, &tenant.slug));

    there.number_facts().await;
    let again = export(&there, &tenant.slug).await;
    let (before, mut after) = (rows(&archive), rows(&again));
    let facts = after.get_mut("fact").unwrap();
    let told = facts.len();
    facts.retain(|fact| !TOLD.iter().any(|what| fact.contains(what)));
    assert_eq!(told - facts.len(), 1);
    for (table, rows) in &before {
        match table.as_str() {
            // These say what was told, or what is verified elsewhere, or are encrypted anew.
            "journal_head" | "email_domain" | "fact_payload" | "admin" | "sso_connection" | "sso_key" => {
                let added = usize::from(table == "fact_payload");
                assert_eq!(after[table].len(), rows.len() + added, "{table}");
            }
            table => assert_eq!(&after[table], rows, "{table}"),
        }
    }
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());

    let passing = ["admin_session", "mail", "person_session", "sso_attempt"];
    let (here, there) = (Raw::of(world).await.dump(&tenant).await, Raw::of(&there).await.dump(&tenant).await);
    let on_postgres_alone = |table: &str| table == "fact_ticket" || table.starts_with("activity");
    for table in here.keys().filter(|table| !on_postgres_alone(table)) {
        assert_eq!(there.contains_key(table), !passing.contains(&table.as_str()), "{table}");
    }
}

async fn a_copy_beside_the_tenant_has_an_id_of_its_own_and_no_domain(world: &World) {
    let tenant = fill_with_domain(world, "acme").await;
    let before = Raw::of(world).await.dump(&tenant).await;
    let archive = export(world, &tenant.slug).await;
    let copy = import(world, &archive, "acme-2").await.unwrap();
    assert_ne!(copy.tenant.id, tenant.id);
    assert_eq!(copy.left_out.domains.iter().collect::<Vec<_>>(), ["contoso.org"]);
    assert!(copy.left_out.connections.is_empty() && copy.left_out.second_steps.is_empty(), "{:?}", copy.left_out);
    let cx = world.cx(&copy.tenant);
    assert_eq!(world.list(&cx, &Kind::USER, "userName eq \"ada\"").await.unwrap().len(), 1);
    world.user(&cx, "eve").await;
    assert!(world.list(&world.cx(&tenant), &Kind::USER, "userName eq \"eve\"").await.unwrap().is_empty());
    let mut after = Raw::of(world).await.dump(&tenant).await;
    // What it was taken out for is told in it, with the other facts of that moment.
    for told in ["fact", "fact_payload", "fact_ticket", "journal_head", "tenant_change"] {
        after.remove(told);
    }
    for (table, rows) in &after {
        assert_eq!(&before[table], rows, "{table}");
    }
    let token = world.store.find_admission(&copy.tenant.slug).await.unwrap().unwrap().credentials;
    let is_over = |secret: &domain::credential::StoredSecret| secret.revoked.is_some();
    assert!(token.iter().flat_map(|credential| &credential.secrets).all(is_over), "a token opens one tenant");
}

async fn what_is_written_meanwhile_is_not_in_it(world: &World) {
    let tenant = world.open_tenant("acme").await.0;
    let cx = world.cx(&tenant);
    for number in 0..450 {
        world.user(&cx, &format!("user-{number}")).await;
    }
    world.number_facts().await;
    let mut snapshot = data(world).snapshot(&Actor::Operator, &tenant.slug).await.unwrap().unwrap();
    let (mut users, mut facts, mut members, mut head) = (0, Vec::new(), 0, 0);
    let mut is_first = true;
    while let Some(Rows { table, rows }) = snapshot.next().await.unwrap() {
        if is_first {
            let late = world.user(&cx, "late").await;
            world.group(&cx, "Late", &[late.stored.id]).await;
            world.number_facts().await;
            is_first = false;
        }
        match table.as_str() {
            "resource" => users += rows.len(),
            "member" => members += rows.len(),
            "fact" => facts.extend(rows.iter().map(|row| row["number"].as_i64().unwrap())),
            "journal_head" => head = rows[0]["last"].as_i64().unwrap(),
            _ => {}
        }
    }
    assert_eq!((users, members), (450, 0));
    assert!(facts.iter().copied().eq(1..=head), "{head}: {facts:?}");
}

async fn a_name_that_is_taken_is_refused_and_nothing_stays(world: &World) {
    let tenant = fill(world, "acme").await;
    let archive = export(world, &tenant.slug).await;
    let there = other(world).await;
    let taken = there.tenant("acme").await;
    let before = Raw::of(&there).await.dump(&taken).await;
    let refused = import(&there, &archive, "acme").await.unwrap_err();
    let store = |error: &ArchiveError| match error {
        ArchiveError::Operation(Error::Store(error)) => Some(error.clone()),
        _ => None,
    };
    assert!(matches!(store(&refused), Some(StoreError::Taken { .. })), "{refused:?}");
    assert_eq!(Raw::of(&there).await.dump(&taken).await, before);
    assert!(Raw::of(&there).await.dump(&tenant).await.is_empty());
    import(&there, &archive, "acme-2").await.unwrap();
}

async fn a_changed_archive_brings_nothing(world: &World) {
    let tenant = fill(world, "acme").await;
    let archive = String::from_utf8(export(world, &tenant.slug).await).unwrap();
    let there = other(world).await;
    for (what, bad) in [
        ("another name", archive.replace("ada@example.com", "eve@example.com")),
        ("another role", archive.replace("\"role\":\"owner\"", "\"role\":\"admin\"")),
        ("cut off", archive[..archive.len() / 2].to_owned()),
    ] {
        let refused = import(&there, bad.as_bytes(), "acme").await.unwrap_err();
        assert!(matches!(refused, ArchiveError::Archive(_)), "{what}: {refused:?}");
        assert!(Raw::of(&there).await.dump(&tenant).await.is_empty(), "{what}");
    }
    // Somebody who puts another archive in its place between the two readings gets no further either.
    let (mine, ring) = (archives(&there), there.keys.ring());
    let checked = mine.check(archive.as_bytes(), &domain::archive::signers(&ring), None).unwrap();
    let user = world.user(&world.cx(&tenant), "one-more").await;
    assert!(user.stored.version > 0);
    let swapped = export(world, &tenant.slug).await;
    let slug = "acme".parse().unwrap();
    let now = world.cx(&tenant).now;
    let refused = mine.import(&Actor::Operator, swapped.as_slice(), &checked, &slug, (&ring, None), now).await;
    assert!(matches!(refused, Err(ArchiveError::Archive(ArchiveFault::Changed))), "{refused:?}");
    assert!(Raw::of(&there).await.dump(&tenant).await.is_empty());
}

async fn taking_it_out_and_bringing_it_in_are_told(world: &World) {
    let tenant = world.open_tenant("acme").await.0;
    let archive = export(world, &tenant.slug).await;
    let there = other(world).await;
    import(&there, &archive, "acme").await.unwrap();
    for (world, what) in [(world, What::Exported), (&there, What::Imported)] {
        world.number_facts().await;
        let tenant = world.tenants.get(&tenant.slug).await.unwrap();
        let last = world.store.read(&tenant.scope()).await.unwrap().facts_after(0, 1_000).await.unwrap().pop().unwrap();
        assert_eq!((last.what, last.actor_kind.as_str()), (what, "operator"));
    }
}

/// Whoever writes an archive chooses what stands in it. That a value was sealed here does not make it his.
async fn an_archive_that_somebody_else_signed_opens_nothing_with_our_keys(world: &World) {
    let acme = fill(world, "acme").await;
    let own = import(world, &export(world, &acme.slug).await, "own").await.unwrap();
    assert!(own.left_out.connections.is_empty(), "{:?}", own.left_out);
    let ring = world.keys.ring();
    let stranger = KeyRing::new(ring.current().clone(), [9; 32]);
    let (archives, now, mut archive) = (archives(world), world.clock.now(), Vec::new());
    archives.export(&Actor::Operator, &acme.slug, &stranger, &mut archive, now).await.unwrap();
    let signer = &signers(&stranger)[0];
    let checked = archives.check(Cursor::new(&archive), &signers(&ring), Some(signer)).unwrap();
    let slug = "strange".parse().unwrap();
    let input = Cursor::new(&archive);
    let done = archives.import(&Actor::Operator, input, &checked, &slug, (&ring, None), now).await.unwrap();
    assert!(!done.left_out.connections.is_empty() && done.left_out.sso_keys > 0, "{:?}", done.left_out);
}

/// With the tables and columns that there were before single sign-on, as the fixture of that time has them.
async fn an_archive_of_an_older_release_is_brought_in(world: &World) {
    let acme = fill(world, "acme").await;
    let archive = export(world, &acme.slug).await;
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in include_str!("../../fixtures/0006.jsonl").lines().skip(1) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let columns = known.entry(line["table"].as_str().unwrap().to_owned()).or_default();
        columns.extend(line["row"].as_object().unwrap().keys().cloned());
    }
    let mut reader = ArchiveReader::begin(archive.as_slice()).unwrap();
    let head = Head { schema: 6, ..reader.head().clone() };
    let mut writer = ArchiveWriter::begin(Vec::new(), &head).unwrap();
    let (mut left_out, mut people) = (0, 0);
    while let Some((table, mut row)) = reader.row().unwrap() {
        let Some(columns) = known.get(&table) else { continue };
        let before = row.len();
        row.retain(|column, _| columns.contains(column));
        left_out += before - row.len();
        people += u64::from(table == "resource");
        writer.row(&table, row).unwrap();
    }
    assert!(left_out > 0 && people > 0, "{left_out} {people}");
    let ring = world.keys.ring();
    let (old, rows) = writer.end(&ArchiveSigner::of(&ring).unwrap()).unwrap();
    let there = other(world).await;
    let done = import(&there, &old, "acme").await.unwrap();
    assert_eq!((&done.rows, done.rows["resource"]), (&rows, people));
    let cx = there.cx(&done.tenant);
    assert_eq!(
        there.list(&cx, &Kind::USER, "").await.unwrap(),
        world.list(&world.cx(&acme), &Kind::USER, "").await.unwrap()
    );
    // And goes on from there, also what the newer version has for it.
    there.user(&cx, "newcomer").await;
    assert!(there.store.work().empty_old_facts(there.clock.now().plus_seconds(10), 1_000).await.unwrap() > 0);
}
