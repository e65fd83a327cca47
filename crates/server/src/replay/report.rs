//! What a replay found. Serialises as the one JSON object of `rollcall replay --json`.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::scenario::Scenario;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer is as expected.
    Passed,
    /// The answer differs, or there was none.
    Failed,
    /// Not sent: it needs a variable that no earlier step captured.
    Blocked,
}

/// One step and how it ended.
#[derive(Debug, Clone, Serialize)]
pub struct StepResult {
    /// Its place in the scenario, from 1.
    pub step: usize,
    /// What the step shows.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path, filled in if it was sent.
    pub path: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// From sending to the end of the answer.
    pub duration_ms: u64,
    /// What differed, or why it was blocked, a sentence each.
    pub differences: Vec<String>,
}

/// How many steps ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Steps whose answer is as expected.
    pub passed: usize,
    /// Steps whose answer differs.
    pub failed: usize,
    /// Steps that could not be sent.
    pub blocked: usize,
    /// All steps.
    pub total: usize,
}

impl Counts {
    /// Counts the steps.
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a StepResult>) -> Self {
        let mut counts = Self::default();
        for step in steps {
            counts.total += 1;
            match step.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed => counts.failed += 1,
                Outcome::Blocked => counts.blocked += 1,
            }
        }
        counts
    }
}

/// One scenario and how its steps ended.
#[derive(Debug, Clone, Serialize)]
pub struct ScenarioResult {
    /// The scenario file's name.
    pub file: String,
    /// What the conversation shows.
    pub title: String,
    /// Which provisioning client speaks like this.
    pub client: String,
    /// The counts of its steps.
    #[serde(flatten)]
    pub counts: Counts,
    /// From its first request to its last answer.
    pub duration_ms: u64,
    /// Its steps in order.
    pub steps: Vec<StepResult>,
}

impl ScenarioResult {
    /// Takes a scenario, its steps' results and how long it took.
    pub fn new(scenario: &Scenario, steps: Vec<StepResult>, duration: Duration) -> Self {
        let about = &scenario.about;
        Self {
            file: about.file.clone(),
            title: about.title.clone(),
            client: about.client.clone(),
            counts: Counts::of(&steps),
            duration_ms: milliseconds(duration),
            steps,
        }
    }
}

/// The whole replay. Displayed as the sentence that ends the report.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The base URL as it was used.
    pub base_url: String,
    /// The counts of all steps.
    #[serde(flatten)]
    pub counts: Counts,
    /// From the first request to the last answer.
    pub duration_ms: u64,
    /// The scenarios in order.
    pub scenarios: Vec<ScenarioResult>,
}

impl Summary {
    /// Takes the base URL, the scenarios' results and how long it all took.
    pub fn new(base_url: String, scenarios: Vec<ScenarioResult>, duration: Duration) -> Self {
        let counts = Counts::of(scenarios.iter().flat_map(|scenario| &scenario.steps));
        Self { base_url, counts, duration_ms: milliseconds(duration), scenarios }
    }

    /// Whether every step passed.
    pub fn all_passed(&self) -> bool {
        self.counts.passed == self.counts.total
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { passed, failed, blocked, total } = self.counts;
        write!(f, "{passed} of {total} steps passed")?;
        if !self.all_passed() {
            write!(f, ", {failed} failed, {blocked} blocked,")?;
        }
        let scenarios = self.scenarios.len();
        let noun = if scenarios == 1 { "scenario" } else { "scenarios" };
        let seconds = Duration::from_millis(self.duration_ms).as_secs_f64();
        write!(f, " in {scenarios} {noun} ({seconds:.1} s)")
    }
}

/// Whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Counts, Outcome, ScenarioResult, StepResult, Summary};

    fn summary(outcomes: &[Outcome]) -> Summary {
        let step = |(index, outcome): (usize, &Outcome)| StepResult {
            step: index + 1,
            name: "a step".into(),
            method: "GET".into(),
            path: "/Users".into(),
            outcome: *outcome,
            status: Some(200),
            duration_ms: 3,
            differences: vec![],
        };
        let steps: Vec<StepResult> = outcomes.iter().enumerate().map(step).collect();
        let scenario = ScenarioResult {
            file: "a.json".into(),
            title: "A".into(),
            client: "entra".into(),
            counts: Counts::of(&steps),
            duration_ms: 9,
            steps,
        };
        Summary::new("http://host".into(), vec![scenario], Duration::from_millis(3240))
    }

    #[test]
    fn a_clean_run_is_told_in_one_sentence() {
        let summary = summary(&[Outcome::Passed, Outcome::Passed]);
        assert!(summary.all_passed());
        assert_eq!(summary.to_string(), "2 of 2 steps passed in 1 scenario (3.2 s)");
    }

    #[test]
    fn failed_and_blocked_steps_are_counted_apart() {
        let summary = summary(&[Outcome::Passed, Outcome::Failed, Outcome::Blocked]);
        assert!(!summary.all_passed());
        assert_eq!(summary.to_string(), "1 of 3 steps passed, 1 failed, 1 blocked, in 1 scenario (3.2 s)");
    }

    #[test]
    fn the_json_object_has_counts_at_the_top_and_for_each_scenario() {
        let json = serde_json::to_value(summary(&[Outcome::Passed, Outcome::Blocked])).unwrap();
        assert_eq!(json["passed"], 1);
        assert_eq!(json["blocked"], 1);
        assert_eq!(json["total"], 2);
        assert_eq!(json["duration_ms"], 3240);
        assert_eq!(json["scenarios"][0]["passed"], 1);
        assert_eq!(json["scenarios"][0]["steps"][1]["outcome"], "blocked");
    }
}
