//! Statements that stand or fall together, sent in one go.
//!
//! On PostgreSQL they are one statement and one round trip (performance.md, finding 5); on SQLite they go one after another
//! in one transaction, and in one walk to the thread that the file belongs to (ADR 0050). Facts come last: on PostgreSQL a
//! fact draws its ticket when the statements before it hold their rows, so that facts about one resource have tickets in the
//! order of the changes (decisions.md 11).

#![expect(clippy::disallowed_methods, reason = "this sends changes")]

use domain::context::OpContext;
use domain::ids::FactId;
use domain::journal::{Fact, Subject};
use domain::store::StoreError;
use sea_orm::sea_query::{
    CommonTableExpression, DeleteStatement, Expr, InsertStatement, Query, SelectStatement, SubQueryStatement,
    UpdateStatement, WithClause,
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult};
use tracing::Instrument as _;

use super::dialect;
use super::error::failure;
use super::line::{self, CHANGE, Line};
use super::portions::portions;
use super::repo::journal;
use super::scope::Door;
use super::script::Script;
use super::step::step;
use crate::clerk::Clerk;
use crate::connect::Databases;
use crate::transaction::Transaction;

/// Facts that are sent with the change that they tell of.
const FACTS_OF_CHANGE: usize = 2;

/// Statements in the order in which they take their locks.
pub struct Batch {
    door: Door,
    backend: DbBackend,
    steps: Vec<Step>,
    /// What there is to tell when the steps are done.
    facts: Vec<journal::Told>,
    payloads: Vec<InsertStatement>,
}

/// What an error of the database means to the operation.
pub type Meaning<'m> = &'m (dyn Fn(DbErr) -> StoreError + Send + Sync);

/// What there is to tell of a resource that was updated.
pub struct Updated {
    pub version: i64,
    /// As [`dialect::groups_of_row`] lists them.
    pub groups: Option<String>,
}

struct Step {
    statement: SubQueryStatement,
    /// How many rows it has to touch; another number means that what the batch was decided on is not so any more.
    expected: Option<usize>,
    /// Whether the batch answers with what this gives back of its row: a `version`, and a list of `groups` or nothing.
    answers: bool,
}

impl Batch {
    pub fn new(door: Door, backend: DbBackend) -> Self {
        Self { door, backend, steps: Vec::new(), facts: Vec::new(), payloads: Vec::new() }
    }

    pub fn insert(&mut self, statement: InsertStatement, expected: Option<usize>) {
        self.steps.push(Step { statement: statement.into(), expected, answers: false });
    }

    pub fn delete(&mut self, statement: DeleteStatement, expected: Option<usize>) {
        self.steps.push(Step { statement: statement.into(), expected, answers: false });
    }

    pub fn update(&mut self, statement: UpdateStatement, expected: usize) {
        self.steps.push(Step { statement: statement.into(), expected: Some(expected), answers: false });
    }

    /// An update of however many rows there are.
    pub fn update_any(&mut self, statement: UpdateStatement) {
        self.steps.push(Step { statement: statement.into(), expected: None, answers: false });
    }

    /// An update of one resource, of which the batch tells the version and, where wanted, the groups.
    pub fn update_resource(&mut self, mut statement: UpdateStatement, shows_groups: bool) {
        let groups = match shows_groups {
            true => dialect::groups_of_row(self.backend),
            false => "NULL".to_owned(),
        };
        let answer = ["version".to_owned(), format!("{groups} AS groups")];
        statement.returning(Query::returning().exprs(answer.map(Expr::cust)));
        self.steps.push(Step { statement: statement.into(), expected: Some(1), answers: true });
    }

    /// A question that has to have so many rows for an answer.
    pub fn require(&mut self, statement: SelectStatement, expected: usize) {
        self.steps.push(Step { statement: statement.into(), expected: Some(expected), answers: false });
    }

    /// Takes locks; SQLite's one writer has them all.
    pub fn lock(&mut self, statement: SelectStatement) {
        if self.backend == DbBackend::Postgres {
            self.steps.push(Step { statement: statement.into(), expected: None, answers: false });
        }
    }

    pub fn tell(&mut self, cx: &OpContext, id: FactId, fact: &Fact) {
        self.facts.push(journal::Told::new(cx, id, fact));
        self.payloads.push(journal::payload(self.door, id, fact));
        if matches!(fact.subject, Subject::Tenant | Subject::Token(_) | Subject::Client(_) | Subject::Domain(_)) {
            self.insert(journal::change_note(&cx.scope, cx.now, id.0), None);
        }
    }

    /// Carries everything out; tells of the resource that was updated.
    ///
    /// # Errors
    /// [`StoreError::Contention`] when a step touched another number of rows than it had to; `meaning` says what an error
    /// of the database means here.
    pub async fn run<L: Line>(self, line: &L, meaning: Meaning<'_>) -> Result<Option<Updated>, StoreError> {
        let statement = self.whole()?;
        updated(line.row(statement).await.map_err(meaning)?.as_ref())
    }

    /// As [`run`](Self::run), within a transaction; on SQLite, where there is one writer at a time, one step after another.
    pub async fn run_within(self, tx: &Transaction, meaning: Meaning<'_>) -> Result<Option<Updated>, StoreError> {
        if self.backend == DbBackend::Postgres {
            return self.run(tx, meaning).await;
        }
        updated(carry_out(tx, self.scripts()?).await.map_err(meaning)?.first())
    }

