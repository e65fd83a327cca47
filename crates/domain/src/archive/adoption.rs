//! What becomes of the rows of an archive in another installation: whose they are, and what of their secrets still opens
//! something there.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use uuid::Uuid;

use super::{ArchiveFault, Head, Row, signers};
use crate::admin::second_step::TotpSecret;
use crate::connection::key::SecretHolder;
use crate::ids::{AdminId, ConnectionId, SsoKeyId, TenantId};
use crate::keys::{KeyId, KeyRing, Sealed};
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;

/// What does not work where the archive was imported, by the names that people know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Whether the tenant that the archive is of is here too: a token opens one tenant, and that is the one.
    pub is_copy: bool,
    /// Tokens and OAuth clients of which a secret opens nothing.
    pub credentials: BTreeSet<String>,
    /// Links for admins and setup links that open nothing.
    pub links: u64,
    /// Addresses of admins whose second step cannot be checked.
    pub second_steps: BTreeSet<String>,
    /// Connections without the secret that their identity provider wants.
    pub connections: BTreeSet<String>,
    /// The tenant's own keys for SAML.
    pub sso_keys: u64,
    /// Domains that another tenant has verified.
    pub domains: BTreeSet<String>,
}

impl LeftOut {
    pub fn is_empty(&self) -> bool {
        *self == Self { is_copy: self.is_copy, ..Self::default() }
    }
}

/// Turns the rows of an archive into those of a tenant here.
pub struct Adoption<'r> {
    from: TenantId,
    to: TenantId,
    slug: TenantSlug,
    now: Timestamp,
    /// The ring of this installation, under whose current key secrets are encrypted.
    ring: &'r KeyRing,
    /// Rings that may open what the other installation encrypted.
    openers: Vec<&'r KeyRing>,
    /// What the keys of the archive are called here.
    names: BTreeMap<String, KeyId>,
    labels: BTreeMap<String, String>,
    left_out: LeftOut,
}

impl<'r> Adoption<'r> {
    /// `to`: who the tenant is here. `rings`: this installation's, which [`adopted_ring`] has made, and the other
    /// installation's, where somebody has it.
    ///
    /// # Errors
    /// [`ArchiveFault::Broken`] when the first line says no tenant.
    pub fn new(
        head: &Head,
        to: (TenantId, TenantSlug),
        rings: (&'r KeyRing, Option<&'r KeyRing>),
        now: Timestamp,
    ) -> Result<Self, ArchiveFault> {
        let ((to, slug), (ring, given)) = (to, rings);
        let broken = |why: String| ArchiveFault::Broken { line: 1, why };
        let from = Uuid::try_parse(&head.tenant_id).map(TenantId).map_err(|error| broken(error.to_string()))?;
        let mut names = BTreeMap::new();
        for (name, mark) in &head.keys {
            let id: KeyId = name.parse().map_err(broken)?;
            names.insert(name.clone(), name_here(ring, &id, mark));
        }
        // An archive chooses what is opened, so our own keys open only what we ourselves have signed.
        let signed_by = |ring: &KeyRing| signers(ring).iter().any(|key| key.to_string() == head.signer);
        let own = Some(ring).filter(|ring| !given.is_some_and(signed_by) && signed_by(ring));
        let openers = given.into_iter().chain(own).collect();
        let (labels, left_out) = (BTreeMap::new(), LeftOut { is_copy: from != to, ..LeftOut::default() });
        Ok(Self { from, to, slug, now, ring, openers, names, labels, left_out })
    }

    /// What a row is here; none when it is left out.
    pub fn row(&mut self, table: &str, mut row: Row) -> Option<Row> {
        match table {
            "tenant" => drop(row.insert("slug".to_owned(), Value::from(self.slug.as_str()))),
            "credential" => drop(self.labels.insert(text(&row, "id"), text(&row, "label"))),
            "credential_secret" => self.credential_secret(&mut row),
            "admin_link" => {
                let is_open =
                    row.get("used_us").is_some_and(Value::is_null) && row.get("revoked_us").is_some_and(Value::is_null);
                let works = self.rename(&mut row, "key_id") && !self.left_out.is_copy;
                if !works && is_open {
                    self.left_out.links += 1;
                    self.revoke(&mut row);
                }
            }
            "admin" => self.admin(&mut row),
            "sso_connection" => self.connection(&mut row),
            "sso_key" if !self.sso_key(&mut row) => {
                self.left_out.sso_keys += 1;
                return None;
            }
            _ => {}
        }
        Some(row)
    }

    /// A domain that counts for another tenant here: it has to be verified again, which will tell that it is claimed.
    pub fn unverify(&mut self, row: &mut Row) {
        self.left_out.domains.insert(text(row, "name"));
        row.insert("state".to_owned(), Value::from("pending"));
        for column in ["verified_us", "missing_us"] {
            row.insert(column.to_owned(), Value::Null);
        }
    }

    pub fn left_out(self) -> LeftOut {
        self.left_out
    }

