//! What all messages of the protocol have (core §3.2).

use super::urn;
use super::xml::Element;
use crate::SamlFault;
use crate::fault::quoted;

/// Core §3.2.1: the only version there is.
pub(super) fn version(element: Element<'_>) -> Result<(), SamlFault> {
    match element.required_attribute("Version")? {
        "2.0" => Ok(()),
        other => Err(SamlFault::invalid("Version", other)),
    }
}

/// `samlp:Status` (core §3.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    code: String,
    sub_code: Option<String>,
    message: Option<String>,
}

impl Status {
    pub(super) fn read(root: Element<'_>) -> Result<Self, SamlFault> {
        let status = root.required(urn::PROTOCOL, "Status")?;
        let code = status.required(urn::PROTOCOL, "StatusCode")?;
        let message = status.child(urn::PROTOCOL, "StatusMessage")?;
        Ok(Self {
            code: code.required_attribute("Value")?.to_owned(),
            sub_code: code.child(urn::PROTOCOL, "StatusCode")?.and_then(|sub| sub.attribute("Value")).map(quoted),
            message: message
                .and_then(|message| message.text())
                .map(|text| quoted(&text))
                .filter(|text| !text.is_empty()),
        })
    }

    pub(super) fn check(&self) -> Result<(), SamlFault> {
        match self.code.as_str() {
            urn::STATUS_SUCCESS => Ok(()),
            code => Err(SamlFault::Refused {
                status: quoted(code),
                sub_status: self.sub_code.clone(),
                message: self.message.clone(),
            }),
        }
    }
}
