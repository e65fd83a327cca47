//! From what an identity provider says somebody is to the person of the directory.

use scim_protocol::filter;
use scim_protocol::validate;
use serde_json::{Map, Value, json};

use super::SingleSignOn;
use crate::Error;
use crate::connection::Connection;
use crate::connection::arrival::Arrival;
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::routing::is_anothers;
use crate::context::OpContext;
use crate::directory::{Kind, StoredResource};
use crate::email_domain::{DomainName, EmailDomain, Judgement};
use crate::ops::Show;
use crate::store::{ListQuery, StoreError, TenantRead};
use crate::tenant::{Tenant, TenantScope};

/// Whom a key belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Joined {
    Nobody,
    One(Box<StoredResource>),
    /// So many: the directory does not keep its clients from giving one `externalId` to several people.
    Several(u64),
}

impl Joined {
    /// The one person it is.
    pub(super) fn one(&self) -> Option<&StoredResource> {
        match self {
            Self::One(person) => Some(person),
            Self::Nobody | Self::Several(_) => None,
        }
    }
}

/// The person whose `externalId` is this.
pub(super) async fn join<R: TenantRead + ?Sized>(
    read: &mut R,
    scope: &TenantScope,
    key: &str,
) -> Result<Joined, Error> {
    let text = Value::from(key).to_string();
    // What no filter can say is nobody's id.
    let Ok(filter) = filter::parse(&format!("externalId eq {text}")) else { return Ok(Joined::Nobody) };
    let condition = filter.check(scope.types().get(&Kind::USER)?)?;
    let query = ListQuery { condition: Some(condition), limit: 2, ..ListQuery::default() };
    let page = read.list(&Kind::USER, &query).await?;
    Ok(match (page.total, page.views.into_iter().next()) {
        (1, Some(view)) => Joined::One(Box::new(view.stored)),
        (0, _) | (_, None) => Joined::Nobody,
        (several, _) => Joined::Several(several),
    })
}

/// Why somebody cannot come in of whom the identity provider says who they are. `person`: of the directory, if there is one.
pub(super) fn forbidden(
    tenant: &Tenant,
    domains: &[EmailDomain],
    connection: &Connection,
    arrival: &Arrival,
    person: Option<&StoredResource>,
) -> Option<Refused> {
    if person.is_some_and(|person| !person.is_active()) {
        return Some(SignInCause::PersonInactive.into());
    }
    let user_name = person.and_then(|person| person.resource.text("userName")).unwrap_or_default();
    let elsewhere = || is_anothers(user_name, connection.id, domains).then(|| SignInCause::OtherConnection.into());
    outside(tenant, arrival, person).and_then(Outside::refused).or_else(elsewhere)
}

/// Somebody who comes from outside of the tenant's verified domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The domain that they come from.
    pub domain: DomainName,
    pub is_refused: bool,
}

impl Outside {
    /// What is said of it.
    pub(super) fn detail(&self) -> String {
        format!("{} is not one of the verified domains", self.domain.shown())
    }

    pub(super) fn refused(self) -> Option<Refused> {
        self.is_refused.then(|| Refused::new(SignInCause::DomainOutside, self.detail()))
    }
}

/// Whether somebody comes from outside, where the tenant wants to know: by what the identity provider says of them, and by what
/// the directory does, since an identity provider need not give an address.
pub(super) fn outside(tenant: &Tenant, arrival: &Arrival, person: Option<&StoredResource>) -> Option<Outside> {
    let said = [arrival.email.as_deref(), arrival.user_name.as_deref()];
    let known = person.into_iter().flat_map(StoredResource::addresses);
    said.into_iter().flatten().chain(known).find_map(|address| match tenant.domains.judge(address) {
        Judgement::Refused(domain) => Some(Outside { domain, is_refused: true }),
        Judgement::Noted(domain) => Some(Outside { domain, is_refused: false }),
        Judgement::Fine => None,
    })
}

/// Nobody can say which of them it is.
pub(super) fn several(people: u64, key: &str) -> Refused {
    let detail = format!("{people} people of the directory have the externalId \"{key}\"");
    Refused::new(SignInCause::PersonAmbiguous, detail)
}

impl SingleSignOn {
    /// Adds somebody to the directory who is not provisioned, by what the identity provider says of them. Who is there already
    /// under another id is not taken for them.
    pub(super) async fn create_person(
        &self,
        cx: &OpContext,
        arrival: &Arrival,
        key: &str,
    ) -> Result<Result<(), Refused>, Error> {
        let Some(user_name) = arrival.user_name.as_deref().filter(|name| !name.trim().is_empty()) else {
            return Ok(Err(Refused::new(SignInCause::ClaimMissing, "it gives no user name")));
        };
        let mut person = Map::new();
        person.insert("schemas".to_owned(), json!([scim_protocol::urn::USER]));
        person.insert("externalId".to_owned(), key.into());
        person.insert("userName".to_owned(), user_name.into());
        person.insert("active".to_owned(), true.into());
        if let Some(name) = &arrival.display_name {
            person.insert("displayName".to_owned(), name.as_str().into());
        }
        let parts = [("givenName", &arrival.given_name), ("familyName", &arrival.family_name)];
        let name: Map<String, Value> =
            parts.into_iter().filter_map(|(part, text)| Some((part.to_owned(), text.as_deref()?.into()))).collect();
        if !name.is_empty() {
            person.insert("name".to_owned(), name.into());
        }
        if let Some(email) = &arrival.email {
            person.insert("emails".to_owned(), json!([{"type": "work", "value": email, "primary": true}]));
        }
        let unfit = |why: String| Refused::new(SignInCause::ClaimMissing, why);
        let validated = match validate::document(cx.scope.types().get(&Kind::USER)?, person.into()) {
            Ok(validated) => validated,
            Err(fault) => return Ok(Err(unfit(fault.to_string()))),
        };
        let id = self.provisioning.new_id(cx);
        match self.provisioning.create(cx, &Kind::USER, id, validated, Show::Version).await {
            Ok(_) => Ok(Ok(())),
            Err(Error::Store(StoreError::Taken { .. })) => {
                // Unless the same person has just come in by another window.
                let mut read = self.tools.store.read(&cx.scope).await?;
                match join(read.as_mut(), &cx.scope, key).await? {
                    Joined::Nobody => Ok(Err(Refused::new(
                        SignInCause::PersonAmbiguous,
                        format!("\"{user_name}\" is somebody with another externalId in the directory"),
                    ))),
                    Joined::One(_) | Joined::Several(_) => Ok(Ok(())),
                }
            }
            Err(Error::Invalid(fault)) => Ok(Err(unfit(fault.to_string()))),
            Err(other) => Err(other),
        }
    }
}
