//! Plays scenarios, one after the other, step by step.

use std::time::Instant;

use secrecy::SecretString;
use url::Url;

use super::{
    client::{ScimClient, SendError},
    corpus,
    error::ReplayError,
    expect,
    random::sixteen_bytes,
    report::{Outcome, ScenarioResult, StepResult, Summary, milliseconds},
    scenario::{Expect, Request, Scenario, Step},
    variables::Variables,
};

/// Is told how a replay goes, as it goes. `()` does not listen.
pub trait Observer: Send {
    /// How many scenarios and steps will be played; comes once, before the first request.
    fn started(&mut self, scenarios: usize, steps: usize) {
        let _ = (scenarios, steps);
    }

    /// A step has ended.
    fn step_ended(&mut self, scenario: &Scenario, step: &StepResult) {
        let _ = (scenario, step);
    }
}

impl Observer for () {}

/// Plays the embedded conversations against a SCIM server.
///
/// Takes the tenant's SCIM base URL and token, a text that chooses scenarios by file name, title or client (all
/// without it), and somebody to tell about each step. Gives the results; a server that answers wrongly, or stops
/// answering, is a result too. Nothing in them holds the token.
///
/// # Errors
/// [`ReplayError::BaseUrl`], [`ReplayError::Token`] and [`ReplayError::NoMatch`] before anything is sent;
/// [`ReplayError::Unreachable`] when the very first request cannot connect.
pub async fn run(
    base_url: &Url,
    token: &SecretString,
    only: Option<&str>,
    observer: &mut dyn Observer,
) -> Result<Summary, ReplayError> {
    let scenarios = corpus::select(only)?;
    let client = ScimClient::new(base_url, token)?;
    play(&client, &scenarios, observer).await
}

/// Plays scenarios that are already read.
///
/// # Errors
/// [`ReplayError::Unreachable`] when the very first request cannot connect.
pub async fn play(
    client: &ScimClient,
    scenarios: &[Scenario],
    observer: &mut dyn Observer,
) -> Result<Summary, ReplayError> {
    observer.started(scenarios.len(), scenarios.iter().map(|scenario| scenario.steps.len()).sum());
    let started = Instant::now();
    let mut player = Player { client, observer, connected: false };
    let mut results = Vec::with_capacity(scenarios.len());
    for scenario in scenarios {
        results.push(player.scenario(scenario).await?);
    }
    Ok(Summary::new(client.shown(client.base_url()), results, started.elapsed()))
}

struct Player<'a> {
    client: &'a ScimClient,
    observer: &'a mut dyn Observer,
    /// Whether a request got further than connecting.
    connected: bool,
}

impl Player<'_> {
    async fn scenario(&mut self, scenario: &Scenario) -> Result<ScenarioResult, ReplayError> {
        let started = Instant::now();
        let mut variables = Variables::given(self.client.base_url(), sixteen_bytes);
        let mut results = Vec::with_capacity(scenario.steps.len());
        for (index, step) in scenario.steps.iter().enumerate() {
            let result = self.step(index + 1, step, &mut variables).await?;
            self.observer.step_ended(scenario, &result);
            results.push(result);
        }
        Ok(ScenarioResult::new(scenario, results, started.elapsed()))
    }

    async fn step(&mut self, number: usize, step: &Step, variables: &mut Variables) -> Result<StepResult, ReplayError> {
        let mut result = unsent(number, step);
        match fill(step, variables) {
            Ok((request, expect)) => {
                result.path = self.client.shown(&request.path);
                self.exchange(step, &request, &expect, variables, &mut result).await?;
            }
            Err(reason) => result.differences.push(reason),
        }
        Ok(result)
    }

    async fn exchange(
        &mut self,
        step: &Step,
        request: &Request,
        expect: &Expect,
        variables: &mut Variables,
        result: &mut StepResult,
    ) -> Result<(), ReplayError> {
        let started = Instant::now();
        let answer = self.client.send(request).await;
        result.duration_ms = milliseconds(started.elapsed());
        let differences = match answer {
            Ok(response) => {
                result.status = Some(response.status);
                variables.capture(&step.capture, &response);
                expect::differences(expect, &response)
            }
            Err(SendError::Connect(reason)) if !self.connected => return Err(self.unreachable(reason)),
            Err(error) => vec![error.to_string()],
        };
        self.connected = true;
        result.outcome = if differences.is_empty() { Outcome::Passed } else { Outcome::Failed };
        result.differences = differences;
        Ok(())
    }

    fn unreachable(&self, reason: String) -> ReplayError {
        ReplayError::Unreachable { base_url: self.client.shown(self.client.base_url()), reason }
    }
}

/// The result of a step that has not been sent.
fn unsent(number: usize, step: &Step) -> StepResult {
    StepResult {
        step: number,
        name: step.name.clone(),
        method: step.request.method.clone(),
        path: step.request.path.clone(),
        outcome: Outcome::Blocked,
        status: None,
        duration_ms: 0,
        differences: Vec::new(),
    }
}

fn fill(step: &Step, variables: &Variables) -> Result<(Request, Expect), String> {
    let request = variables.fill(&step.request).map_err(|error| error.to_string())?;
    let expect = variables.fill(&step.expect).map_err(|error| error.to_string())?;
    Ok((request, expect))
}

#[cfg(test)]
mod tests;
