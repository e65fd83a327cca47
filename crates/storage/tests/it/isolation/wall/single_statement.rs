//! Reading in one statement that tells its own tenant: in a wrong order of evaluation it would find nothing, never
//! somebody else's rows (decisions.md 2). The statements have the shape of `storage::sql::line::in_scope`.

use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use uuid::Uuid;

use super::guest::{self, Guest};

/// What the store asks most.
const QUESTIONS: [&str; 4] = [
    "SELECT * FROM resource WHERE tenant_id = {tenant} AND kind = 'User'",
    "SELECT resource.*, (SELECT count(*) FROM member AS m WHERE m.tenant_id = resource.tenant_id
     AND m.member_id = resource.id) FROM resource WHERE tenant_id = {tenant} AND kind = 'User' ORDER BY id LIMIT 1",
    "SELECT member_id, (SELECT last FROM journal_head WHERE tenant_id = {tenant}) FROM member
     WHERE tenant_id = {tenant} ORDER BY group_id, member_id",
    "SELECT fact.*, (SELECT body FROM fact_payload WHERE tenant_id = {tenant} AND fact_id = fact.id) FROM fact
     WHERE tenant_id = {tenant} AND number > 0 ORDER BY number",
];

/// Ways of planning, one of which might look at tables first.
const PLANS: [&str; 6] = [
    "SELECT 1",
    "SET enable_seqscan = off",
    "SET enable_nestloop = off",
    "SET enable_material = off; SET enable_hashjoin = off",
    "SET join_collapse_limit = 1; SET from_collapse_limit = 1",
    "SET plan_cache_mode = force_generic_plan",
];

/// A question about one tenant, told that it is asked for another.
fn in_scope(told: Uuid, question: &str, about: Uuid) -> String {
    let question = question.replace("{tenant}", &format!("'{about}'"));
    format!(
        "WITH scope AS MATERIALIZED (SELECT set_config('app.tenant', '{told}', true) AS tenant)
         SELECT found.* FROM scope INNER JOIN LATERAL
         (SELECT * FROM ({question}) AS asked WHERE scope.tenant IS NOT NULL OFFSET 0) AS found ON TRUE"
    )
}

async fn count(guest: &mut Guest, sql: String) -> usize {
    guest.connection.fetch_all(AssertSqlSafe(sql)).await.unwrap().len()
}

/// How many rows come out of a statement, and of the tables in it, as its plan says.
async fn planned(guest: &mut Guest, sql: String) -> (f64, f64) {
    let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {sql}");
    let row = guest.connection.fetch_one(AssertSqlSafe(explain)).await.unwrap();
    let plan: String = row.try_get_unchecked(0).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let plan = &plan[0]["Plan"];
    (plan["Actual Rows"].as_f64().unwrap(), scanned(plan))
}

fn scanned(plan: &serde_json::Value) -> f64 {
    let own = if plan["Relation Name"].is_string() { plan["Actual Rows"].as_f64().unwrap() } else { 0.0 };
    own + plan["Plans"].as_array().into_iter().flatten().map(scanned).sum::<f64>()
}

#[tokio::test]
async fn a_statement_told_another_tenant_than_it_asks_about_finds_nothing() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    let (acme, globex) = (guest.acme, guest.globex);
    for plan in PLANS {
        // What is switched off costs so much that everything would be compiled first.
        sqlx::raw_sql("SET jit = off").execute(&mut guest.connection).await.unwrap();
        sqlx::raw_sql(plan).execute(&mut guest.connection).await.unwrap();
        for question in QUESTIONS {
            let right = in_scope(acme, question, acme);
            assert!(planned(&mut guest, right.clone()).await.0 > 0.0, "{plan}: {right}");
            assert!(count(&mut guest, right.clone()).await > 0, "{plan}: {right}");
            for (told, about) in [(globex, acme), (acme, globex), (Uuid::nil(), acme)] {
                let wrong = in_scope(told, question, about);
                assert_eq!(planned(&mut guest, wrong.clone()).await, (0.0, 0.0), "{plan}: {wrong}");
                assert_eq!(count(&mut guest, wrong.clone()).await, 0, "{plan}: {wrong}");
            }
        }
        sqlx::raw_sql("RESET ALL; SET ROLE rollcall_tenant").execute(&mut guest.connection).await.unwrap();
    }
}

#[tokio::test]
async fn a_statement_that_looks_at_tables_before_it_tells_its_tenant_finds_nothing() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    let acme = guest.acme;
    for question in QUESTIONS {
        let question = question.replace("{tenant}", &format!("'{acme}'"));
        let early = format!(
            "WITH asked AS MATERIALIZED ({question}) SELECT asked.* FROM asked WHERE
             (SELECT count(*) FROM asked) >= 0 AND set_config('app.tenant', '{acme}', true) IS NOT NULL"
        );
        assert_eq!(count(&mut guest, early.clone()).await, 0, "{early}");
    }
}

#[tokio::test]
async fn what_a_statement_told_is_forgotten_with_it() {
    let (_world, mut guest) = Guest::with_two_tenants().await;
    let acme = guest.acme;
    assert!(count(&mut guest, in_scope(acme, QUESTIONS[0], acme)).await > 0);
    for (table, column) in guest.tables.clone() {
        assert_eq!(guest.seen(&table, column).await, guest::NOBODY, "{table}");
    }
}
