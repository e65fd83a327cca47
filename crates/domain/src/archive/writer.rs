//! Writing an archive, line by line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::{ArchiveSigner, Head, Line, Row, Seal, signed_text};

/// Writes lines and remembers what the last one has to say of them.
pub struct ArchiveWriter<W> {
    out: W,
    digest: Sha256,
    rows: BTreeMap<String, u64>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(out: W, head: &Head) -> io::Result<Self> {
        let mut writer = Self { out, digest: Sha256::new(), rows: BTreeMap::new() };
        writer.line(&serde_json::to_string(head)?)?;
        Ok(writer)
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn row(&mut self, table: &str, row: Row) -> io::Result<()> {
        *self.rows.entry(table.to_owned()).or_default() += 1;
        self.line(&serde_json::to_string(&Line::Row { table: table.to_owned(), row })?)
    }

    /// Writes the last line; gives the file and how many rows of each table are in it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end(mut self, signer: &ArchiveSigner) -> io::Result<(W, BTreeMap<String, u64>)> {
        let sha256 = hex::encode(self.digest.clone().finalize());
        let signature = signer.sign(&signed_text(&sha256));
        let seal = Seal { rows: self.rows.clone(), sha256, signature };
        self.line(&serde_json::to_string(&Line::End { end: seal })?)?;
        self.out.flush()?;
        Ok((self.out, self.rows))
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        for part in [text.as_bytes(), b"\n"] {
            self.digest.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }
}
