//! What is no message at all.

use sso::XmlFault;
use sso::saml::response::{MAX_BYTES, decode};

use super::support::{changed, check, fixture};

/// Base64 by hand, so that the crate's own is not asked about itself.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let word =
                chunk.iter().chain([0, 0].iter()).take(3).fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
            (0..4).map(move |n| if n > chunk.len() { '=' } else { LETTERS[word >> (18 - 6 * n) & 63] as char })
        })
        .collect()
}

fn repeated(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().concat()
}

#[test]
fn the_form_field_is_base64_with_or_without_line_ends() {
    let xml = fixture("samlp/both.xml");
    let field = base64(xml.as_bytes());
    assert_eq!(decode(&field).unwrap(), xml);
    let lines: Vec<&str> = (0..field.len()).step_by(64).map(|at| &field[at..field.len().min(at + 64)]).collect();
    assert_eq!(decode(&lines.join("\r\n")).unwrap(), xml);
}

#[test]
fn ten_megabytes_are_refused_before_they_are_decoded() {
    let field = "A".repeat(10 * 1024 * 1024);
    let begin = std::time::Instant::now();
    assert_eq!(decode(&field), Err(XmlFault::TooLarge { limit: MAX_BYTES }));
    assert!(begin.elapsed() < std::time::Duration::from_millis(500));
    let xml = changed(&fixture("signxml/assertion.xml"), ">group-1<", &format!(">{}<", "x".repeat(MAX_BYTES)));
    assert_eq!(check(&xml).unwrap_err().code(), "too_large");
    assert_eq!(decode(&base64(&vec![b'a'; MAX_BYTES + 1])), Err(XmlFault::TooLarge { limit: MAX_BYTES }));
    assert_eq!(decode(&base64(&vec![b'a'; MAX_BYTES])).unwrap().len(), MAX_BYTES);
}

#[test]
fn what_is_not_base64_or_not_utf8_is_refused() {
    for field in ["<samlp:Response/>", "ab=c", "abc", "%3D%3D"] {
        assert_eq!(decode(field), Err(XmlFault::NotBase64), "{field}");
    }
    assert_eq!(decode("/////w=="), Err(XmlFault::NotUtf8));
    assert_eq!(check("").unwrap_err().code(), "malformed_xml");
}

#[test]
fn what_is_not_well_formed_is_refused_with_its_place() {
    let fault = check("<a>\n  <b></c>\n</a>").unwrap_err();
    let sso::SamlFault::Xml(XmlFault::Malformed { line, .. }) = &fault else { panic!("{fault:?}") };
    assert_eq!(*line, 2, "{fault}");
    for xml in ["hello", "<a", "<a>", "<a></a", "<a></a><b/>", "<a b=c/>", "<a>\0</a>", "<x:a/>", "<a>]]></a>"] {
        assert_eq!(check(xml).unwrap_err().code(), "malformed_xml", "{xml}");
    }
}

#[test]
fn nests_of_elements_are_refused_without_harm() {
    for depth in [33, 500, 70_000] {
        let xml = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert_eq!(check(&xml).unwrap_err().code(), "malformed_xml", "{depth}");
    }
    let deep = changed(
        &fixture("signxml/assertion.xml"),
        "</samlp:Status>",
        &format!("<samlp:StatusDetail>{}{}</samlp:StatusDetail></samlp:Status>", "<a>".repeat(500), "</a>".repeat(500)),
    );
    assert_eq!(check(&deep).unwrap_err().code(), "malformed_xml");
}

#[test]
fn what_is_made_to_take_long_does_not() {
    let honest = fixture("signxml/assertion.xml");
    let subject = |within: &str| changed(&honest, "<Subject>", &format!("<Subject>{within}"));
    let attributes = |count| repeated(count, |n| format!(" a{n}=\"\""));
    let namespaces = |level| repeated(32, |n| format!(" xmlns:n{level}-{n}='u:{n}'"));
    let nest = repeated(26, |level| format!("<x{}>", namespaces(level)));
    let room = (MAX_BYTES - honest.len() - nest.len() - 26 * 4 - 100) / "<n0-0:a/>".len();
    let crowded = format!("{nest}{}{}", "<n0-0:a/>".repeat(room), "</x>".repeat(26));
    for (what, xml, code) in [
        ("attributes", subject(&format!("<x{}/>", attributes(30_000))), "too_many_attributes"),
        (
            "namespaces",
            subject(&format!("<x{}/>", attributes(20_000).replace(" a", " xmlns:a"))),
            "too_many_attributes",
        ),
        ("elements", subject(&"<a/>".repeat(120_000)), "bad_signature"),
        ("namespaces upon namespaces", subject(&crowded), "bad_signature"),
        ("text", subject(&"x".repeat(500_000)), "bad_signature"),
        ("pieces of text", subject(&"<![CDATA[]]>x".repeat(38_000)), "bad_signature"),
        ("references", subject(&"&lt;".repeat(120_000)), "bad_signature"),
        ("signatures", subject(&"<Signature/>".repeat(40_000)), "misplaced_signature"),
    ] {
        let begin = std::time::Instant::now();
        assert_eq!(check(&xml).unwrap_err().code(), code, "{what}");
        // Unoptimised, and on a machine that has other things to do.
        assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{what}: {:?}", begin.elapsed());
    }
}

#[test]
fn thirty_two_attributes_are_read_and_values_with_brackets_and_quotes_are_one_each() {
    let honest = fixture("signxml/assertion.xml");
    let attributes = |count| repeated(count, |n| format!(" a{n}='>\"\"\"'"));
    let with = |attributes: &str| changed(&honest, "<samlp:Status>", &format!("<samlp:Status{attributes}>"));
    check(&with(&attributes(32))).unwrap();
    let sso::SamlFault::Xml(fault) = check(&format!("\n{}", with(&attributes(33)))).unwrap_err() else { panic!() };
    assert_eq!(fault, XmlFault::TooManyAttributes { line: 2, limit: 32 });
    for no_tag in ["<!-- don't -->", "<!-- \"a\" -->", "<![CDATA[x='1']]>", "<samlp:x/>"] {
        let before = format!("{}{}<samlp:Status>", no_tag.repeat(40), "\"".repeat(101));
        check(&changed(&honest, "<samlp:Status>", &before)).unwrap_or_else(|fault| panic!("{no_tag}: {fault}"));
    }
}
