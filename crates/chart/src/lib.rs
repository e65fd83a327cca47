//! The Helm chart of `deploy/helm/rollcall`, rendered without Helm.
//!
//! Nothing of the product depends on this crate. Its tests render the chart in a moment, hold the objects against what operators
//! rely on, and keep README, schema and settings of the chart in step with `values.yaml` and with
//! `docs/reference/configuration.md`. `.ci/helm` compares what comes out here with what real Helm makes, object by object, so
//! that [`functions`] stays as Helm has them.

pub mod files;
pub mod functions;
pub mod readme;
pub mod render;
pub mod schema;
pub mod settings;
pub mod values;
pub mod write;
pub mod yaml;

use std::path::{Path, PathBuf};

/// Why a chart cannot be rendered or written.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A text is not the YAML that Kubernetes would take.
    #[error("{what}: {reason}")]
    Yaml {
        /// Which text.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// A template cannot be read, uses what Helm has and [`functions`] has not, or ends by `fail`.
    #[error("{template}: {source}")]
    Template {
        /// Which template.
        template: String,
        /// What is wrong.
        source: Box<gotmpl::TemplateError>,
    },
    /// A paper is not as this crate reads it.
    #[error("{0}")]
    Paper(String),
}

/// The repository.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The chart's folder.
pub fn chart_folder() -> PathBuf {
    repository().join("deploy/helm/rollcall")
}
