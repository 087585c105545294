//! Files of environment variables: `NAME=value`, one a line.
//!
//! There is no standard. The rules are what shells and the usual readers (Docker Compose, systemd, the dotenv libraries) agree on;
//! nothing is expanded, so `$HOME` is five characters.

use std::ops::Range;

use super::cursor::{Cursor, Position};
use super::pairs::Pairs;
use super::{SyntaxError, text};

/// The variables of an env file, to start a process with: a name occurs once, in the order of first appearance, with the value
/// that was set last.
///
/// # Errors
/// As [`check`](super::check) for [`Format::Env`](super::Format::Env).
pub fn env_pairs(content: &[u8]) -> Result<Vec<(String, String)>, SyntaxError> {
    Ok(parse(text::decode(content)?)?.into_entries())
}

/// Reads all variables.
///
/// - A line may start with `export `. Blanks around `=` and at the end of a line do not count.
/// - A bare value ends at the line's end or before a blank and `#`; backslashes in it are literal.
/// - `'…'` is literal and may span lines. `"…"` may too, and knows `\n \r \t \" \\ \$ \'` and the back-tick; a backslash before a
///   line's end joins the lines, before anything else it is literal.
///
/// # Errors
/// A line without `=`, a name that is not `[A-Za-z_][A-Za-z0-9_.-]*`, a quote that is not closed (where it opens), or something
/// other than a comment after a closing quote.
pub(super) fn parse(text: &str) -> Result<Pairs, SyntaxError> {
    let mut pairs = Pairs::default();
    read(text, |name, position, (value, _)| pairs.set(name, value, position))?;
    Ok(pairs)
}

/// Where each value is written, with its quotes.
pub(super) fn value_spans(text: &str) -> Result<Vec<(String, Range<usize>)>, SyntaxError> {
    let mut spans = Vec::new();
    read(text, |name, _, (_, span)| spans.push((name, span)))?;
    Ok(spans)
}

