//! Filter text → [`Filter`]: `or` binds weaker than `and`, `not` and grouping bind strongest (RFC 7644 §3.4.2.2).

use super::ast::{Filter, Literal, Operator};
use super::lex::{self, Token, unreadable};
use crate::Fault;
use crate::path::AttrPath;

/// The longest filter that is read, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;
/// How deep parentheses, brackets and `not` may nest.
pub const MAX_DEPTH: usize = 32;
/// How many comparisons a filter may be made of.
pub const MAX_TERMS: usize = 200;

/// Reads a filter.
///
/// # Errors
/// 400 `invalidFilter` naming the position, for text that is no filter, is longer than [`MAX_LENGTH`], nests deeper than
/// [`MAX_DEPTH`] or has more than [`MAX_TERMS`] comparisons.
pub fn parse(text: &str) -> Result<Filter, Fault> {
    if text.len() > MAX_LENGTH {
        let length = text.len();
        return Err(Fault::invalid_filter(format!(
            "the filter is {length} bytes long; at most {MAX_LENGTH} are read, so position {MAX_LENGTH} is where it was given up"
        )));
    }
    let tokens = lex::tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len(), depth: 0, terms: 0 };
    let filter = parser.any()?;
    match parser.peek() {
        None => Ok(filter),
        Some(_) => Err(parser.expected("\"and\", \"or\" or the end of the filter")),
    }
}

struct Parser<'a> {
    tokens: &'a [(usize, Token<'a>)],
    at: usize,
    end: usize,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn take_if(&mut self, wanted: &Token<'_>) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn keyword(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(offset, _)| *offset)
    }

    fn expected(&self, what: &str) -> Fault {
        unreadable(self.offset(), &format!("expected {what}"))
    }

    fn any(&mut self) -> Result<Filter, Fault> {
        let mut terms = vec![self.all()?];
        while self.keyword("or") {
            terms.push(self.all()?);
        }
        Ok(single_or(terms, Filter::Or))
    }

    fn all(&mut self) -> Result<Filter, Fault> {
        let mut terms = vec![self.term()?];
        while self.keyword("and") {
            terms.push(self.term()?);
        }
        Ok(single_or(terms, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, Fault> {
        if self.keyword("not") {
            if !self.take_if(&Token::OpenParen) {
                return Err(self.expected("\"(\" after \"not\""));
            }
            return Ok(Filter::Not(Box::new(self.nested(&Token::CloseParen)?)));
        }
        if self.take_if(&Token::OpenParen) {
            return self.nested(&Token::CloseParen);
        }
        self.expression()
    }

    /// What stands inside brackets whose opening one was just taken.
    fn nested(&mut self, close: &Token<'_>) -> Result<Filter, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(unreadable(self.offset(), &format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let filter = self.any()?;
        self.depth -= 1;
        match self.take_if(close) {
            true => Ok(filter),
            false if *close == Token::CloseBracket => Err(self.expected("\"]\"")),
            false => Err(self.expected("\")\"")),
        }
    }

    fn expression(&mut self) -> Result<Filter, Fault> {
        let path = self.path()?;
        if !self.take_if(&Token::OpenBracket) {
            return self.comparison(path);
        }
        let inner = self.nested(&Token::CloseBracket)?;
        let filter = match self.sub_attribute()? {
            None => inner,
            Some(sub) => Filter::And(vec![inner, self.comparison(sub)?]),
        };
        Ok(Filter::Element { path, filter: Box::new(filter) })
    }

    /// `.value` behind a bracket.
    fn sub_attribute(&mut self) -> Result<Option<AttrPath>, Fault> {
        let offset = self.offset();
        let Some(Token::Word(word)) = self.peek() else {
            return Ok(None);
        };
        let Some(name) = word.strip_prefix('.') else {
            return Ok(None);
        };
        self.at += 1;
        AttrPath::parse(name).map(Some).map_err(|fault| unreadable(offset, &fault.detail))
    }

    fn path(&mut self) -> Result<AttrPath, Fault> {
        let offset = self.offset();
        match self.peek() {
            Some(Token::Word(word)) => {
                self.at += 1;
                AttrPath::parse(word).map_err(|fault| unreadable(offset, &fault.detail))
            }
            _ => Err(self.expected("an attribute")),
        }
    }

    fn comparison(&mut self, path: AttrPath) -> Result<Filter, Fault> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(unreadable(self.offset(), &format!("more than {MAX_TERMS} comparisons")));
        }
        if self.keyword("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = match self.peek() {
            Some(Token::Word(word)) => Operator::named(word),
            _ => None,
        };
        let Some(operator) = operator else {
            return Err(self.expected("an operator (eq, ne, co, sw, ew, gt, ge, lt, le or pr)"));
        };
        self.at += 1;
        Ok(Filter::Compare { path, operator, value: self.literal()? })
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        let literal = match self.peek() {
            Some(Token::Text(text)) => Some(Literal::Text(text.clone())),
            Some(Token::Number(number)) => Some(Literal::Number(number.clone())),
            Some(Token::Word(word)) => named_literal(word),
            _ => None,
        };
        let literal = literal
            .ok_or_else(|| self.expected("a value: a string in double quotes, a number, true, false or null"))?;
        self.at += 1;
        Ok(literal)
    }
}

