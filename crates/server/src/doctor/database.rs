//! The database: whether it answers, has its schema, and keeps tenants apart.

use secrecy::ExposeSecret as _;
use storage::{Examined, SchemaState};

use super::Finding;
use crate::runtime::SystemClock;
use crate::settings::{DatabaseTarget, Settings};
use crate::wiring;

/// The oldest PostgreSQL that we test with.
const OLDEST: i32 = 14;

/// Clocks that differ by more than this make links and tokens end early or late; by more than the other, sessions too.
const SKEW_WARN_US: i64 = 2_000_000;
const SKEW_BAD_US: i64 = 30_000_000;

pub async fn examine(settings: &Settings) -> Vec<Finding> {
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
    let advice = "let both machines follow a time server (chrony or systemd-timesyncd)";
    match off {
        off if off >= SKEW_BAD_US => Finding::bad("clock", found, advice),
        off if off >= SKEW_WARN_US => Finding::warn("clock", found, advice),
        _ => Finding::ok("clock", found),
    }
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
    use super::super::Mark;
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
        }
    }

    #[test]
    fn clocks_may_differ_by_two_seconds() {
        let off = |ahead_us| clock(&Examined { ahead_us, ..examined() });
        assert_eq!(off(-1_234_567).found, "the database's clock is 1.234 s behind ours");
        assert_eq!(
            [0, -1_999_999, 2_000_000, -29_000_000].map(|us| off(us).mark),
            [Mark::Ok, Mark::Ok, Mark::Warn, Mark::Warn]
        );
        assert_eq!([30_000_000, -3_600_000_000].map(|us| off(us).mark), [Mark::Bad, Mark::Bad]);
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
