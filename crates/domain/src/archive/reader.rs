//! Reading an archive, line by line, and not past what was signed.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};

use sha2::{Digest as _, Sha256};

use super::{ArchiveFault, ArchiveKey, FORMAT, Head, KIND, Line, Row, Seal, signed_text};

/// More than any row has: a document is at most a few MiB.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Gives the rows of an archive one by one. Whether they are what was signed is known at the end.
pub struct ArchiveReader<R> {
    input: R,
    head: Head,
    digest: Sha256,
    rows: BTreeMap<String, u64>,
    line: u64,
}

impl<R: BufRead> ArchiveReader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`ArchiveFault::Foreign`], [`ArchiveFault::Newer`], [`ArchiveFault::Input`].
    pub fn begin(mut input: R) -> Result<Self, ArchiveFault> {
        let mut digest = Sha256::new();
        let text = line(&mut input)?.ok_or(ArchiveFault::Foreign)?;
        let first: serde_json::Value = serde_json::from_slice(&text).map_err(|_| ArchiveFault::Foreign)?;
        if first.get("rollcall").and_then(serde_json::Value::as_str) != Some(KIND) {
            return Err(ArchiveFault::Foreign);
        }
        if first.get("format").and_then(serde_json::Value::as_u64).is_none_or(|format| format > u64::from(FORMAT)) {
            return Err(ArchiveFault::Newer);
        }
        let broken = |error: serde_json::Error| ArchiveFault::Broken { line: 1, why: error.to_string() };
        let head: Head = serde_json::from_value(first).map_err(broken)?;
        digest.update(&text);
        Ok(Self { input, head, digest, rows: BTreeMap::new(), line: 1 })
    }

    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The next row and its table; none at an end that fits what came before it.
    ///
    /// # Errors
    /// [`ArchiveFault`], also when rows were changed, taken out or added.
    pub fn row(&mut self) -> Result<Option<(String, Row)>, ArchiveFault> {
        let Some(text) = line(&mut self.input)? else {
            return Err(ArchiveFault::CutOff { line: self.line });
        };
        self.line += 1;
        let broken = |error: serde_json::Error| ArchiveFault::Broken { line: self.line, why: error.to_string() };
        match serde_json::from_slice(&text).map_err(broken)? {
            Line::Row { table, row } => {
                self.digest.update(&text);
                *self.rows.entry(table.clone()).or_default() += 1;
                Ok(Some((table, row)))
            }
            Line::End { end } => self.check(&end).map(|()| None),
        }
    }

    fn check(&mut self, seal: &Seal) -> Result<(), ArchiveFault> {
        let key: ArchiveKey = self.head.signer.parse().map_err(|_| ArchiveFault::Changed)?;
        let is_whole = seal.sha256 == self.sha256() && seal.rows == self.rows;
        let is_last = line(&mut self.input)?.is_none();
        match is_whole && is_last && key.verifies(&signed_text(&seal.sha256), &seal.signature) {
            true => Ok(()),
            false => Err(ArchiveFault::Changed),
        }
    }

    /// SHA-256 of what was read so far, but for the last line.
    pub fn sha256(&self) -> String {
        hex::encode(self.digest.clone().finalize())
    }

    /// Whether one of these keys signed, by what the first line says; the end shows whether that is so.
    ///
    /// # Errors
    /// [`ArchiveFault::Stranger`], or [`ArchiveFault::OtherSigner`] where somebody said whose it should be.
    pub fn require_signer(&self, known: &[ArchiveKey], expected: Option<&ArchiveKey>) -> Result<(), ArchiveFault> {
        let signer = self.head.signer.clone();
        let signed_by = |key: &ArchiveKey| key.to_string() == signer;
        match expected {
            Some(expected) if signed_by(expected) => Ok(()),
            Some(expected) => Err(ArchiveFault::OtherSigner { signer, expected: expected.to_string() }),
            None if known.iter().any(signed_by) => Ok(()),
            None => Err(ArchiveFault::Stranger { signer }),
        }
    }
}

