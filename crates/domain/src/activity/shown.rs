//! What was shown at the door by somebody who was not let in. The caller is never told what was wrong with it; the tenant's
//! admin is.

use crate::access_token::AccessTokens;
use crate::catalogue::Cause;
use crate::credential::BearerToken;
use crate::ops::PresentedClient;

/// Longer texts are no tokens of anybody's.
const LONGEST: usize = 8_192;

/// Digits of an id and a secret, with what stands between and behind them.
const WHOLE: usize = "scim_".len() + 32 + 1 + 64 + 8;

/// What somebody showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Something that cannot open anything, or that somebody has looked at already.
    Nothing(Cause),
    /// A token of our form.
    Token(BearerToken),
    /// A text in the form of an access token.
    Access(AccessText),
    /// Id and secret of an OAuth client.
    Client(PresentedClient),
}

/// A text that may be an access token.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessText(pub String);

impl std::fmt::Debug for AccessText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessText(***)")
    }
}

impl Shown {
    /// Reads an Authorization header; none for a request without one.
    pub fn of_header(header: Option<&str>) -> Self {
        let header = header.map(str::trim).unwrap_or_default();
        if header.is_empty() || header.eq_ignore_ascii_case("bearer") {
            return Self::Nothing(Cause::NoToken);
        }
        let Some((scheme, text)) = header.split_once(' ') else { return Self::without_scheme(header) };
        match scheme.eq_ignore_ascii_case("bearer") {
            true => Self::of_text(text.trim()),
            false => Self::without_scheme(header),
        }
    }

    /// A token may stand there without the word `Bearer`.
    fn without_scheme(header: &str) -> Self {
        match unquoted(header) {
            Some(_) => Self::Nothing(Cause::TokenQuoted),
            None => Self::Nothing(Cause::NotBearer),
        }
    }

    fn of_text(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self::Nothing(Cause::TokenForeign);
        }
        if let Some(inner) = unquoted(text) {
            return Self::Nothing(if inner.is_empty() { Cause::NoToken } else { Cause::TokenQuoted });
        }
        if text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("bearer")) {
            return Self::Nothing(Cause::BearerTwice);
        }
        if AccessTokens::is_one(text) {
            return Self::Access(AccessText(text.to_owned()));
        }
        if let Some(token) = BearerToken::parse(text) {
            return Self::Token(token);
        }
        Self::Nothing(match text.strip_prefix("scim_") {
            _ if "scim_".starts_with(text) => Cause::TokenCutShort,
            None => Cause::TokenForeign,
            Some(_) if text.len() < WHOLE => Cause::TokenCutShort,
            Some(_) => Cause::TokenMistyped,
        })
    }
}

/// What stands in quotation marks of any kind, closed or not.
fn unquoted(text: &str) -> Option<&str> {
    const MARKS: [char; 8] = ['"', '\'', '`', '\u{201C}', '\u{201D}', '\u{2018}', '\u{2019}', '\u{201E}'];
    let inner = text.trim_matches(MARKS);
    (inner.len() < text.len()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::CredentialId;

    #[test]
    fn each_way_to_get_a_token_wrong_is_told_from_the_others() {
        let token = BearerToken::new(CredentialId(Uuid::from_u128(7)), [0xA5; 32]);
        let text = token.reveal();
        assert_eq!(text.len(), WHOLE);
        let seen = |header: &str| Shown::of_header(Some(header));
        assert_eq!(seen(&format!("Bearer {text}")), Shown::Token(token.clone()));
        assert_eq!(seen(&format!("bearer  {text} ")), Shown::Token(token));
        assert!(matches!(seen("Bearer a.b.c"), Shown::Access(_)));
        let causes = [
            ("", Cause::NoToken),
            ("Bearer", Cause::NoToken),
            ("Bearer ", Cause::NoToken),
            ("Bearer \"\"", Cause::NoToken),
            ("Basic YTpi", Cause::NotBearer),
            (&text, Cause::NotBearer),
            (&format!("\"Bearer {text}\""), Cause::TokenQuoted),
            (&format!("Bearer \"{text}\""), Cause::TokenQuoted),
            (&format!("Bearer {text}'"), Cause::TokenQuoted),
            (&format!("Bearer \u{201C}{text}\u{201D}"), Cause::TokenQuoted),
            (&format!("Bearer Bearer {text}"), Cause::BearerTwice),
            (&format!("Bearer bearer:{text}"), Cause::BearerTwice),
            (&format!("Bearer {}", &text[..text.len() - 1]), Cause::TokenCutShort),
            ("Bearer sci", Cause::TokenCutShort),
            (&format!("Bearer {}", text.replace("a5a5", "a5a6")), Cause::TokenMistyped),
            (&format!("Bearer {text}0"), Cause::TokenMistyped),
            ("Bearer hunter2", Cause::TokenForeign),
        ];
        for (header, cause) in causes {
            assert_eq!(seen(header), Shown::Nothing(cause), "{header}");
        }
        assert_eq!(Shown::of_header(None), Shown::Nothing(Cause::NoToken));
    }

    #[test]
    fn nothing_secret_is_printed_by_debug() {
        let token = BearerToken::new(CredentialId(Uuid::from_u128(7)), [0xA5; 32]);
        for shown in [Shown::Token(token), Shown::Access(AccessText("aaa.a5a5.ccc".to_owned()))] {
            assert!(!format!("{shown:?}").contains("a5a5"));
        }
    }
}
