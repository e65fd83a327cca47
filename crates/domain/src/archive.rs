//! The archive of a tenant: everything of it in a file that any installation can read, whatever its database (ADR 0044).
//!
//! It is text, one JSON object a line: a [`Head`], then a line for each row, then a [`Seal`] over all before it. The format is
//! described in `docs/reference/archive.md`.

mod adoption;
mod fault;
mod reader;
mod signature;
mod writer;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use adoption::{Adoption, LeftOut, adopted_ring};
pub use fault::ArchiveFault;
pub use reader::ArchiveReader;
pub use signature::{ArchiveKey, ArchiveSigner, signature_of, signers, signers_by_name};
pub use writer::ArchiveWriter;

/// The version of the format that is written, and the latest that is read.
pub const FORMAT: u32 = 1;

/// What an archive says that it is.
pub const KIND: &str = "tenant archive";

/// A row by the names of its columns. Ids are written with hyphens, bytes in base64, moments as microseconds since 1970.
pub type Row = Map<String, Value>;

/// Rows of one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub table: String,
    pub rows: Vec<Row>,
}

/// The first line: whose archive it is, and what reading it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub rollcall: String,
    pub format: u32,
    /// How many migrations the database had had.
    pub schema: usize,
    pub tenant: String,
    pub tenant_id: String,
    pub name: String,
    pub exported: String,
    /// The keys of the ring that the installation had, by their names, with what tells keys of one name apart.
    pub keys: BTreeMap<String, String>,
    /// Whose signature the last line carries.
    pub signer: String,
}

/// The last line: how much there is, and that nothing of it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// How many rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// SHA-256 of everything before this line, in hexadecimal digits.
    pub sha256: String,
    /// Ed25519 over [`FORMAT`]'s name and that digest, in base64.
    pub signature: String,
}

/// What is signed of an archive with this digest.
fn signed_text(sha256: &str) -> String {
    format!("rollcall {KIND} {FORMAT}\n{sha256}\n")
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Row { table: String, row: Row },
    End { end: Seal },
}
