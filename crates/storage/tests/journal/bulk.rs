//! Very many users at once, as the store would have written them. Keys are as they are made for ASCII in lower case.

use domain::ids::ResourceId;
use domain::tenant::Tenant;
use uuid::Uuid;

use crate::raw::Raw;

/// The number-th user's id ends in that number.
const ID: &str = "('00000000-a800-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";

/// Writes the users `1..=count` of a tenant; each has a name, an address and a phone number of its own, and of each title
/// there are five.
pub async fn users(raw: &Raw, tenant: &Tenant, count: i64) {
    let doc = "json_build_object('userName', 'user' || n || '@example.com', 'externalId', 'ext-' || n,
            'displayName', 'user ' || n, 'title', 'title ' || n / 5,
            'name', json_build_object('givenName', 'given ' || n, 'familyName', 'family ' || n % 1000), 'active', true,
            'emails', json_build_array(json_build_object('value', 'mail' || n || '@example.com', 'type', 'work')),
            'phoneNumbers', json_build_array(json_build_object('value', '+358 ' || n, 'type', 'work')),
            'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
            json_build_object('employeeNumber', 'e' || n, 'department', 'department ' || n % 50))::text";
    let moment = "1767225600000000 + n";
    let sql = format!(
        "INSERT INTO resource (tenant_id, kind, id, unique_key, external_key, display_key, display, version,
             created_us, modified_us, doc)
         SELECT $1, 'User', {ID}, 'user' || n || '@example.com', 'ext-' || n, 'user ' || n, 'user ' || n, 1,
             {moment}, {moment}, {doc}
         FROM generate_series(1, $2::int) AS n"
    );
    raw.run(&sql, [tenant.id.0.into(), count.into()]).await;
    keys(raw, tenant, count, "emails.value", "'mail' || n || '@example.com'").await;
    let counted = "INSERT INTO resource_count (tenant_id, kind, id, delta, changes) VALUES ($1, 'User', $1, $2, $2)";
    raw.run(counted, [tenant.id.0.into(), count.into()]).await;
}

/// Everybody is in this group.
pub async fn members(raw: &Raw, tenant: &Tenant, count: i64, group: ResourceId) {
    let sql = format!(
        "INSERT INTO member (tenant_id, group_id, member_id, member_kind)
         SELECT $1, $2, {ID}, 'User' FROM generate_series(1, $3::int) AS n"
    );
    raw.run(&sql, [tenant.id.0.into(), group.0.into(), count.into()]).await;
}

/// Fills an index that was registered, and completes it.
pub async fn fill(raw: &Raw, tenant: &Tenant, count: i64, path: &str, key: &str) {
    keys(raw, tenant, count, path, key).await;
    let complete = "UPDATE value_index SET state = 'complete' WHERE tenant_id = $1 AND path = $2";
    raw.run(complete, [tenant.id.0.into(), path.into()]).await;
}

async fn keys(raw: &Raw, tenant: &Tenant, count: i64, path: &str, key: &str) {
    let sql = format!(
        "INSERT INTO resource_value (tenant_id, kind, path, key, resource_id)
         SELECT $1, 'User', $2, {key}, {ID} FROM generate_series(1, $3::int) AS n"
    );
    raw.run(&sql, [tenant.id.0.into(), path.into(), count.into()]).await;
}

/// Writes users with nothing but names; gives their ids in order of creation. On either database.
pub async fn names(raw: &Raw, tenant: &Tenant, count: i64) -> Vec<ResourceId> {
    let id = match raw.is_postgres() {
        true => ID,
        false => "unhex('00000000a80070008000' || printf('%012x', n))",
    };
    let sql = format!(
        "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})
         INSERT INTO resource (tenant_id, kind, id, unique_key, display, version, created_us, modified_us, doc)
         SELECT $1, 'User', {id}, 'user' || n, 'user' || n, 1, 1767225600000000 + n / 3, 1767225600000000 - n / 2,
             '{{\"userName\":\"user' || n || '\"}}' FROM counted"
    );
    raw.run(&sql, [tenant.id.0.into()]).await;
    let counted = "INSERT INTO resource_count (tenant_id, kind, id, delta, changes) VALUES ($1, 'User', $1, $2, $2)";
    raw.run(counted, [tenant.id.0.into(), count.into()]).await;
    let ids = "SELECT id FROM resource WHERE tenant_id = $1 ORDER BY id";
    raw.rows::<(Uuid,)>(ids, [tenant.id.0.into()]).await.into_iter().map(|(id,)| ResourceId(id)).collect()
}

/// Writes what a provider did since the newest fact: so many changes of the first users, each with a payload.
pub async fn changes(raw: &Raw, tenant: &Tenant, count: i64) {
    let fact = "('00000000-fac7-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
    let facts = format!(
        "INSERT INTO fact (tenant_id, number, id, at_us, what, subject_kind, subject_id, actor_kind, actor_id, request_id)
         SELECT $1, last + n, {fact}, 1767225600000000 + n, 'patched', 'User', {ID}, 'token', 'entra', 'request-' || n
         FROM journal_head, generate_series(1, $2::int) AS n WHERE tenant_id = $1"
    );
    raw.run(&facts, [tenant.id.0.into(), count.into()]).await;
    let payloads = format!(
        "INSERT INTO fact_payload (tenant_id, fact_id, body)
         SELECT $1, {fact}, '{{\"after\":{{\"title\":\"title ' || n || '\"}}}}' FROM generate_series(1, $2::int) AS n"
    );
    raw.run(&payloads, [tenant.id.0.into(), count.into()]).await;
    let head = "UPDATE journal_head SET last = last + $2 WHERE tenant_id = $1";
    raw.run(head, [tenant.id.0.into(), count.into()]).await;
}