    /// As [`run`](Self::run) on a file, in a transaction that comes to its end even when nobody waits for it any more.
    pub async fn run_by(
        self,
        clerk: &Clerk,
        file: &Databases,
        meaning: Meaning<'_>,
    ) -> Result<Option<Updated>, StoreError> {
        let (scripts, file) = (self.scripts()?, file.clone());
        let work = async move {
            let tx = file.begin().await?;
            let done = carry_out(&tx, scripts).await;
            if done.is_ok() {
                tx.commit().instrument(step("commit")).await.map_err(failure)?;
            }
            Ok(done)
        };
        updated(clerk.entrust(Box::pin(work)).await?.map_err(meaning)?.first())
    }

    /// One text as a rule; more when there is much to tell, so that there are few texts, none of which is long.
    fn scripts(self) -> Result<Vec<Script>, StoreError> {
        let mut change = Script::default();
        for Step { statement, expected, .. } in self.steps {
            match statement {
                SubQueryStatement::InsertStatement(insert) => change.change(&insert, expected),
                SubQueryStatement::UpdateStatement(update) => change.change(&update, expected),
                SubQueryStatement::DeleteStatement(delete) => change.change(&delete, expected),
                SubQueryStatement::WithStatement(with) => change.change(&with, expected),
                SubQueryStatement::SelectStatement(select) => {
                    if let Some(expected) = expected {
                        change.require(&select, expected);
                    }
                }
            }
        }
        let facts = self.facts.into_iter().map(|told| told.numbered(self.door));
        let facts: Vec<_> =
            facts.zip(self.payloads).map(|(told, payload)| Ok((told?, payload))).collect::<Result<_, _>>()?;
        let (first, others) = facts.split_at(facts.len().min(FACTS_OF_CHANGE));
        tell(&mut change, first);
        let others = portions(others).map(|facts| {
            let mut script = Script::default();
            tell(&mut script, facts);
            script
        });
        Ok(std::iter::once(change).chain(others).collect())
    }

    /// The order of evaluation is that of `held`'s columns: each counts the rows of one step, which carries it out.
    fn whole(self) -> Result<SelectStatement, StoreError> {
        let mut with = WithClause::new();
        with.cte(line::scope(self.door));
        let mut held = Query::select();
        held.expr_as(Expr::cust("1"), "present");
        let mut answer = ["NULL::bigint".to_owned(), "NULL::text".to_owned()];
        for (index, step) in self.steps.into_iter().enumerate() {
            let name = format!("s{index}");
            let count = format!("(SELECT count(*) FROM {name})");
            let done = match step.expected {
                None => count,
                Some(expected) => format!("CASE WHEN {count} <> {expected} THEN rollcall_stale() END"),
            };
            held.expr_as(Expr::cust(done), format!("n{index}"));
            if step.answers {
                answer = ["version", "groups"].map(|column| format!("(SELECT {column} FROM {name})"));
            }
            let statement = if step.answers { step.statement } else { counted(step.statement) };
            with.cte(cte(name, statement));
        }
        let mut held = cte("held".to_owned(), held.into());
        held.materialized(true);
        with.cte(held);
        let mut done = Query::select();
        let [version, groups] = answer.map(Expr::cust);
        done.expr_as(Expr::cust("(SELECT present FROM held)"), "present");
        done.expr_as(version, "version").expr_as(groups, "groups");
        for (index, told) in self.facts.into_iter().enumerate() {
            let name = format!("f{index}");
            done.expr(Expr::cust(format!("(SELECT count(*) FROM {name})")));
            with.cte(cte(name, told.ticket(self.door)?.into()));
        }
        for (index, payload) in self.payloads.into_iter().enumerate() {
            with.cte(cte(format!("p{index}"), counted(payload.into())));
        }
        Ok(done.from("scope").with_cte(with).take())
    }
}

/// What the first of them gives back.
async fn carry_out(tx: &Transaction, scripts: Vec<Script>) -> Result<Vec<QueryResult>, DbErr> {
    let mut given = Vec::new();
    for script in scripts {
        given.extend(tx.query_all_raw(script.into()).instrument(step(CHANGE)).await?);
    }
    Ok(given)
}

fn tell(script: &mut Script, facts: &[([InsertStatement; 2], InsertStatement)]) {
    for ([next, frame], payload) in facts {
        script.change(next, None);
        script.change(frame, Some(1));
        script.change(payload, None);
    }
}

fn updated(row: Option<&QueryResult>) -> Result<Option<Updated>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let version: Option<i64> = row.try_get("", "version").map_err(failure)?;
    let Some(version) = version else { return Ok(None) };
    Ok(Some(Updated { version, groups: row.try_get("", "groups").map_err(failure)? }))
}

/// Gives back a row for each row it changes, as questions do by themselves.
fn counted(statement: SubQueryStatement) -> SubQueryStatement {
    let rows = || Query::returning().exprs([Expr::cust("1")]);
    match statement {
        SubQueryStatement::InsertStatement(mut insert) => insert.returning(rows()).take().into(),
        SubQueryStatement::UpdateStatement(mut update) => update.returning(rows()).take().into(),
        SubQueryStatement::DeleteStatement(mut delete) => delete.returning(rows()).take().into(),
        asked => asked,
    }
}

fn cte(name: String, statement: SubQueryStatement) -> CommonTableExpression {
    let mut cte = CommonTableExpression::new();
    cte.table_name(name);
    match statement {
        SubQueryStatement::SelectStatement(select) => cte.query(select),
        SubQueryStatement::InsertStatement(insert) => cte.query(insert),
        SubQueryStatement::UpdateStatement(update) => cte.query(update),
        SubQueryStatement::DeleteStatement(delete) => cte.query(delete),
        SubQueryStatement::WithStatement(with) => cte.query(with),
    };
    cte
}
