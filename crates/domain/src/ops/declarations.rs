//! Schemas and resource types of a tenant's own.

use std::sync::Arc;

use scim_protocol::declaration::Declaration;

use crate::Error;
use crate::admission::Admissions;
use crate::context::OpContext;
use crate::directory::{Kind, ResourceTypes};
use crate::ids::FactId;
use crate::journal::Fact;
use crate::ports::IdGen;
use crate::store::{Store, TenantTx};

/// How many a tenant may have.
const MOST: usize = 50;

pub struct Declarations {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    admissions: Arc<Admissions>,
}

impl Declarations {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, admissions: Arc<Admissions>) -> Self {
        Self { store, ids, admissions }
    }

    /// What the tenant has declared, in the order in which it did.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, cx: &OpContext) -> Result<Vec<Declaration>, Error> {
        Ok(self.store.write(&cx.scope).await?.declarations().await?)
    }

    /// Declares a schema or a resource type; from now on it is served.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`Declaration::join`]; [`Error::NotAllowed`] when there are too many, or when resources that
    /// exist would lack a required extension.
    pub async fn declare(&self, cx: &OpContext, new: Declaration) -> Result<(), Error> {
        let mut tx = self.hold(cx).await?;
        let declared = tx.declarations().await?;
        if declared.len() >= MOST {
            return Err(Error::NotAllowed(format!(
                "a tenant has at most {MOST} schemas and resource types of its own"
            )));
        }
        ResourceTypes::standard().with(declared.into_iter().chain([new.clone()]))?;
        if let Declaration::Extension(extension) = &new
            && extension.required
        {
            let there = tx.count_holding(&Kind::named(&extension.extends), None).await?;
            if there > 0 {
                return Err(Error::NotAllowed(format!(
                    "there are {there} {}s without this extension, so it cannot be required",
                    extension.extends
                )));
            }
        }
        tx.declare(&new, cx.now).await?;
        tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::declared(&new)).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(())
    }

    /// Takes back what was declared, if nothing is stored by it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when there are values that would be lost, or when another declaration
    /// builds on it.
    pub async fn withdraw(&self, cx: &OpContext, name: &str) -> Result<Declaration, Error> {
        let mut tx = self.hold(cx).await?;
        let (gone, rest): (Vec<_>, Vec<_>) =
            tx.declarations().await?.into_iter().partition(|declared| declared.name().eq_ignore_ascii_case(name));
        let gone = gone.into_iter().next().ok_or_else(|| Error::NotFound(format!("the declaration \"{name}\"")))?;
        ResourceTypes::standard()
            .with(rest)
            .map_err(|_| Error::NotAllowed(format!("another declaration extends \"{name}\"; withdraw that first")))?;
        // Whoever is writing by it holds it until that is done, and nobody begins afterwards: what is counted now is all.
        tx.withdraw(gone.name()).await?;
        let kind = Kind::named(gone.resource_type());
        let urn = match &gone {
            Declaration::ResourceType(_) => None,
            Declaration::Extension(extension) => Some(extension.schema.id.as_str()),
        };
        let used = tx.count_holding(&kind, urn).await?;
        if used > 0 {
            return Err(Error::NotAllowed(format!("{used} {}s have values that would be lost", gone.resource_type())));
        }
        tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::withdrawn(&gone)).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(gone)
    }

    /// A transaction in which nobody else declares anything for the tenant.
    async fn hold(&self, cx: &OpContext) -> Result<Box<dyn TenantTx>, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?.ok_or_else(|| Error::NotFound(format!("tenant {}", cx.scope.slug())))?;
        Ok(tx)
    }
}
