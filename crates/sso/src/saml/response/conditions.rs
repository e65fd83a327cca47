//! When, where and for whom an assertion holds (core §2.5, profiles §4.1.4.2 and §4.1.4.3).

use time::OffsetDateTime;

use super::Expected;
use super::envelope::answers;
use crate::SamlFault;
use crate::fault::quoted;
use crate::saml::instant::window;
use crate::saml::urn;
use crate::saml::xml::Element;

/// Checks the conditions of an assertion; gives the end of its time if it has one.
pub(super) fn conditions(assertion: Element<'_>, expected: &Expected<'_>) -> Result<Option<OffsetDateTime>, SamlFault> {
    let conditions = assertion.required(urn::ASSERTION, "Conditions")?;
    let until = window(conditions, expected.now)?;
    let mut restricted = false;
    for condition in conditions.children() {
        if condition.is(urn::ASSERTION, "AudienceRestriction") {
            restricted = true;
            audience(condition, expected)?;
        } else if !condition.is(urn::ASSERTION, "OneTimeUse") && !condition.is(urn::ASSERTION, "ProxyRestriction") {
            // Core §2.5.1.1: with a condition that is not understood nobody can say that an assertion is valid. Of the
            // two others, one is what we do with every assertion, and the other is about passing assertions on.
            return Err(SamlFault::UnknownCondition { name: quoted(condition.local_name()) });
        }
    }
    match restricted {
        true => Ok(until),
        false => Err(SamlFault::Missing { what: "AudienceRestriction" }),
    }
}

/// Within one restriction any audience will do; each restriction has to be met (core §2.5.1.4).
fn audience(restriction: Element<'_>, expected: &Expected<'_>) -> Result<(), SamlFault> {
    let found: Vec<String> =
        restriction.all(urn::ASSERTION, "Audience").filter_map(|audience| audience.text()).collect();
    match found.iter().any(|audience| audience == expected.sp_entity_id) {
        true => Ok(()),
        false => Err(SamlFault::WrongAudience {
            found: found.iter().map(|audience| quoted(audience)).collect(),
            expected: expected.sp_entity_id.to_owned(),
        }),
    }
}

/// How a subject is confirmed.
pub(super) struct Confirmation {
    pub(super) until: OffsetDateTime,
    pub(super) solicited: bool,
}

/// Finds a bearer confirmation that holds. When none does, the first of them says why.
pub(super) fn confirmation(subject: Element<'_>, expected: &Expected<'_>) -> Result<Confirmation, SamlFault> {
    let mut fault = None;
    for one in subject.all(urn::ASSERTION, "SubjectConfirmation").filter(|c| c.attribute("Method") == Some(urn::BEARER))
    {
        match bearer(one, expected) {
            Ok(confirmation) => return Ok(confirmation),
            Err(why) => fault = fault.or(Some(why)),
        }
    }
    Err(fault.unwrap_or(SamlFault::NoBearer))
}

fn bearer(confirmation: Element<'_>, expected: &Expected<'_>) -> Result<Confirmation, SamlFault> {
    let data = confirmation.required(urn::ASSERTION, "SubjectConfirmationData")?;
    let recipient = data.required_attribute("Recipient")?;
    if recipient != expected.acs_url {
        return Err(SamlFault::WrongRecipient { found: quoted(recipient), expected: expected.acs_url.to_owned() });
    }
    let request = data.attribute("InResponseTo");
    answers(request, expected)?;
    let until = window(data, expected.now)?.ok_or(SamlFault::Missing { what: "NotOnOrAfter" })?;
    Ok(Confirmation { until, solicited: request.is_some() })
}
