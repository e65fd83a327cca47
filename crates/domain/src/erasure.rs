//! The record that a tenant was erased: all that is kept of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::archive::{ArchiveKey, signature_of};
use crate::ids::TenantId;
use crate::keys::KeyRing;
use crate::timestamp::Timestamp;

/// After so long no process serves a tenant any more that was suspended: longer than any believes what it knows.
pub const SETTLE_SECONDS: i64 = crate::admission::TRUST_SECONDS + 1;

/// An erasure, under way or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    pub id: Uuid,
    pub tenant: TenantId,
    /// What it was called in addresses.
    pub slug: String,
    pub name: String,
    /// Who wanted it, as whoever ran the command says.
    pub asked_by: String,
    pub begun: Timestamp,
    /// None while it is under way.
    pub ended: Option<Timestamp>,
    /// How many rows of each table were deleted.
    pub rows: BTreeMap<String, u64>,
    /// None while it is under way.
    pub proof: Option<Proof>,
}

/// What shows that a record was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// SHA-256 of the record's text, in hexadecimal digits.
    pub sha256: String,
    pub signer: String,
    /// Ed25519 over the text, in base64.
    pub signature: String,
}

impl Erasure {
    /// The record as JSON, without its proof.
    pub fn json(&self) -> Value {
        json!({
            "erasure": self.id.to_string(),
            "tenant": self.slug,
            "tenant_id": self.tenant.to_string(),
            "name": self.name,
            "asked_by": self.asked_by,
            "begun": self.begun.to_string(),
            "ended": self.ended.map(|moment| moment.to_string()),
            "rows": self.rows,
        })
    }

    /// What is digested and signed: the record as one line of JSON.
    pub fn text(&self) -> String {
        self.json().to_string()
    }

    /// The proof of a record that is complete.
    ///
    /// # Errors
    /// Never, with a ring, which is never empty.
    pub fn proven(&self, ring: &KeyRing) -> Result<Proof, String> {
        let text = self.text();
        let (signer, signature) = signature_of(ring, &text)?;
        Ok(Proof { sha256: hex::encode(Sha256::digest(&text)), signer: signer.to_string(), signature })
    }

    /// Whether the record is what it was when it was completed.
    pub fn is_unchanged(&self) -> bool {
        let text = self.text();
        self.proof.as_ref().is_some_and(|proof| {
            let signer: Result<ArchiveKey, _> = proof.signer.parse();
            proof.sha256 == hex::encode(Sha256::digest(&text))
                && signer.is_ok_and(|signer| signer.verifies(&text, &proof.signature))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_proves_that_nothing_of_it_was_changed() {
        let ring = KeyRing::new("one".parse().unwrap(), [7; 32]);
        let mut record = Erasure {
            id: Uuid::from_u128(1),
            tenant: TenantId(Uuid::from_u128(2)),
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            asked_by: "Ana".to_owned(),
            begun: Timestamp::from_micros(0),
            ended: Some(Timestamp::from_micros(1)),
            rows: BTreeMap::from([("resource".to_owned(), 3)]),
            proof: None,
        };
        assert!(!record.is_unchanged(), "not proven");
        record.proof = Some(record.proven(&ring).unwrap());
        assert!(record.is_unchanged());
        let fewer = Erasure { rows: BTreeMap::from([("resource".to_owned(), 2)]), ..record.clone() };
        let others = Erasure { asked_by: "Bob".to_owned(), ..record };
        assert!(!fewer.is_unchanged() && !others.is_unchanged());
    }
}
