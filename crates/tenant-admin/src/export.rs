//! Downloads of whole logs, sent piece by piece while they are read.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Map, Value};

use crate::call::AdminCall;
use crate::error::PageError;

/// What tells spreadsheets that a file is UTF-8.
const MARK: &str = "\u{FEFF}";

/// How a download is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One line a row, for spreadsheets (RFC 4180).
    Csv,
    /// One JSON object a line, for programs.
    Ndjson,
}

impl Format {
    /// The format of a name that ends an address.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "ndjson" => Some(Self::Ndjson),
            _ => None,
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// One row: a value for each column.
pub type Row = Vec<Value>;

/// An answer that a browser keeps as a file of this name, without its ending. Whoever reads it slowly holds nobody up: the
/// next piece is read when the last one was taken.
pub fn download<S>(name: &str, format: Format, columns: &'static [&'static str], pieces: S) -> HttpResponse
where
    S: Stream<Item = Result<Vec<Row>, PageError>> + 'static,
{
    let head = stream::once(async move { head(format, columns) });
    let body = head.chain(pieces.map(move |rows| lines(format, columns, &rows?)));
    let body = body.map(|piece| piece.map(Bytes::from).map_err(actix_web::Error::from));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{}\"", format.ending())))
        .streaming(body)
}

/// Writes down in the journal that a list is taken away, and by whom; then it is.
///
/// # Errors
/// [`PageError::NotFound`] for a format that there is not, and those of the store.
pub async fn begin(call: &AdminCall, list: &str) -> Result<Format, PageError> {
    let format = Format::named(call.segment("format")).ok_or(PageError::NotFound)?;
    call.admin.audit.note_export(&call.cx, list, format.ending(), call.request.query_string()).await?;
    Ok(format)
}

fn head(format: Format, columns: &[&str]) -> Result<Vec<u8>, PageError> {
    match format {
        Format::Csv => {
            Ok([MARK.as_bytes().to_vec(), csv([columns.iter().map(|name| (*name).to_owned()).collect()])?].concat())
        }
        Format::Ndjson => Ok(Vec::new()),
    }
}

fn lines(format: Format, columns: &[&str], rows: &[Row]) -> Result<Vec<u8>, PageError> {
    match format {
        Format::Csv => csv(rows.iter().map(|row| row.iter().map(cell).collect())),
        Format::Ndjson => {
            let mut text = Vec::new();
            for row in rows {
                let object: Map<String, Value> =
                    columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned()).collect();
                serde_json::to_writer(&mut text, &object).map_err(failed)?;
                text.push(b'\n');
            }
            Ok(text)
        }
    }
}

fn csv(rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, PageError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(failed)?;
    }
    writer.into_inner().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> PageError {
    PageError::Internal(error.to_string())
}

/// A value as text. A text that a spreadsheet would take for a formula gets an apostrophe in front, so that nobody's display
/// name runs anything on an admin's desk.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => match text.trim_start_matches([' ', '\u{a0}']).chars().next() {
            Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => format!("'{text}"),
            _ => text.clone(),
        },
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use serde_json::json;

    use super::*;

    const COLUMNS: &[&str] = &["who", "count"];

    async fn text(format: Format, rows: Vec<Row>) -> String {
        let pieces = stream::iter(rows.into_iter().map(|row| Ok(vec![row])));
        let answer = download("log", format, COLUMNS, pieces);
        let name = answer.headers().get(CONTENT_DISPOSITION).unwrap().to_str().unwrap().to_owned();
        assert_eq!(name, format!("attachment; filename=\"log.{}\"", format.ending()));
        String::from_utf8(to_bytes(answer.into_body()).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn rows_are_written_in_both_formats() {
        let rows = || vec![vec![json!("Kovač, \"Ana\""), json!(2)], vec![json!(null), json!(-1)]];
        let csv = text(Format::Csv, rows()).await;
        assert_eq!(csv, "\u{FEFF}who,count\r\n\"Kovač, \"\"Ana\"\"\",2\r\n,-1\r\n");
        let ndjson = text(Format::Ndjson, rows()).await;
        assert_eq!(ndjson, "{\"who\":\"Kovač, \\\"Ana\\\"\",\"count\":2}\n{\"who\":null,\"count\":-1}\n");
        assert_eq!(text(Format::Csv, Vec::new()).await, "\u{FEFF}who,count\r\n");
    }

    #[tokio::test]
    async fn no_value_is_taken_for_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"] {
            let csv = text(Format::Csv, vec![vec![json!(formula), json!(1)]]).await;
            assert!(csv.contains(&format!("'{formula}")), "{csv:?}");
            let ndjson = text(Format::Ndjson, vec![vec![json!(formula), json!(1)]]).await;
            assert!(!ndjson.contains('\''), "programs get it as it is");
        }
        assert_eq!(cell(&json!("ana@x.example")), "ana@x.example");
    }

    #[tokio::test]
    async fn a_failure_on_the_way_cuts_the_file_off() {
        let pieces =
            stream::iter([Ok(vec![vec![json!("a"), json!(1)]]), Err(PageError::Unavailable("away".to_owned()))]);
        let answer = download("log", Format::Csv, COLUMNS, pieces);
        assert!(to_bytes(answer.into_body()).await.is_err());
    }
}
