//! `rollcall doctor`

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::output;
use crate::doctor::{self, Finding, Mark};

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn run(file: Option<&Path>, args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let findings = doctor::examine(file).await;
    let worst = findings.iter().map(|finding| finding.mark).max().unwrap_or(Mark::Ok);
    let shown = json!({
        "mark": worst.as_str(), "findings": findings.iter().map(Finding::json).collect::<Vec<_>>(),
    });
    let lines: Vec<String> = findings.iter().map(line).collect();
    output::report(args.json, &shown, &lines.join("\n"))?;
    Ok(match worst {
        Mark::Bad => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

fn line(finding: &Finding) -> String {
    let first = format!("{:<4}  {:<12}  {}", finding.mark.as_str(), finding.check, finding.found);
    match &finding.advice {
        None => first,
        Some(advice) => format!("{first}\n{:20}-> {advice}", ""),
    }
}
