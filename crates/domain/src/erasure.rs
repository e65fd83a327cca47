//! The record that a tenant was erased: all that is kept of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::admission::{BODY_SECONDS, OPERATION_SECONDS, TRUST_SECONDS};
use crate::archive::{ArchiveKey, signature_of, signers, signers_by_name};
use crate::ids::TenantId;
use crate::keys::{KeyId, KeyRing};
use crate::timestamp::Timestamp;

/// After so long no process serves a tenant any more that was suspended: longer than any believes what it knows, and than a
/// request takes that was let in by that.
pub const SETTLE_SECONDS: i64 = TRUST_SECONDS + BODY_SECONDS as i64 + OPERATION_SECONDS as i64 + 1;

/// For so long after the end of an erasure somebody looks whether anything was written for the tenant after all.
pub const SWEPT_SECONDS: i64 = 86_400;

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

    /// What its proof says to whoever has this ring.
    pub fn standing(&self, ring: &KeyRing) -> Standing {
        let Some(proof) = &self.proof else {
            return if self.ended.is_none() { Standing::Open } else { Standing::Changed };
        };
        let text = self.text();
        let signer = proof.signer.parse().ok().filter(|signer: &ArchiveKey| signer.verifies(&text, &proof.signature));
        match signer {
            Some(signer) if proof.sha256 == hex::encode(Sha256::digest(&text)) => {
                if signers(ring).contains(&signer) {
                    Standing::Signed
                } else {
                    Standing::Strange
                }
            }
            _ => Standing::Changed,
        }
    }
}

/// Whether a record is what it was when it was completed. A signature alone does not say so: whoever changes a record can sign
/// it with a key of his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The erasure is under way.
    Open,
    /// A key of the ring has signed what stands there.
    Signed,
    /// It is signed by a key that the ring does not have.
    Strange,
    Changed,
}

impl Standing {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Signed => "signed",
            Self::Strange => "strange",
            Self::Changed => "changed",
        }
    }
}

/// The keys of a ring that have signed one of these records, and how many. Without them nobody can say any more that a record
/// was not changed.
pub fn signed_with(records: &[Erasure], ring: &KeyRing) -> BTreeMap<KeyId, u64> {
    let known = signers_by_name(ring);
    let mut signed = BTreeMap::new();
    for proof in records.iter().filter_map(|record| record.proof.as_ref()) {
        for (id, _) in known.iter().filter(|(_, key)| key.to_string() == proof.signer) {
            *signed.entry(id.clone()).or_default() += 1;
        }
    }
    signed
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
        assert_eq!(record.standing(&ring), Standing::Changed, "not proven");
        record.proof = Some(record.proven(&ring).unwrap());
        assert_eq!(record.standing(&ring), Standing::Signed);
        assert_eq!(signed_with(&[record.clone()], &ring), BTreeMap::from([("one".parse().unwrap(), 1)]));
        let fewer = Erasure { rows: BTreeMap::from([("resource".to_owned(), 2)]), ..record.clone() };
        let mut others = Erasure { asked_by: "Bob".to_owned(), ..record.clone() };
        assert_eq!([&fewer, &others].map(|record| record.standing(&ring)), [Standing::Changed; 2]);
        let rotated = ring.rotated("two".parse().unwrap(), [8; 32]);
        assert_eq!(record.standing(&rotated), Standing::Signed, "by an older key");
        // Somebody who changes a record signs it anew.
        let stranger = KeyRing::new("one".parse().unwrap(), [9; 32]);
        others.proof = Some(others.proven(&stranger).unwrap());
        assert_eq!(others.standing(&ring), Standing::Strange);
        assert!(signed_with(&[others], &ring).is_empty());
        record.proof = None;
        record.ended = None;
        assert_eq!(record.standing(&ring), Standing::Open);
    }
}
