//! The database: whether it answers, has its schema, and keeps tenants apart.

use secrecy::ExposeSecret as _;
use storage::{Examined, SchemaState, SqlStore};

use super::{Finding, Mark};
use crate::runtime::SystemClock;
use crate::settings::{DatabaseTarget, Settings};
use crate::wiring;

/// The oldest PostgreSQL that we test with.
const OLDEST: i32 = 14;

/// A server goes by the clock of its database (ADR 0047), so that a difference is nothing to it; but one of both is wrong.
const SKEW_US: i64 = 2_000_000;

/// What is found, and the store as the server would open it, unless something stands in its way.
pub async fn examine(settings: &Settings) -> (Vec<Finding>, Option<SqlStore>) {
    let mut findings = look(settings).await;
    let is_new = matches!(settings.database.target(), DatabaseTarget::Sqlite { path } if !path.exists());
    if is_new || findings.iter().any(|finding| finding.check == "database" && finding.mark == Mark::Bad) {
        return (findings, None);
    }
    match wiring::open_store(settings).await {
        Ok(store) => (findings, Some(store)),
        Err(error) => {
            let advice = "the server does not start like this; do what the sentence says";
            findings.push(Finding::bad("store", format!("{error:#}"), advice));
            (findings, None)
        }
    }
}

async fn look(settings: &Settings) -> Vec<Finding> {
    match settings.database.target() {
        DatabaseTarget::Sqlite { path } if !path.exists() => {
            let found = format!("there is no file {} yet", path.display());
            vec![Finding::warn("database", found, "start `rollcall serve`, which makes it; or restore a backup")]
        }
        DatabaseTarget::Sqlite { path } => {
            let shown = path.display();
            let writable = std::fs::OpenOptions::new().append(true).open(&path);
            if let Err(error) = writable {
                let advice = "run this as the user that the server runs as, and let it read and write the file";
                return vec![Finding::bad("database", format!("{shown} cannot be used: {error}"), advice)];
            }
            match wiring::file_schema(settings, &path).await {
                Ok(state) => vec![Finding::ok("database", format!("SQLite in {shown}")), schema(settings, &state)],
                Err(error) => {
                    let advice = "restore a backup with `rollcall restore`";
                    vec![Finding::bad("database", format!("{error:#}"), advice)]
                }
            }
        }
        DatabaseTarget::Postgres { url, .. } => postgres(settings, url.expose_secret()).await,
    }
}

async fn postgres(settings: &Settings, url: &str) -> Vec<Finding> {
    let examined = match storage::examine(url, &SystemClock::default()).await {
        Ok(examined) => examined,
        Err(error) => {
            let advice = "check database.url, that PostgreSQL runs, and that this machine may reach it";
            return vec![Finding::bad("database", error.to_string(), advice)];
        }
    };
    let mut findings = vec![version(&examined)];
    match wiring::schema_state(settings).await {
        Ok(state) => findings.push(schema(settings, &state)),
        Err(error) => {
            let advice = "run `rollcall migrate` as the owner of the tables (database.owner_url)";
            findings.push(Finding::bad("schema", format!("{error:#}"), advice));
        }
    }
    findings.extend([role(&examined), walls(&examined), clock(&examined)]);
    findings.extend(told(&examined));
    findings.extend(partitions(&examined));
    findings.extend(encryption(&examined));
    findings.extend(connections(settings, &examined));
    findings
}

fn version(examined: &Examined) -> Finding {
    let found = format!("PostgreSQL {} answers", examined.version);
    match examined.major < OLDEST {
        true => Finding::warn("database", found, format!("use PostgreSQL {OLDEST} or later")),
        false => Finding::ok("database", found),
    }
}

fn schema(settings: &Settings, state: &SchemaState) -> Finding {
    if state.is_current() {
        let latest = state.applied.last().map_or("none", String::as_str);
        return Finding::ok("schema", format!("up to date ({latest})"));
    }
    if let Some(name) = state.unknown.first() {
        let found = format!("it was made by a newer version of Rollcall (it has the migration {name})");
        return Finding::bad("schema", found, "run that version or a later one");
    }
    let found = format!("it lacks the migrations {}", state.pending.join(", "));
    match settings.database.migrate_on_start {
        true => {
            Finding::warn("schema", found, "the next start of the server brings them; `rollcall migrate` does it now")
        }
        false => Finding::bad("schema", found, "run `rollcall migrate` (database.migrate_on_start is off)"),
    }
}

fn role(examined: &Examined) -> Finding {
    let role = &examined.role;
    let other = "log in as a role that owns nothing: GRANT rollcall_tenant, rollcall_operator TO it, and put the owner into \
                 database.owner_url";
    if !examined.is_member {
        let found = format!("{role} may not work as rollcall_tenant and rollcall_operator");
        let advice =
            format!("run `rollcall migrate`, or as the owner: GRANT rollcall_tenant, rollcall_operator TO \"{role}\"");
        return Finding::bad("role", found, advice);
    }
    if examined.passes_walls {
        let found = format!("{role} passes row-level security by itself (superuser or BYPASSRLS)");
        return Finding::warn("role", found, format!("this is for trying out; {other}"));
    }
    match examined.owned.len() {
        0 => Finding::ok("role", format!("{role} owns no table and is bound by row-level security")),
        some => {
            let found = format!("{role} owns {some} tables and could take row-level security down");
            Finding::warn("role", found, format!("this is for trying out; {other}"))
        }
    }
}

