//! Filter text cut into tokens, each with the place it starts at.

use serde_json::Number;

use crate::Fault;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A path, an operator, a keyword or a literal such as `true`.
    Word(&'a str),
    Text(String),
    Number(Number),
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
}

/// Tokens with their byte offsets, in order.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, token) = next(rest).map_err(|problem| unreadable(at, &problem))?;
        if let Some(token) = token {
            tokens.push((at, token));
        }
        at += length;
    }
    Ok(tokens)
}

/// A fault that names a place in the filter, counted in bytes from 1.
pub(super) fn unreadable(offset: usize, problem: &str) -> Fault {
    Fault::invalid_filter(format!("the filter cannot be read at position {}: {problem}", offset + 1))
}

fn next(rest: &str) -> Result<(usize, Option<Token<'_>>), String> {
    let single = |token| Ok((1, Some(token)));
    match rest.chars().next() {
        None | Some(' ') => Ok((1, None)),
        Some('(') => single(Token::OpenParen),
        Some(')') => single(Token::CloseParen),
        Some('[') => single(Token::OpenBracket),
        Some(']') => single(Token::CloseBracket),
        Some('"') => string(rest),
        Some(digit) if digit == '-' || digit.is_ascii_digit() => number(rest),
        Some(letter) if is_word(letter) => {
            let word = rest.split(|each| !is_word(each)).next().unwrap_or_default();
            Ok((word.len(), Some(Token::Word(word))))
        }
        Some(other) => Err(format!("unexpected character {other:?}")),
    }
}

/// Characters of attribute paths with URNs, operators and keywords.
fn is_word(each: char) -> bool {
    each.is_ascii_alphanumeric() || matches!(each, '.' | ':' | '_' | '-' | '$' | '/' | '+' | '%')
}

/// A JSON string, its escapes read by the JSON library.
fn string(rest: &str) -> Result<(usize, Option<Token<'_>>), String> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, each)| {
        let closes = *each == '"' && !escaped;
        escaped = *each == '\\' && !escaped;
        closes
    });
    let (end, _) = end.ok_or("the string is not closed")?;
    let literal = rest.get(..=end).unwrap_or_default();
    let text: String = serde_json::from_str(literal).map_err(|_| "the string is not a JSON string")?;
    if text.contains('\0') {
        return Err("the string holds the NUL character".to_owned());
    }
    Ok((literal.len(), Some(Token::Text(text))))
}

fn number(rest: &str) -> Result<(usize, Option<Token<'_>>), String> {
    let literal = rest
        .split(|each: char| !(each.is_ascii_alphanumeric() || matches!(each, '+' | '-' | '.')))
        .next()
        .unwrap_or_default();
    let number = serde_json::from_str(literal).map_err(|_| format!("{literal} is not a number that can be held"))?;
    Ok((literal.len(), Some(Token::Number(number))))
}
