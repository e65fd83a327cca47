//! Work on many resources of a tenant that somebody asked for and that takes its time.

use crate::context::Actor;
use crate::ids::{JobId, ResourceId};
use crate::timestamp::Timestamp;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Deactivates everybody who is active.
    DeactivatePeople,
}

impl JobKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeactivatePeople => "deactivate_people",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        (name == Self::DeactivatePeople.as_str()).then_some(Self::DeactivatePeople)
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Running,
    /// Everybody was looked at.
    Done,
    /// It was not wanted any more.
    Stopped,
}

impl JobState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Stopped].into_iter().find(|state| state.as_str() == name)
    }
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    /// How many resources it was about when it was asked for.
    pub total: u64,
    pub done: u64,
    /// Those that could not be changed.
    pub failed: u64,
    /// The last resource that was looked at, in the order of ids; all zeros before the first.
    pub position: ResourceId,
    pub asked_by: Actor,
    /// The request that asked for it; the facts of what it does name it.
    pub request_id: String,
    pub created: Timestamp,
    pub ended: Option<Timestamp>,
}

impl Job {
    pub fn is_running(&self) -> bool {
        self.state == JobState::Running
    }
}

/// What one step of a job did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobStep {
    /// Where the job was when the step began; a step that another worker was quicker with does not count.
    pub from: ResourceId,
    pub to: ResourceId,
    pub done: u64,
    pub failed: u64,
    /// When there was nothing left.
    pub ended: Option<Timestamp>,
}