fn walls(examined: &Examined) -> Finding {
    const ADVICE: &str = "somebody changed the schema by hand; put it back as the migration that made the table says";
    if examined.tenant_role_passes {
        let found = "rollcall_tenant, as which requests are served, passes row-level security";
        return Finding::bad("policies", found, "as a superuser: ALTER ROLE rollcall_tenant NOSUPERUSER NOBYPASSRLS");
    }
    if !examined.unforced.is_empty() {
        let tables = examined.unforced.join(", ");
        let found = format!("row-level security is not forced on {tables}");
        let advice = "as the owner, for each: ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY";
        return Finding::bad("policies", found, advice);
    }
    if !examined.without_policy.is_empty() {
        let found = format!("the policies of {} do not keep tenants apart", examined.without_policy.join(", "));
        return Finding::bad("policies", found, ADVICE);
    }
    Finding::ok("policies", "row-level security is forced on every table of tenants")
}

fn clock(examined: &Examined) -> Finding {
    let (ahead, off) = (examined.ahead_us, examined.ahead_us.abs());
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    let found = format!("the database's clock is {}.{:03} s {direction} ours", off / 1_000_000, off / 1_000 % 1_000);
    let advice = "the server goes by the database's clock; if that is the wrong one, sign-ins and second steps fail. Let both \
                  machines follow a time server (chrony or systemd-timesyncd)";
    match off {
        off if off >= SKEW_US => Finding::warn("clock", found, advice),
        _ => Finding::ok("clock", found),
    }
}

/// Behind a pooler in transaction mode the role is told once and for all what others are told by each connection.
fn told(examined: &Examined) -> Option<Finding> {
    (examined.is_told && !examined.has_limits).then(|| {
        Finding::warn(
            "role_limits",
            format!("{} was told its role, and not how long statements and locks may take", examined.role),
            format!(
                "ALTER ROLE \"{}\" SET statement_timeout, lock_timeout and idle_in_transaction_session_timeout, as \
                 docs/guides/scale-out.md says",
                examined.role
            ),
        )
    })
}

fn partitions(examined: &Examined) -> Option<Finding> {
    (!examined.whole_beside_split.is_empty()).then(|| {
        Finding::warn(
            "partitions",
            format!("tables are split by tenant, and not {}", examined.whole_beside_split.join(", ")),
            "run `rollcall migrate partition` again with as many parts as before",
        )
    })
}

fn encryption(examined: &Examined) -> Option<Finding> {
    match (examined.is_encrypted, examined.is_local) {
        (true, _) => Some(Finding::ok("encryption", "the way to the database is encrypted")),
        (false, true) => None,
        (false, false) => Some(Finding::warn(
            "encryption",
            "the way to the database is not encrypted and goes to another machine",
            "add sslmode=verify-full and sslrootcert=FILE to database.url",
        )),
    }
}

fn connections(settings: &Settings, examined: &Examined) -> Option<Finding> {
    let (ours, theirs) = (settings.database.max_connections, examined.max_connections);
    (i64::from(ours) > i64::from(theirs) / 2).then(|| {
        Finding::warn(
            "connections",
            format!("a process holds up to {ours} connections, and the server lets {theirs} in"),
            "let all processes together stay below max_connections of PostgreSQL: lower database.max_connections or raise that",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined() -> Examined {
        Examined {
            version: "15.1".to_owned(),
            major: 15,
            role: "app".to_owned(),
            passes_walls: false,
            is_member: true,
            tenant_role_passes: false,
            owned: Vec::new(),
            unforced: Vec::new(),
            without_policy: Vec::new(),
            ahead_us: -1_234_567,
            is_encrypted: true,
            is_local: false,
            max_connections: 100,
            is_told: false,
            has_limits: false,
            whole_beside_split: Vec::new(),
        }
    }

    #[test]
    fn a_role_that_was_told_has_to_have_limits_and_tables_are_split_all_or_none() {
        assert_eq!(told(&examined()), None, "each connection is told");
        assert_eq!(told(&Examined { is_told: true, ..examined() }).unwrap().mark, Mark::Warn);
        assert_eq!(told(&Examined { is_told: true, has_limits: true, ..examined() }), None);
        assert_eq!(partitions(&examined()), None);
        let beside = partitions(&Examined { whole_beside_split: vec!["later".to_owned()], ..examined() }).unwrap();
        assert!(beside.found.contains("later") && beside.advice.unwrap().contains("migrate partition"));
    }

    #[test]
    fn clocks_may_differ_by_two_seconds() {
        let off = |ahead_us| clock(&Examined { ahead_us, ..examined() });
        assert_eq!(off(-1_234_567).found, "the database's clock is 1.234 s behind ours");
        assert_eq!(
            [0, -1_999_999, 2_000_000, -3_600_000_000].map(|us| off(us).mark),
            [Mark::Ok, Mark::Ok, Mark::Warn, Mark::Warn]
        );
    }

    #[test]
    fn an_old_server_and_a_way_in_clear_are_told() {
        assert_eq!(version(&examined()).mark, Mark::Ok);
        assert_eq!(version(&Examined { major: 13, ..examined() }).mark, Mark::Warn);
        assert_eq!(encryption(&examined()).unwrap().mark, Mark::Ok);
        assert_eq!(encryption(&Examined { is_encrypted: false, ..examined() }).unwrap().mark, Mark::Warn);
        assert_eq!(encryption(&Examined { is_encrypted: false, is_local: true, ..examined() }), None);
    }
}
