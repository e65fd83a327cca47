//! What a handler is given: a caller who may be here.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpRequest, web};
use domain::activity::Action;
use domain::admission::{Admission, OPERATION_SECONDS};
use domain::context::OpContext;
use domain::directory::{Kind, ResourceTypes};
use domain::ids::ResourceId;
use domain::limit::Budget;
use domain::ops::{Caller, Provisioning, Target};
use domain::scope::Scopes;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::version::Precondition;
use tracing::Span;

use crate::auth::{Cost, authenticate};
use crate::need;
use crate::query::QueryParameters;
use crate::{ScimApi, ScimError, activity};

/// What one request may ask of the database is bounded, so whatever takes longer has stopped, not slowed down.
const PATIENCE: Duration = Duration::new(OPERATION_SECONDS as u64, 0);

/// A request of an identity provider to a tenant that is open for it.
pub struct ScimCall {
    pub cx: OpContext,
    /// What the caller's credential may do.
    pub scopes: Scopes,
    /// The tenant's base URL as the settings show it.
    pub base_url: String,
    pub query: QueryParameters,
    pub if_match: Option<Precondition>,
    pub if_none_match: Option<Precondition>,
    pub api: web::Data<ScimApi>,
    admission: Arc<Admission>,
    /// The variable parts of the path, as far as the route has them.
    segments: HashMap<String, String>,
}

impl FromRequest for ScimCall {
    type Error = ScimError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ScimError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let call = Self::admit(&request, Some(need::budget(&request))).await?;
            need::require(&request, call.types(), call.scopes)?;
            Ok(call)
        })
    }
}

impl ScimCall {
    /// Lets a request in, as things are now, for a unit of a budget.
    ///
    /// # Errors
    /// 401, 429 and what a tenant that is closed answers; 503 when the database is away.
    pub async fn admit(request: &HttpRequest, cost: Cost) -> Result<Self, ScimError> {
        let api = request.app_data::<web::Data<ScimApi>>().cloned().ok_or_else(ScimError::unauthorized)?;
        let now = api.clock.now();
        let (admission, caller) = authenticate(&api, request, cost, now).await?;
        let Caller { actor, scopes, secret } = caller;
        let trail = activity::trail(request);
        trail.admitted(&admission, &actor, secret, now);
        let tenant = &admission.tenant;
        // Together, because what a log line has of its span is written anew each time.
        tracing::record_all!(
            Span::current(),
            tenant.id = %tenant.id,
            tenant.slug = tenant.slug.as_str(),
            actor.kind = actor.kind(),
            actor.id = actor.id(),
        );
        if let Some(closure) = tenant.closure() {
            return Err(ScimError::closed(closure));
        }
        let segments = request.match_info().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self {
            cx: OpContext { scope: tenant.scope(), actor, request_id: ::web::trace::id(request), now, trail },
            scopes,
            base_url: api.addresses.scim_base_url(&tenant.slug),
            query: QueryParameters::read(request.query_string())?,
            if_match: precondition(request, &IF_MATCH),
            if_none_match: precondition(request, &IF_NONE_MATCH),
            api,
            segments,
            admission,
        })
    }

    /// Pays for the operations of a bulk request, all or none.
    ///
    /// # Errors
    /// 429.
    pub async fn pay_for_operations(&self, count: usize) -> Result<(), ScimError> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(self.api.budgets.spend(&self.admission.tenant, Budget::Bulk, count).await?)
    }

    /// Where the tenant's OAuth clients get their access tokens.
    pub fn token_url(&self) -> String {
        self.api.addresses.token_url(self.cx.scope.slug())
    }

    pub fn types(&self) -> &Arc<ResourceTypes> {
        self.cx.scope.types()
    }

    pub fn provisioning(&self) -> &Provisioning {
        &self.api.provisioning
    }

    /// Waits for an operation, but not for ever for a database that froze in the middle of it. Of a write that is given up
    /// nobody can say whether it was done; the client that tries again finds out.
    ///
    /// # Errors
    /// Those of the operation; 503 when it does not end.
    pub async fn wait<T>(&self, operation: impl Future<Output = Result<T, domain::Error>>) -> Result<T, ScimError> {
        match timeout(PATIENCE, operation).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(ScimError::database_away("an operation did not end within 30 s")),
        }
    }

    /// The resource type whose endpoint the path names.
    ///
    /// # Errors
    /// 404.
    pub fn resource_type(&self) -> Result<&ResourceType, ScimError> {
        let endpoint = self.segment("endpoint");
        let found = self.types().at_endpoint(endpoint);
        found.ok_or_else(|| ScimError::unknown_address(&format!("the endpoint /{endpoint}")))
    }

    /// As [`target`](Self::target), of a request that is to do this.
    ///
    /// # Errors
    /// 404.
    pub fn target_to(&self, action: Action) -> Result<(&ResourceType, Target), ScimError> {
        let resource_type = self.resource_type()?;
        let id = self.segment("id").parse().ok();
        self.cx.trail.tries(action, || Kind::named(&resource_type.name), id, None);
        self.target()
    }

    /// The resource the path names. An id that cannot be one of ours is not found.
    ///
    /// # Errors
    /// 404.
    pub fn target(&self) -> Result<(&ResourceType, Target), ScimError> {
        let resource_type = self.resource_type()?;
        let text = self.segment("id");
        let id: ResourceId =
            text.parse().map_err(|_| ScimError::not_found(&format!("{} {text}", resource_type.name)))?;
        Ok((resource_type, Target { kind: Kind::named(&resource_type.name), id }))
    }

    pub fn segment(&self, name: &str) -> &str {
        self.segments.get(name).map(String::as_str).unwrap_or_default()
    }
}

fn precondition(request: &HttpRequest, name: &HeaderName) -> Option<Precondition> {
    // A tag that is no text is no tag of ours; dropping it would drop the condition.
    let lines: Vec<_> = request.headers().get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    (!lines.is_empty()).then(|| Precondition::parse(&lines.join(",")))
}
