//! TOML 1.x, by the `toml` crate.
//!
//! The crate bounds the nesting of brackets and the length of a dotted key (80 each), but not the two together: a table within
//! 80 dotted names within 80 inline tables is thousands of levels deep, and it also builds that from a document with faults. So
//! the syntax is read once as a flat stream of events, and the tree is built only of what is correct and not too deep.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{Expected, ParseError, Source};

use super::cursor::position_at;
use super::{MAX_DEPTH, SyntaxError, Values, Warning};

/// How many brackets may nest: the limit that the `toml` crate sets itself.
const MAX_BRACKETS: u32 = 80;

/// Judges a document; there are no warnings.
///
/// # Errors
/// What the grammar forbids, a repeated key or table, or nesting beyond the limits.
pub(super) fn check(text: &str) -> Result<Vec<Warning>, SyntaxError> {
    parse(text).map(|_| Vec::new())
}

/// The values of a document, tables in the order their names first appear.
pub(super) fn values(text: &str) -> Option<Values> {
    parse(text).ok().map(|table| table_values(table.get_ref(), text))
}

/// Reads a document.
///
/// # Errors
/// As [`check`].
pub(super) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, SyntaxError> {
    check_shape(text)?;
    DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        position_at(text, offset).error(error.message())
    })
}

/// Checks the grammar and the depth without building anything.
fn check_shape(text: &str) -> Result<(), SyntaxError> {
    let tokens = Source::new(text).lex().into_vec();
    let mut depth = Depth::default();
    let mut fault: Option<ParseError> = None;
    let mut watch = |event: Event| depth.on(event);
    parse_document(&tokens, &mut RecursionGuard::new(&mut watch, MAX_BRACKETS), &mut fault);
    if let Some(offset) = depth.too_deep_at {
        return Err(position_at(text, offset).error(format!("nested more than {MAX_DEPTH} levels deep")));
    }
    match fault {
        None => Ok(()),
        Some(fault) => {
            let offset = fault.unexpected().map_or(0, |span| span.start());
            Err(position_at(text, offset).error(message(&fault)))
        }
    }
}

fn message(fault: &ParseError) -> String {
    let expected: Vec<String> = fault
        .expected()
        .unwrap_or_default()
        .iter()
        .filter_map(|expected| match expected {
            Expected::Literal("\n") => Some("a new line".to_owned()),
            Expected::Literal(literal) => Some(format!("`{literal}`")),
            Expected::Description(description) => Some((*description).to_owned()),
            _ => None,
        })
        .collect();
    if expected.is_empty() {
        fault.description().to_owned()
    } else {
        format!("{}, expected {}", fault.description(), expected.join(", "))
    }
}

/// Counts how deep the values lie, names of dotted keys included.
#[derive(Debug, Default)]
struct Depth {
    /// Levels of the table that the last header opened.
    header: usize,
    /// Levels that each open bracket adds.
    brackets: Vec<usize>,
    /// The sum of `brackets`.
    open: usize,
    /// Names of the key being read, or of the key whose value is being read.
    names: usize,
    /// Where the limit was first passed, in bytes.
    too_deep_at: Option<usize>,
}

impl Depth {
    fn on(&mut self, event: Event) {
        let kind = event.kind();
        if matches!(kind, EventKind::StdTableOpen | EventKind::ArrayTableOpen) {
            self.header = 0;
            self.names = 0;
        } else if kind == EventKind::SimpleKey {
            self.names += 1;
            if self.header + self.open + self.names > MAX_DEPTH {
                self.too_deep_at.get_or_insert(event.span().start());
            }
        } else if matches!(kind, EventKind::StdTableClose | EventKind::ArrayTableClose) {
            self.header = self.names;
            self.names = 0;
        } else if matches!(kind, EventKind::InlineTableOpen | EventKind::ArrayOpen) {
            self.brackets.push(self.names + 1);
            self.open += self.names + 1;
            self.names = 0;
            if self.header + self.open > MAX_DEPTH {
                self.too_deep_at.get_or_insert(event.span().start());
            }
        } else if matches!(kind, EventKind::InlineTableClose | EventKind::ArrayClose) {
            self.open -= self.brackets.pop().unwrap_or_default();
            self.names = 0;
        } else if matches!(kind, EventKind::Scalar | EventKind::ValueSep) {
            self.names = 0;
        }
    }
}

