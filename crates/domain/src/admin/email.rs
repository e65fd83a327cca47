//! E-mail addresses of admins.

use scim_protocol::value::fold;

/// RFC 5321 §4.5.3.1.3, without the angle brackets.
const LONGEST: usize = 254;

/// Reads an address as somebody gave it. Spaces around it are dropped; whether anybody reads what is sent there is found out
/// by sending.
///
/// # Errors
/// A sentence that says what an address looks like.
pub fn read(text: &str) -> Result<String, String> {
    let text = text.trim();
    let strange = |each: char| each.is_whitespace() || each.is_control() || matches!(each, '<' | '>' | ',' | ';' | '"');
    let is_one = text.rsplit_once('@').is_some_and(|(local, domain)| {
        let labels = domain.split('.');
        !local.is_empty()
            && !local.contains('@')
            && labels.clone().count() > 1
            && labels.clone().all(|label| !label.is_empty())
    });
    match is_one && text.len() <= LONGEST && !text.contains(strange) {
        true => Ok(text.to_owned()),
        false => Err("an e-mail address looks like ana@example.com".to_owned()),
    }
}

/// What two addresses have in common that are the same account: they differ in case or in the form of their characters alone.
pub fn key(address: &str) -> String {
    fold(address.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_no_room_for_a_second_one() {
        for good in ["ana@acme.example", " Ana.Ruiz+x@sub.acme.example ", "ü@ä.example"] {
            assert!(read(good).is_ok(), "{good}");
        }
        let long = format!("{}@acme.example", "x".repeat(250));
        for bad in
            ["", "ana", "@acme.example", "ana@", "ana@acme", "ana@.example", "a b@acme.example", "a@b@c.example", &long]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        for bad in ["a@x.example,b@x.example", "Ana <ana@acme.example>", "ana@acme.example\nBcc: x@y.example"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(key(" ANA@Acme.example"), key("ana@acme.EXAMPLE"));
    }
}