    fn credential_secret(&mut self, row: &mut Row) {
        let is_live = row.get("revoked_us").is_some_and(Value::is_null);
        let works = self.rename(row, "key_id") && !self.left_out.is_copy;
        if !works && is_live {
            if self.left_out.is_copy {
                self.revoke(row);
            }
            let id = text(row, "credential_id");
            let label = self.labels.get(&id).filter(|label| !label.is_empty()).cloned();
            self.left_out.credentials.insert(label.unwrap_or(id));
        }
    }

    fn revoke(&self, row: &mut Row) {
        row.insert("revoked_us".to_owned(), Value::from(self.now.as_micros()));
    }

    /// A second step that cannot be read stays, so that nobody passes without one: it has to be taken away by somebody.
    fn admin(&mut self, row: &mut Row) {
        let Some(sealed) = sealed(row, "second_step") else { return };
        let id = AdminId(uuid(row, "id"));
        let opened = self.openers.iter().find_map(|ring| TotpSecret::open(&sealed, ring, self.from, id));
        let anew = opened.and_then(|secret| secret.seal(self.ring, self.to, id).ok());
        if anew.and_then(|anew| put(row, "second_step", "second_step_key", &anew)).is_none() {
            self.rename(row, "second_step_key");
            self.left_out.second_steps.insert(text(row, "email"));
        }
    }

    fn connection(&mut self, row: &mut Row) {
        let Some(sealed) = sealed(row, "secret") else { return };
        let holder = SecretHolder::Connection(ConnectionId(uuid(row, "id")));
        if self.reseal(row, &sealed, holder, "secret", "secret_key").is_none() {
            for column in ["secret", "secret_key"] {
                row.insert(column.to_owned(), Value::Null);
            }
            self.left_out.connections.insert(text(row, "name"));
        }
    }

    fn sso_key(&mut self, row: &mut Row) -> bool {
        let holder = SecretHolder::Key(SsoKeyId(uuid(row, "id")));
        let anew = sealed(row, "private").and_then(|it| self.reseal(row, &it, holder, "private", "private_key"));
        anew.is_some()
    }

    fn reseal(&self, row: &mut Row, sealed: &Sealed, holder: SecretHolder, column: &str, key: &str) -> Option<()> {
        let opened = self.openers.iter().find_map(|ring| ring.open(sealed, &holder.about(self.from)))?;
        put(row, column, key, &self.ring.seal(&opened, &holder.about(self.to)).ok()?)
    }

    /// Says what a key is called here; whether this ring has it.
    fn rename(&self, row: &mut Row, column: &str) -> bool {
        let Some(name) = self.names.get(&text(row, column)) else { return false };
        row.insert(column.to_owned(), Value::from(name.as_str()));
        self.ring.holds(name)
    }
}

/// What a key of another installation is called here: by its own name, unless another key has that.
fn name_here(ring: &KeyRing, id: &KeyId, mark: &str) -> KeyId {
    match ring.mark(id) {
        Some(ours) if ours != mark => {
            let (short, tail): (String, String) =
                (id.as_str().chars().take(20).collect(), mark.chars().take(8).collect());
            format!("{short}-{tail}").parse().unwrap_or_else(|_| id.clone())
        }
        _ => id.clone(),
    }
}

/// This installation's ring with the keys of the other one on which the archive rests, behind its own.
pub fn adopted_ring(ring: &KeyRing, given: &KeyRing, head: &Head) -> KeyRing {
    let keys = head.keys.iter().filter_map(|(name, mark)| Some((name.parse::<KeyId>().ok()?, mark)));
    keys.filter(|(id, mark)| given.mark(id) == Some(mark.as_str()))
        .fold(ring.clone(), |ring, (id, mark)| ring.joined_by(given, &id, name_here(&ring, &id, mark)))
}

