//! Telling by mail that an identity provider's certificate ends soon and no newer one is known: once at 60 days, 30, 7 and 1.

use super::{Connections, SignOnTools};
use crate::admin::Admin;
use crate::connection::{Connection, Setup};
use crate::ids::{ConnectionId, FactId};
use crate::journal::Fact;
use crate::mail::{Mail, MailAddress};
use crate::notice::text::About;
use crate::notice::{Notice, Reason};
use crate::ops::Mailroom;
use crate::store::{StoreError, TenantTx};
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

const DAY: i64 = 86_400;

/// How many days before the end it is told.
pub const TOLD_DAYS: [u32; 4] = [60, 30, 7, 1];

/// What came of a look at certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// How many mails were queued.
    pub mails: u64,
    /// When the first of the connections that people sign in by has no certificate any more; none where that never happens.
    pub first: Option<Timestamp>,
}

impl Connection {
    /// When the last of its identity provider's certificates ends; none where there are none.
    pub fn certificates_end(&self) -> Option<Timestamp> {
        let Setup::Saml(saml) = &self.setup else { return None };
        let certificates = saml.found.as_ref()?.certificates();
        certificates.iter().map(|certificate| Timestamp::of(certificate.not_after())).max()
    }

    /// The notice that is due: the fewest days that are left at the most.
    pub fn certificate_notice(&self, now: Timestamp) -> Option<u32> {
        let end = self.certificates_end().filter(|_| self.is_open())?;
        TOLD_DAYS.into_iter().rev().find(|days| end <= now.plus_seconds(i64::from(*days) * DAY))
    }
}

impl Connections {
    /// Tells a tenant's people of certificates that end soon, as far as they were not told. It goes to the addresses for notices, or to the owners where there are none; where there is neither, nothing counts as told.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tell_of_ends(
        &self,
        tenant: &Tenant,
        mailroom: &Mailroom,
        about: About<'_>,
        now: Timestamp,
    ) -> Result<Ends, StoreError> {
        let scope = tenant.scope();
        let mut read = self.tools.store.read(&scope).await?;
        let connections = read.list_connections().await?;
        let open = connections.iter().filter(|connection| connection.is_open());
        let none = Ends { mails: 0, first: open.filter_map(Connection::certificates_end).min() };
        let due = untold(&connections, &read.notices().await?, now);
        drop(read);
        if due == Due::default() {
            return Ok(none);
        }
        let mut tx = self.tools.store.write(&scope).await?;
        // Whoever else looks waits here.
        let Some(tenant) = tx.lock_tenant().await? else { return Ok(none) };
        let connections = tx.list_connections().await?;
        let due = untold(&connections, &tx.notices().await?, now);
        if !due.over.is_empty() {
            tx.close_notices(&due.over).await?;
        }
        let to = recipients(tx.as_mut(), &tenant).await?;
        // Without an address nothing counts as told.
        let new = if to.is_empty() { Vec::new() } else { due.new };
        let mut mails = 0;
        for (id, days) in new {
            let Some(connection) = connections.iter().find(|connection| connection.id == id) else { continue };
            tx.open_notice(&Notice { reason: Reason::CertificateEnds(id, days), told: now, well_since: None }).await?;
            let Some(end) = connection.certificates_end() else { continue };
            for address in &to {
                let mail = letter(address, connection, end, about, now);
                mailroom.queue(tx.as_mut(), &mail, now).await?;
            }
            mails += to.len() as u64;
            self.record_told(tx.as_mut(), &scope, connection, days, to.len(), now).await?;
        }
        tx.commit().await?;
        Ok(Ends { mails, ..none })
    }

    async fn record_told(
        &self,
        tx: &mut dyn TenantTx,
        scope: &TenantScope,
        connection: &Connection,
        days: u32,
        mails: usize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let cx = SignOnTools::own_context(scope, now);
        tx.record(&cx, FactId(self.tools.ids.next(now)), &Fact::certificate_ends(connection, days, mails)).await
    }
}

/// What is to be told, and which notices are of no use any more.
#[derive(Debug, Default, PartialEq, Eq)]
struct Due {
    new: Vec<(ConnectionId, u32)>,
    over: Vec<Reason>,
}

fn untold(connections: &[Connection], known: &[Notice], now: Timestamp) -> Due {
    let due = |connection: &Connection| Some((connection.id, connection.certificate_notice(now)?));
    let due: Vec<_> = connections.iter().filter_map(due).collect();
    let is_over = |reason: &Reason| match reason {
        Reason::CertificateEnds(id, told) => !due.iter().any(|(of, days)| of == id && days <= told),
        _ => false,
    };
    let over = known.iter().map(|notice| notice.reason).filter(is_over).collect();
    let is_told = |(id, days): &(ConnectionId, u32)| {
        known.iter().any(|it| matches!(it.reason, Reason::CertificateEnds(of, told) if of == *id && told <= *days))
    };
    Due { new: due.iter().filter(|it| !is_told(it)).copied().collect(), over }
}

async fn recipients(tx: &mut dyn TenantTx, tenant: &Tenant) -> Result<Vec<MailAddress>, StoreError> {
    let chosen = &tenant.choices.preferences.notify;
    if !chosen.is_empty() {
        return Ok(chosen.clone());
    }
    let admins = tx.list_admins().await?.into_iter().map(|known| known.admin);
    Ok(admins.filter(Admin::is_active_owner).map(|admin| admin.email).collect())
}

fn letter(to: &MailAddress, connection: &Connection, end: Timestamp, about: About<'_>, now: Timestamp) -> Mail {
    let left = (end.as_micros() - now.as_micros()) / 1_000_000 / DAY;
    let when = match left {
        ..0 => "has ended".to_owned(),
        0 => "ends within a day".to_owned(),
        1 => "ends in 1 day".to_owned(),
        days => format!("ends in {days} days"),
    };
    let date: String = end.to_string().chars().take(10).collect();
    let (name, tenant, page) = (&connection.name, about.tenant, about.page);
    let subject = format!("{tenant}: the certificate of {name} {when}");
    let text = format!(
        "The certificate that {name} signs sign-ins with {when} ({date}, UTC), and no newer one is known.\n\n\
         From then on nobody of {tenant} can sign in to {} by {name}.\n\n\
         What to do: make a new certificate in {name}. If the connection reads its metadata from an address, it is found \
         within a day; otherwise add it on the connection's page:\n{page}/user-authentication/sso/{}\n",
        about.product, connection.id
    );
    Mail::new(to.clone(), &subject, &text)
}
