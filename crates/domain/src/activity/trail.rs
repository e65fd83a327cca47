//! What becomes known of a request while it is answered. It is put together as it comes, so that nothing is read twice.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Action, TargetRef};
use crate::admission::Admission;
use crate::catalogue::Cause;
use crate::context::Actor;
use crate::directory::{Kind, StoredResource};
use crate::ids::{ResourceId, SecretId};
use crate::timestamp::Timestamp;

use super::{CredentialRef, Shown};

/// Bytes of a request or an answer, wherever they are kept.
pub type Raw = Box<dyn AsRef<[u8]> + Send>;

/// Where those who answer a request leave word of it. Whoever has no log has an empty one, which forgets everything.
#[derive(Clone, Default)]
pub struct Trail(Option<Arc<Mutex<Trace>>>);

/// What is known of a request in the end.
#[derive(Default)]
pub struct Trace {
    /// The tenant, once the caller was let in.
    pub admission: Option<Arc<Admission>>,
    pub credential: Option<CredentialRef>,
    pub secret: Option<SecretId>,
    pub at: Option<Timestamp>,
    pub action: Option<Action>,
    pub target: Option<TargetRef>,
    /// It would have been a change, and nothing differs.
    pub is_unchanged: bool,
    pub body: Option<Raw>,
    /// What was shown at the door by somebody who was not let in.
    pub shown: Option<Shown>,
    /// What the answer does not say.
    pub cause: Option<Cause>,
    /// Operations of a bulk request are told together.
    is_bulk: bool,
}

impl std::fmt::Debug for Trail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trail")
    }
}

impl Trail {
    /// One that remembers.
    pub fn begin() -> Self {
        Self(Some(Arc::default()))
    }

    fn note(&self, note: impl FnOnce(&mut Trace)) {
        if let Some(trace) = &self.0 {
            note(&mut trace.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Takes what is known.
    pub fn take(&self) -> Trace {
        let mut taken = Trace::default();
        self.note(|trace| taken = std::mem::take(trace));
        taken
    }

    /// The caller was let in.
    pub fn admitted(&self, admission: &Arc<Admission>, actor: &Actor, secret: Option<SecretId>, at: Timestamp) {
        self.note(|trace| {
            // The first of the operations of a bulk request stands for all.
            if trace.admission.is_some() {
                return;
            }
            trace.admission = Some(admission.clone());
            trace.at = Some(at);
            trace.secret = secret;
            if let Actor::Credential { id, label, .. } = actor {
                trace.credential = Some(CredentialRef { id: *id, label: label.clone() });
            }
        });
    }

    /// The caller was not.
    pub fn refused(&self, shown: impl FnOnce() -> Shown, at: Timestamp) {
        self.note(|trace| {
            trace.shown = Some(shown());
            trace.at = Some(at);
        });
    }

    /// The caller was let in, but is over budget.
    pub fn sent_too_much(&self, actor: &Actor) {
        self.note(|trace| {
            if let Actor::Credential { id, label, .. } = actor {
                trace.credential = Some(CredentialRef { id: *id, label: label.clone() });
            }
        });
    }

    /// What came with it.
    pub fn body(&self, body: impl FnOnce() -> Raw) {
        self.note(|trace| trace.body = Some(body()));
    }

    /// What is being tried; what it comes to may turn out to be something else.
    pub fn tries(&self, action: Action, kind: impl FnOnce() -> Kind, id: Option<ResourceId>, name: Option<&str>) {
        self.note(|trace| {
            if !trace.is_bulk {
                trace.action = Some(action);
                trace.target = Some(TargetRef { kind: kind(), id, name: name.map(shortened) });
            }
        });
    }

    /// What was done or, in the end, found.
    pub fn did(&self, action: Action) {
        self.note(|trace| {
            if !trace.is_bulk {
                trace.action = Some(action);
            }
        });
    }

    /// The resource that it is about.
    pub fn about(&self, stored: &StoredResource) {
        self.note(|trace| {
            if !trace.is_bulk {
                let name = name_of(stored).map(shortened);
                trace.target = Some(TargetRef { kind: stored.kind.clone(), id: Some(stored.id), name });
            }
        });
    }

    /// It changes nothing.
    pub fn unchanged(&self) {
        self.note(|trace| trace.is_unchanged = !trace.is_bulk);
    }

    /// Why it fails, where the answer does not say it.
    pub fn because(&self, cause: Cause) {
        self.note(|trace| trace.cause = Some(cause));
    }

    /// It is a bulk request, and its operations are not told one by one.
    pub fn bulk(&self, operations: u32, failed: u32) {
        self.note(|trace| {
            trace.is_bulk = true;
            trace.action = Some(Action::Bulk { operations, failed });
        });
    }
}

/// What people call a resource.
pub fn name_of(stored: &StoredResource) -> Option<&str> {
    stored.resource.text("displayName").or_else(|| stored.resource.text("userName"))
}

/// Nobody reads names that are longer.
fn shortened(name: &str) -> String {
    name.chars().filter(|each| !each.is_control()).take(200).collect()
}

/// What a change comes to, by how the resource was and is.
pub fn change_of(before: &StoredResource, after: &StoredResource) -> Action {
    let is_active =
        |stored: &StoredResource| stored.resource.attributes().get("active").and_then(serde_json::Value::as_bool);
    match (is_active(before), is_active(after)) {
        (Some(true) | None, Some(false)) => return Action::Disabled,
        (Some(false), Some(true) | None) => return Action::Enabled,
        _ => {}
    }
    let name = |stored: &StoredResource| {
        let name = if stored.kind == Kind::GROUP { "displayName" } else { "userName" };
        stored.resource.text(name).map(str::to_owned)
    };
    match name(before) == name(after) {
        true => Action::Updated,
        false => Action::Renamed,
    }
}
