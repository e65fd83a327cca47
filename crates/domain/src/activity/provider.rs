//! Which identity provider sends a request, by its habits.

use super::ActionKind;
use crate::provider::Provider;

/// Entra documents no User-Agent, so it is known by what it sends: operations in capitals, its own query flag, and its test.
pub fn guess(client: Option<&str>, query: &str, action: ActionKind, body: Option<&[u8]>) -> Provider {
    let client = client.unwrap_or_default().to_ascii_lowercase();
    if client.contains("okta") {
        return Provider::Okta;
    }
    let is_microsoft = ["azure", "microsoft", "entra"].iter().any(|word| client.contains(word));
    let has_flag = query.contains("aadOptscim");
    let capitals =
        || body.is_some_and(|body| [&b"\"Add\""[..], b"\"Replace\"", b"\"Remove\""].iter().any(|op| holds(body, op)));
    match is_microsoft || has_flag || action == ActionKind::TestedConnection || capitals() {
        true => Provider::Entra,
        false => Provider::Other,
    }
}

/// In the beginning, where the operations of Entra's requests are.
fn holds(body: &[u8], part: &[u8]) -> bool {
    const BEGINNING: usize = 400;
    body.get(..BEGINNING.min(body.len())).unwrap_or_default().windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_known_by_their_habits() {
        let patch = br#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"title"}]}"#;
        assert_eq!(guess(Some("Okta SCIM Client 1.0.0"), "", ActionKind::Searched, None), Provider::Okta);
        assert_eq!(guess(None, "", ActionKind::Updated, Some(patch)), Provider::Entra);
        assert_eq!(guess(None, "aadOptscim062020", ActionKind::LookedUp, None), Provider::Entra);
        assert_eq!(guess(None, "", ActionKind::TestedConnection, None), Provider::Entra);
        assert_eq!(guess(Some("curl/8"), "", ActionKind::Updated, Some(b"{\"op\":\"add\"}")), Provider::Other);
    }
}