/// The next line with its end; none where there is no more.
fn line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>, ArchiveFault> {
    let mut text = Vec::new();
    let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut text)?;
    Ok((read > 0).then_some(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::archive::{ArchiveSigner, ArchiveWriter};
    use crate::keys::KeyRing;

    fn signer(byte: u8) -> ArchiveSigner {
        ArchiveSigner::of(&KeyRing::new("one".parse().unwrap(), [byte; 32])).unwrap()
    }

    fn archive() -> String {
        let head = Head {
            rollcall: KIND.to_owned(),
            format: FORMAT,
            schema: 10,
            tenant: "acme".to_owned(),
            tenant_id: "0192aaaa-0000-7000-8000-000000000001".to_owned(),
            name: "Acme".to_owned(),
            exported: "2026-01-01T00:00:00.000000Z".to_owned(),
            keys: BTreeMap::new(),
            signer: signer(7).key().to_string(),
        };
        let mut writer = ArchiveWriter::begin(Vec::new(), &head).unwrap();
        for name in ["ada", "bob"] {
            writer.row("resource", json!({"doc": name}).as_object().cloned().unwrap()).unwrap();
        }
        let (bytes, rows) = writer.end(&signer(7)).unwrap();
        assert_eq!(rows["resource"], 2);
        String::from_utf8(bytes).unwrap()
    }

    fn read(text: &str) -> Result<Vec<(String, Row)>, ArchiveFault> {
        let mut reader = ArchiveReader::begin(text.as_bytes())?;
        let mut rows = Vec::new();
        while let Some(row) = reader.row()? {
            rows.push(row);
        }
        Ok(rows)
    }

    #[test]
    fn what_was_written_is_read() {
        let rows = read(&archive()).unwrap();
        let docs: Vec<_> = rows.iter().map(|(table, row)| (table.as_str(), row["doc"].clone())).collect();
        assert_eq!(docs, [("resource", json!("ada")), ("resource", json!("bob"))]);
    }

    #[test]
    fn a_changed_archive_is_refused_wherever_it_was_changed() {
        let good = archive();
        let lines: Vec<&str> = good.lines().collect();
        let text = |lines: &[&str]| lines.join("\n") + "\n";
        for (what, bad) in [
            ("a value", good.replace("ada", "eve")),
            ("the head", good.replace("\"Acme\"", "\"Evil\"")),
            ("the signer", good.replace(&signer(7).key().to_string(), &signer(8).key().to_string())),
            ("a row too few", text(&[lines[0], lines[1], lines[3]])),
            ("a row too many", text(&[lines[0], lines[1], lines[1], lines[2], lines[3]])),
            ("another order", text(&[lines[0], lines[2], lines[1], lines[3]])),
            ("something behind", text(&[lines[0], lines[1], lines[2], lines[3], lines[1]])),
        ] {
            assert!(matches!(read(&bad), Err(ArchiveFault::Changed)), "{what}: {:?}", read(&bad));
        }
        assert!(matches!(read(&text(&lines[..3])), Err(ArchiveFault::CutOff { line: 3 })));
        assert!(matches!(read(&text(&[lines[0], "{}"])), Err(ArchiveFault::Broken { line: 2, .. })));
    }

    #[test]
    fn what_is_no_archive_or_a_newer_one_is_told() {
        for foreign in ["", "x", "{}", "{\"rollcall\":\"backup\",\"format\":1}"] {
            assert!(matches!(read(foreign), Err(ArchiveFault::Foreign)), "{foreign}");
        }
        let newer = archive().replace("\"format\":1", "\"format\":2");
        assert!(matches!(read(&newer), Err(ArchiveFault::Newer)));
    }

    #[test]
    fn whose_signature_is_good_is_said_or_known() {
        let text = archive();
        let reader = ArchiveReader::begin(text.as_bytes()).unwrap();
        let (ours, other) = (signer(7).key(), signer(8).key());
        assert!(reader.require_signer(std::slice::from_ref(&ours), None).is_ok());
        assert!(reader.require_signer(&[], Some(&ours)).is_ok());
        let stranger = reader.require_signer(std::slice::from_ref(&other), None).unwrap_err().to_string();
        assert!(stranger.contains(&format!("--signed-by {ours}")), "{stranger}");
        assert!(matches!(reader.require_signer(&[ours], Some(&other)), Err(ArchiveFault::OtherSigner { .. })));
    }
}