fn text(row: &Row, column: &str) -> String {
    row.get(column).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn uuid(row: &Row, column: &str) -> Uuid {
    Uuid::try_parse(&text(row, column)).unwrap_or_default()
}

fn sealed(row: &Row, column: &str) -> Option<Sealed> {
    STANDARD.decode(row.get(column)?.as_str()?).ok().map(Sealed)
}

fn put(row: &mut Row, column: &str, key: &str, sealed: &Sealed) -> Option<()> {
    row.insert(key.to_owned(), Value::from(sealed.key()?.as_str()));
    row.insert(column.to_owned(), Value::from(STANDARD.encode(&sealed.0)));
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TENANT: &str = "0192aaaa-0000-7000-8000-000000000001";
    const SAME: TenantId = TenantId(Uuid::from_u128(0x0192_aaaa_0000_7000_8000_0000_0000_0001));
    const OTHER: TenantId = TenantId(Uuid::from_u128(9));
    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn ring(name: &str, byte: u8) -> KeyRing {
        KeyRing::new(name.parse().unwrap(), [byte; 32])
    }

    fn head(ring: &KeyRing) -> Head {
        let keys = ring.ids().map(|id| (id.to_string(), ring.mark(id).unwrap().to_owned()));
        Head {
            rollcall: super::super::KIND.to_owned(),
            format: 1,
            schema: 10,
            tenant: "acme".to_owned(),
            tenant_id: TENANT.to_owned(),
            name: String::new(),
            exported: String::new(),
            keys: keys.collect(),
            signer: signers(ring).first().unwrap().to_string(),
        }
    }

    fn row(value: Value) -> Row {
        value.as_object().cloned().unwrap()
    }

    fn secret(key: &str) -> Row {
        row(json!({"credential_id": "c", "key_id": key, "revoked_us": null}))
    }

    fn connection(ring: &KeyRing) -> Row {
        let id = ConnectionId(Uuid::from_u128(5));
        let about = SecretHolder::Connection(id).about(TenantId(Uuid::try_parse(TENANT).unwrap()));
        let sealed = ring.seal(b"secret", &about).unwrap();
        let (secret, key) = (STANDARD.encode(&sealed.0), sealed.key().unwrap().to_string());
        row(json!({"id": id.0, "name": "Entra", "secret": secret, "secret_key": key}))
    }

    #[test]
    fn without_the_other_ring_what_rests_on_it_is_named() {
        let (theirs, ours) = (ring("first", 1), ring("first", 2));
        let slug: TenantSlug = "acme".parse().unwrap();
        let mut adoption = Adoption::new(&head(&theirs), (SAME, slug), (&ours, None), NOW).unwrap();
        adoption.row("credential", row(json!({"id": "c", "label": "Entra"})));
        let secret = adoption.row("credential_secret", secret("first")).unwrap();
        assert!(
            secret["key_id"].as_str().unwrap().starts_with("first-"),
            "not taken for our key of that name: {secret:?}"
        );
        let connection = adoption.row("sso_connection", connection(&theirs)).unwrap();
        assert_eq!((&connection["secret"], &connection["secret_key"]), (&Value::Null, &Value::Null));
        assert!(adoption.row("sso_key", row(json!({"id": "x", "private": "AAAA"}))).is_none());
        let left_out = adoption.left_out();
        assert_eq!(left_out.credentials, BTreeSet::from(["Entra".to_owned()]));
        assert_eq!(left_out.connections, BTreeSet::from(["Entra".to_owned()]));
        assert_eq!(left_out.sso_keys, 1);
    }

    #[test]
    fn with_the_other_ring_everything_goes_on_working_under_names_of_its_own() {
        let (theirs, ours) = (ring("first", 1), ring("first", 2));
        let head = head(&theirs);
        let joined = adopted_ring(&ours, &theirs, &head);
        assert_eq!(joined.ids().count(), 2);
        let slug: TenantSlug = "acme".parse().unwrap();
        let mut adoption = Adoption::new(&head, (SAME, slug), (&joined, Some(&theirs)), NOW).unwrap();
        let secret = adoption.row("credential_secret", secret("first")).unwrap();
        let digest = theirs.digest(b"token");
        let digest = crate::keys::KeyedDigest { key: secret["key_id"].as_str().unwrap().parse().unwrap(), ..digest };
        assert!(joined.verify(&digest, b"token"));
        let connection = adoption.row("sso_connection", connection(&theirs)).unwrap();
        let sealed = sealed(&connection, "secret").unwrap();
        let about = SecretHolder::Connection(ConnectionId(Uuid::from_u128(5))).about(SAME);
        assert_eq!(ours.open(&sealed, &about).as_deref(), Some(b"secret".as_slice()), "under our current key");
        assert!(adoption.left_out().is_empty());
        assert_eq!(adopted_ring(&joined, &theirs, &head).reveal(), joined.reveal(), "once is enough");
    }

    #[test]
    fn a_copy_beside_the_tenant_gets_none_of_its_tokens() {
        let ours = ring("first", 1);
        let slug: TenantSlug = "acme-2".parse().unwrap();
        let mut adoption = Adoption::new(&head(&ours), (OTHER, slug), (&ours, None), NOW).unwrap();
        let secret = adoption.row("credential_secret", secret("first")).unwrap();
        assert_eq!((&secret["key_id"], &secret["revoked_us"]), (&json!("first"), &json!(NOW.as_micros())));
        let connection = adoption.row("sso_connection", connection(&ours)).unwrap();
        let sealed = sealed(&connection, "secret").unwrap();
        let about = SecretHolder::Connection(ConnectionId(Uuid::from_u128(5))).about(OTHER);
        assert!(ours.open(&sealed, &about).is_some(), "encrypted for the copy");
        let left_out = adoption.left_out();
        assert!(left_out.is_copy && !left_out.credentials.is_empty() && left_out.connections.is_empty());
    }

    #[test]
    fn what_we_have_encrypted_is_not_opened_for_an_archive_that_somebody_else_signed() {
        let (theirs, ours) = (ring("second", 1), ring("first", 2));
        let forged = Head { signer: head(&theirs).signer, ..head(&ours) };
        let slug: TenantSlug = "acme-2".parse().unwrap();
        let mut adoption = Adoption::new(&forged, (OTHER, slug), (&ours, None), NOW).unwrap();
        let stolen = adoption.row("sso_connection", connection(&ours)).unwrap();
        assert_eq!((&stolen["secret"], &stolen["secret_key"]), (&Value::Null, &Value::Null));
        assert_eq!(adoption.left_out().connections, BTreeSet::from(["Entra".to_owned()]));
    }
}