fn read(text: &str, mut each: impl FnMut(String, Position, (String, Range<usize>))) -> Result<(), SyntaxError> {
    let mut cursor = Cursor::new(text);
    loop {
        cursor.take_while(|c| is_blank(c) || is_newline(c));
        match cursor.peek() {
            None => return Ok(()),
            Some('#') => {
                cursor.take_while(|c| !is_newline(c));
            }
            Some(_) => {
                let (name, position) = name(&mut cursor)?;
                each(name, position, value(&mut cursor)?);
            }
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn is_newline(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

/// Reads up to and including `=`.
fn name(cursor: &mut Cursor<'_>) -> Result<(String, Position), SyntaxError> {
    let in_word = |c| !is_blank(c) && !is_newline(c) && c != '=';
    let mut position = cursor.position();
    let mut word = cursor.take_while(in_word);
    let blanks = cursor.take_while(is_blank);
    if word == "export" && !blanks.is_empty() && cursor.peek().is_some_and(in_word) {
        position = cursor.position();
        word = cursor.take_while(in_word);
        cursor.take_while(is_blank);
    }
    if !cursor.eat('=') {
        return Err(position.error("expected `NAME=value`; there is no `=` after the name"));
    }
    let mut characters = word.chars();
    let starts_well = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')) {
        return Err(position.error(format!(
            "`{word}` is no name of a variable: a letter or `_`, then letters, digits, `_`, `.` or `-`"
        )));
    }
    Ok((word.to_owned(), position))
}

/// Reads the rest of the line, or of the lines if it is quoted. Also says where the value stands.
fn value(cursor: &mut Cursor<'_>) -> Result<(String, Range<usize>), SyntaxError> {
    let blanks = cursor.take_while(is_blank);
    let start = cursor.offset();
    let value = match cursor.peek() {
        Some('\'') => single_quoted(cursor)?,
        Some('"') => double_quoted(cursor)?,
        Some(_) | None => {
            let value = bare(cursor, !blanks.is_empty());
            let span = start..start + value.len();
            return Ok((value, span));
        }
    };
    let span = start..cursor.offset();
    cursor.take_while(is_blank);
    match cursor.peek() {
        None | Some('\n' | '\r' | '#') => {}
        Some(_) => return Err(cursor.error("unexpected text after the closing quote")),
    }
    cursor.take_while(|c| !is_newline(c));
    Ok((value, span))
}

/// Reads a value without quotes; `after_blank` tells whether a `#` right here starts a comment.
fn bare(cursor: &mut Cursor<'_>, mut after_blank: bool) -> String {
    let mut value = String::new();
    while let Some(character) = cursor.peek() {
        if is_newline(character) || (after_blank && character == '#') {
            break;
        }
        after_blank = is_blank(character);
        value.push(character);
        cursor.bump();
    }
    cursor.take_while(|c| !is_newline(c));
    value.truncate(value.trim_end_matches(is_blank).len());
    value
}

fn single_quoted(cursor: &mut Cursor<'_>) -> Result<String, SyntaxError> {
    let start = cursor.position();
    cursor.bump();
    let value = cursor.take_while(|c| c != '\'').to_owned();
    if cursor.eat('\'') { Ok(value) } else { Err(start.error("the single quote is not closed")) }
}

fn double_quoted(cursor: &mut Cursor<'_>) -> Result<String, SyntaxError> {
    let start = cursor.position();
    let open = || start.error("the double quote is not closed");
    cursor.bump();
    let mut value = String::new();
    loop {
        value.push_str(cursor.take_while(|c| c != '"' && c != '\\'));
        if cursor.bump().ok_or_else(open)? == '"' {
            return Ok(value);
        }
        match cursor.bump().ok_or_else(open)? {
            'n' => value.push('\n'),
            'r' => value.push('\r'),
            't' => value.push('\t'),
            same @ ('"' | '\\' | '$' | '\'' | '`') => value.push(same),
            '\n' => {}
            '\r' => {
                cursor.eat('\n');
            }
            other => value.extend(['\\', other]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> String {
        let mut pairs = env_pairs(text.as_bytes()).unwrap();
        assert_eq!(pairs.len(), 1, "{text}");
        pairs.remove(0).1
    }

    fn fault(text: &str) -> (u32, u32) {
        let error = env_pairs(text.as_bytes()).unwrap_err();
        (error.line, error.column)
    }

    #[test]
    fn bare_values_are_literal_up_to_a_comment() {
        assert_eq!(one("A=b c  # d"), "b c");
        assert_eq!(one("A=b#c"), "b#c");
        assert_eq!(one("A=#c"), "#c");
        assert_eq!(one("A= #c"), "");
        assert_eq!(one("A="), "");
        assert_eq!(one(" A = b=c\\n$X \t"), "b=c\\n$X");
        assert_eq!(one("A=it's"), "it's");
    }

    #[test]
    fn names_may_be_exported() {
        let pairs = env_pairs(b"export A=1\r\n export\tB.c-d=2\r\nexport=3\r\nexport =4\n_=5").unwrap();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["A", "B.c-d", "export", "_"]);
        assert_eq!(pairs.get(1).map(|(_, value)| value.as_str()), Some("2"));
    }

    #[test]
    fn single_quotes_are_literal_over_lines() {
        assert_eq!(one("A='a\\n\"$X\" #\n b'  # c"), "a\\n\"$X\" #\n b");
    }

    #[test]
    fn double_quotes_know_escapes_and_join_lines() {
        assert_eq!(one("A=\"a\\n\\t\\r\\\"\\\\\\$X\\d\\`\""), "a\n\t\r\"\\$X\\d`");
        assert_eq!(one("A=\"-----BEGIN\nabc\n-----END\n\"#x"), "-----BEGIN\nabc\n-----END\n");
        assert_eq!(one("A=\"a\\\nb\\\r\nc\""), "abc");
        assert_eq!(one("A=\"\""), "");
    }

    #[test]
    fn what_is_no_assignment_is_refused_at_its_name() {
        assert_eq!(fault("A=1\n\n  B\n"), (3, 3));
        assert_eq!(fault("export A\n"), (1, 8));
        assert_eq!(fault("A B=1"), (1, 1));
        assert_eq!(fault("1A=1"), (1, 1));
        assert_eq!(fault("é=1"), (1, 1));
        assert_eq!(fault("A/B=1"), (1, 1));
        assert_eq!(fault("=1"), (1, 1));
    }

    #[test]
    fn an_open_quote_is_refused_where_it_opens() {
        assert_eq!(fault("A=1\nBé='x\ny=2"), (2, 1), "the name is looked at first");
        assert_eq!(fault("A=1\nB= 'x\ny=2"), (2, 4));
        assert_eq!(fault("A=1\nB=\"x\\\""), (2, 3));
        assert_eq!(fault("A=\"x\\"), (1, 3));
    }

    #[test]
    fn text_after_a_closing_quote_is_refused() {
        assert_eq!(fault("A='x'y"), (1, 6));
        assert_eq!(fault("A=\"x\" y"), (1, 7));
    }

    #[test]
    fn a_repeated_name_is_a_warning_and_the_last_value_counts() {
        let pairs = parse("A=1\nB=2\nexport A=3").unwrap();
        let warning = pairs.into_warnings().pop().unwrap();
        assert_eq!((warning.code.as_str(), warning.line, warning.column), ("repeated_key", 3, 8));
        let pairs = env_pairs(b"A=1\nB=2\nexport A=3").unwrap();
        assert_eq!(pairs, [("A".to_owned(), "3".to_owned()), ("B".to_owned(), "2".to_owned())]);
    }
}
