//! Mails and notices, for tests that need some.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "builders are for what has to succeed; whatever may fail gives a result"
)]

use domain::ids::MailId;
use domain::mail::{Mail, QueuedMail};
use domain::notice::{Notice, Reason};
use domain::ports::{Clock as _, IdGen as _};
use domain::store::Store as _;
use domain::tenant::Tenant;

use crate::world::World;

impl World {
    /// Leaves a mail in a tenant's outbox, and the notice that it tells.
    pub async fn leave_mail(&self, tenant: &Tenant) {
        let now = self.clock.now();
        let mail = Mail::new("ana@example.com".parse().expect("an address"), "Degraded", "Changes are failing");
        let mail = QueuedMail::seal(&mail, MailId(self.ids.next(now)), &self.keys.ring(), now).expect("a sealed mail");
        let mut tx = self.store.write(&tenant.scope()).await.expect("a transaction");
        tx.queue_mail(&mail).await.expect("a mail in the outbox");
        let notice = Notice { reason: Reason::Degraded, told: now, well_since: None };
        tx.open_notice(&notice).await.expect("a notice");
        tx.commit().await.expect("a commit");
    }
}