fn named_literal(word: &str) -> Option<Literal> {
    let all = [("true", Literal::Bool(true)), ("false", Literal::Bool(false)), ("null", Literal::Null)];
    all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, literal)| literal)
}

fn single_or(mut terms: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match terms.len() {
        1 => terms.remove(0),
        _ => many(terms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScimType;

    fn printed(text: &str) -> String {
        parse(text).unwrap().to_string()
    }

    #[test]
    fn precedence_is_grouping_then_not_then_and_then_or() {
        assert_eq!(printed("a pr or b pr and c pr"), "a pr or b pr and c pr");
        assert!(matches!(parse("a pr or b pr and c pr").unwrap(), Filter::Or(terms) if terms.len() == 2));
        assert_eq!(printed("(a pr or b pr) and c pr"), "(a pr or b pr) and c pr");
        assert_eq!(printed("NOT(a pr)AND b EQ 1"), "not (a pr) and b eq 1");
    }

    #[test]
    fn the_examples_of_rfc_7644_are_read() {
        for text in [
            r#"userName eq "bjensen""#,
            r#"name.familyName co "O'Malley""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
            "title pr",
            r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
            r#"title pr and userType eq "Employee""#,
            r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
            r#"userType ne "Employee" and not (emails co "example.com")"#,
            r#"emails[type eq "work" and value co "@example.com"]"#,
            r#"emails[type eq "work"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
        ] {
            assert_eq!(printed(text), text);
        }
    }

    #[test]
    fn a_comparison_behind_the_bracket_joins_the_element() {
        assert_eq!(printed(r#"emails[type eq "work"].value eq "x""#), r#"emails[type eq "work" and value eq "x"]"#);
    }

    #[test]
    fn literals_are_json() {
        assert_eq!(printed(r#"a eq "\u00e9\"\\""#), r#"a eq "é\"\\""#);
        assert_eq!(printed("a eq -1.5e3"), "a eq -1500.0");
        assert_eq!(printed("a eq True and b eq NULL"), "a eq true and b eq null");
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_position() {
        for (text, position) in [
            ("", 1),
            ("userName", 9),
            (r#"userName foo "x""#, 10),
            (r#"(userName eq "x""#, 17),
            (r#"userName eq "x"#, 13),
            (r"userName eq x", 13),
            (r#"emails[type eq "work""#, 22),
            (r#"userName eq "x" garbage"#, 17),
            (r#"userName eq "x" and"#, 20),
            ("not userName pr", 5),
            (r#"userName eq "\u0000""#, 13),
            ("a eq 1e999", 6),
            ("a eq {}", 6),
        ] {
            let fault = parse(text).unwrap_err();
            assert_eq!(fault.scim_type, Some(ScimType::InvalidFilter), "{text}");
            assert!(fault.detail.contains(&format!("position {position}:")), "{text}: {}", fault.detail);
        }
    }

    #[test]
    fn length_and_depth_are_bounded() {
        let nested = |depth: usize| "(".repeat(depth) + "a pr" + &")".repeat(depth);
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 1)).unwrap_err().detail.contains("position"));
        assert!(parse(&nested(4000)).is_err());
        let many = |terms: usize| vec!["a pr"; terms].join(" or ");
        assert!(parse(&many(MAX_TERMS)).is_ok());
        assert!(parse(&many(MAX_TERMS + 1)).unwrap_err().detail.contains("position"));
        assert!(parse(&format!("a eq \"{}\"", "x".repeat(MAX_LENGTH))).unwrap_err().detail.contains("position"));
    }
}