fn table_values(table: &DeTable<'_>, text: &str) -> Values {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    Values::Map(
        entries.into_iter().map(|(name, value)| (name.get_ref().to_string(), value_values(value, text))).collect(),
    )
}

fn value_values(value: &Spanned<DeValue<'_>>, text: &str) -> Values {
    let written = || text.get(value.span()).unwrap_or_default().to_owned();
    match value.get_ref() {
        DeValue::String(string) => Values::String(string.to_string()),
        DeValue::Integer(_) | DeValue::Float(_) => Values::Number(written()),
        DeValue::Boolean(boolean) => Values::Bool(*boolean),
        DeValue::Datetime(_) => Values::Date(written()),
        DeValue::Array(items) => Values::List(items.iter().map(|item| value_values(item, text)).collect()),
        DeValue::Table(table) => table_values(table, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(text: &str) -> (u32, u32, String) {
        let error = check(text).unwrap_err();
        (error.line, error.column, error.message)
    }

    #[test]
    fn a_document_reads_with_numbers_and_dates_as_written() {
        let text = "b = 1_000\na = [1.0, 0xFF, inf]\r\n[x.y]\nd = 1979-05-27 07:32:00\ns = '''\na\nb'''\n[[t]]\nk = { p.q = true }\n";
        let read = values(text).unwrap();
        assert_eq!(
            read.to_json(),
            json!({"b": "1_000", "a": [1.0, "0xFF", "inf"], "x": {"y": {"d": "1979-05-27 07:32:00", "s": "a\nb"}},
                "t": [{"k": {"p": {"q": true}}}]})
        );
        let Values::Map(entries) = read else { unreachable!() };
        let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "x", "t"]);
    }

    #[test]
    fn a_date_is_not_the_string_of_it() {
        assert_ne!(values("a = 1979-05-27"), values("a = '1979-05-27'"));
    }

    #[test]
    fn faults_are_placed_in_characters() {
        assert_eq!((fault("a = 1\r\n\"é\" = x\n").0, fault("a = 1\r\n\"é\" = x\n").1), (2, 7));
        let (line, column, message) = fault("é = 1");
        assert_eq!((line, column), (1, 1), "{message}");
        let (line, column, message) = fault("[a]\nb = [1,\n 2\nc = 3\n");
        assert!(line >= 3, "{line} {column} {message}");
    }

    #[test]
    fn a_repeated_key_is_refused_at_its_second_place() {
        let (line, column, message) = fault("a = 1\nb = 2\n  a = 3\n");
        assert_eq!((line, column), (3, 3), "{message}");
        let (line, column, message) = fault("[t]\na = 1\n[t]\n");
        assert_eq!((line, column), (3, 2), "{message}");
    }

    #[test]
    fn empty_content_is_an_empty_table() {
        assert_eq!(values(""), Some(Values::Map(Vec::new())));
    }

    #[test]
    fn nesting_has_a_limit_in_every_way_to_nest() {
        assert!(check(&format!("a = {}{}", "[".repeat(79), "]".repeat(79))).is_ok());
        assert!(check(&format!("a = {}{}", "[".repeat(200), "]".repeat(200))).is_err());
        assert!(check(&format!("a = {}{}", "{a=".repeat(200), "}".repeat(200))).is_err());
        let dotted = vec!["a"; 70].join(".");
        assert!(check(&format!("{dotted} = 1")).is_ok());
        assert!(check(&format!("[{dotted}]\n{dotted} = 1")).is_err());
        let (line, column, message) = fault(&format!("{dotted} = {{ {dotted} = {{ {dotted} = 1 }} }}"));
        assert_eq!((line, message.as_str()), (1, "nested more than 128 levels deep"), "{column}");
        let bomb = format!("{}1{}", format!("{dotted} = {{ ").repeat(79), "}".repeat(79));
        assert!(check(&bomb).is_err());
    }
}
