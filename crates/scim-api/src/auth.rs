//! Who is calling, and what the call costs.
//!
//! A token or an access token names a credential of the tenant of the address. What this process believes of the tenant is
//! good for letting in and for refusing what is over budget; every other refusal is decided on what is read now.

use std::sync::Arc;
use std::time::Duration;

use ::web::limit::OverBudget;
use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, USER_AGENT};
use actix_web::rt::time::timeout;
use domain::activity::Shown;
use domain::admission::Admission;
use domain::limit::{Address, Budget};
use domain::ops::{Caller, Presented};
use domain::tenant::TenantSlug;
use domain::timestamp::Timestamp;

use crate::{ScimApi, ScimError, activity};

/// A database that hangs is told from one that is slow here, at the first statements of a request.
const PATIENCE: Duration = Duration::from_secs(4);

/// What a request costs its tenant; none when it is a part of one that has paid.
pub type Cost = Option<Budget>;

/// The tenant of the address and the caller, if the caller's credential opens that tenant. A missing, malformed, unknown,
/// expired, revoked or foreign one and an unknown tenant all get the same answer.
///
/// # Errors
/// 401; 429 when the tenant or the address is over budget; 503 when the database is away.
pub async fn authenticate(
    api: &ScimApi,
    request: &HttpRequest,
    cost: Cost,
    now: Timestamp,
) -> Result<(Arc<Admission>, Caller), ScimError> {
    let address = api.budgets.address(request);
    match timeout(PATIENCE, identify(api, request, address, cost, now)).await {
        Ok(answer) => {
            if let Some(found) = answer? {
                return Ok(found);
            }
            // A bulk request that outlives its token has failed once, not once for each operation that is left.
            activity::trail(request).refused(|| shown(request), now);
            if cost.is_some() {
                api.budgets.note_failure(address, now).await?;
            }
            Err(ScimError::unauthorized())
        }
        Err(_) => Err(ScimError::database_away("no answer within 4 s")),
    }
}

async fn identify(
    api: &ScimApi,
    request: &HttpRequest,
    address: Address,
    cost: Cost,
    now: Timestamp,
) -> Result<Option<(Arc<Admission>, Caller)>, ScimError> {
    let (Some(slug), Some(text)) = (api.addresses.tenant_of(request), bearer(request)) else {
        api.budgets.refuse_blocked(address, now)?;
        return Ok(None);
    };
    let Some(presented) = api.credentials.read(text, now).await? else {
        api.budgets.refuse_blocked(address, now)?;
        return Ok(None);
    };
    let door = Door { api, request, slug, presented, cost, now };
    if let Some(believed) = api.admissions.believed(&door.slug, now)
        && let Some(caller) = door.opens(&believed)
    {
        door.pay(&believed, &caller).await?;
        return match believed.tenant.closure() {
            None => Ok(Some((believed, caller))),
            Some(_) => door.look(false).await,
        };
    }
    // Whoever is let in above, or was before, is let in from any address.
    api.budgets.refuse_strangers(address, text, now).await?;
    let found = door.look(true).await?;
    if found.is_some() {
        api.budgets.recognise(text);
    }
    Ok(found)
}

/// One request at the door of a tenant.
struct Door<'r> {
    api: &'r ScimApi,
    request: &'r HttpRequest,
    slug: TenantSlug,
    presented: Presented,
    cost: Cost,
    now: Timestamp,
}

impl Door<'_> {
    fn opens(&self, admission: &Admission) -> Option<Caller> {
        let audience = self.api.addresses.scim_base_url(&self.slug);
        let client = self.request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        self.api.credentials.authenticate(admission, &self.presented, &audience, self.now, client)
    }

    async fn pay(&self, admission: &Admission, caller: &Caller) -> Result<(), OverBudget> {
        let Some(budget) = self.cost else { return Ok(()) };
        // What a bulk request costs is known when it is read; before that something has to be left.
        let units = u32::from(budget != Budget::Bulk);
        let paid = self.api.budgets.spend(&admission.tenant, budget, units).await;
        paid.inspect_err(|_| activity::trail(self.request).sent_too_much(&caller.actor))
    }

    /// Decides on the tenant as it is now.
    async fn look(&self, is_to_pay: bool) -> Result<Option<(Arc<Admission>, Caller)>, ScimError> {
        let Some(admission) = self.api.admissions.read(&self.slug).await? else { return Ok(None) };
        let mut caller = self.opens(&admission);
        if caller.is_none() {
            self.api.credentials.learn_ring(&admission, self.now).await;
            caller = self.opens(&admission);
        }
        let Some(caller) = caller else { return Ok(None) };
        if is_to_pay {
            self.pay(&admission, &caller).await?;
        }
        Ok(Some((admission, caller)))
    }
}

/// For those who explain a refusal.
fn shown(request: &HttpRequest) -> Shown {
    let header = request.headers().get(AUTHORIZATION).map(|header| String::from_utf8_lossy(header.as_bytes()));
    Shown::of_header(header.as_deref())
}

/// RFC 6750 §2.1; the scheme is read in any case (RFC 9110 §11.1).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
