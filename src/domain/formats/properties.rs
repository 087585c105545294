//! Java's properties files.
//!
//! The rules are those of `java.util.Properties.load` (its documentation, and the reader of JDK 9 and later where the
//! documentation is silent), with the text in UTF-8 as Java itself reads its resource bundles since version 9.

use std::collections::HashMap;
use std::ops::Range;

use super::SyntaxError;
use super::cursor::{Cursor, Position};
use super::pairs::Pairs;

/// A character with the place it came from.
type Placed = (char, Position);

/// A line as the format means it: natural lines joined.
type LogicalLine = Vec<Placed>;

/// Reads all properties.
///
/// # Errors
/// A `\u` that is not followed by four hexadecimal digits, at its backslash.
pub(super) fn parse(text: &str) -> Result<Pairs, SyntaxError> {
    let mut cursor = Cursor::new(text);
    let mut pairs = Pairs::default();
    while let Some(line) = next_line(&mut cursor) {
        let (key, value) = split(&line);
        let position = line.first().map_or_else(|| cursor.position(), |(_, position)| *position);
        let key = unescape(key, &mut pairs)?;
        let value = unescape(value, &mut pairs)?;
        pairs.set(key, value, position);
    }
    Ok(pairs)
}

/// Where each value is written, with its escapes; a value over several lines with what joins them.
pub(super) fn value_spans(text: &str) -> Result<Vec<(String, Range<usize>)>, SyntaxError> {
    let (mut cursor, mut offsets) = (Cursor::new(text), HashMap::new());
    while let Some(character) = cursor.peek() {
        let Position { line, column } = cursor.position();
        offsets.insert((line, column), (cursor.offset(), cursor.offset() + character.len_utf8()));
        cursor.bump();
    }
    let offset = |(_, at): &Placed| offsets.get(&(at.line, at.column)).copied().unwrap_or_default();
    let (mut cursor, mut spans) = (Cursor::new(text), Vec::new());
    while let Some(line) = next_line(&mut cursor) {
        let (key, value) = split(&line);
        let span = match (value.first(), value.last()) {
            (Some(first), Some(last)) => offset(first).0..offset(last).1,
            _ => 0..0,
        };
        spans.push((unescape(key, &mut Pairs::default())?, span));
    }
    Ok(spans)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{c}')
}

fn is_newline(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

/// The next logical line that is neither blank nor a comment.
fn next_line(cursor: &mut Cursor<'_>) -> Option<LogicalLine> {
    loop {
        cursor.take_while(|c| is_blank(c) || is_newline(c));
        match cursor.peek()? {
            '#' | '!' => {
                cursor.take_while(|c| !is_newline(c));
            }
            _ => {
                let line = join_lines(cursor);
                if !line.is_empty() {
                    return Some(line);
                }
            }
        }
    }
}

/// Reads one natural line and those that continue it. Empty if the first is only a backslash: what follows then starts afresh,
/// and may be a comment.
fn join_lines(cursor: &mut Cursor<'_>) -> LogicalLine {
    let mut line = LogicalLine::new();
    let mut escaped = false;
    loop {
        let position = cursor.position();
        match cursor.bump() {
            None => break,
            Some(newline @ ('\n' | '\r')) => {
                if newline == '\r' {
                    cursor.eat('\n');
                }
                if !escaped {
                    return line;
                }
                escaped = false;
                line.pop();
                if line.is_empty() {
                    return line;
                }
                cursor.take_while(is_blank);
            }
            Some(character) => {
                escaped = character == '\\' && !escaped;
                line.push((character, position));
            }
        }
    }
    if escaped {
        line.pop();
    }
    line
}

/// Splits a line at its first separator that is not escaped: blanks, `=` or `:`, with blanks around.
fn split(line: &[Placed]) -> (&[Placed], &[Placed]) {
    let mut escaped = false;
    let key_end = line
        .iter()
        .position(|&(character, _)| {
            let ends = !escaped && (is_blank(character) || matches!(character, '=' | ':'));
            escaped = character == '\\' && !escaped;
            ends
        })
        .unwrap_or(line.len());
    let (key, mut value) = line.split_at_checked(key_end).unwrap_or((line, &[]));
    let mut separated = false;
    while let Some((&(character, _), rest)) = value.split_first() {
        let separator = !separated && matches!(character, '=' | ':');
        if !separator && !is_blank(character) {
            break;
        }
        separated |= separator;
        value = rest;
    }
    (key, value)
}

/// Resolves the escapes. Half of a surrogate pair, which Java would keep, becomes U+FFFD with a `lone_surrogate` warning.
fn unescape(raw: &[Placed], pairs: &mut Pairs) -> Result<String, SyntaxError> {
    let mut text = String::new();
    let mut units: Vec<u16> = Vec::new();
    let mut units_at = None;
    let mut rest = raw.iter().copied();
    while let Some((character, position)) = rest.next() {
        let escape = if character == '\\' { rest.next() } else { None };
        if let Some(('u', _)) = escape {
            units_at.get_or_insert(position);
            units.push(code_unit(&mut rest, position)?);
            continue;
        }
        flush(&mut text, &mut units, units_at.take(), pairs);
        match (character, escape) {
            ('\\', None) => {}
            (_, None) => text.push(character),
            (_, Some(('t', _))) => text.push('\t'),
            (_, Some(('n', _))) => text.push('\n'),
            (_, Some(('r', _))) => text.push('\r'),
            (_, Some(('f', _))) => text.push('\u{c}'),
            (_, Some((other, _))) => text.push(other),
        }
    }
    flush(&mut text, &mut units, units_at, pairs);
    Ok(text)
}

/// Moves UTF-16 code units from consecutive `\u` escapes, the first at `position`, to `text`.
fn flush(text: &mut String, units: &mut Vec<u16>, position: Option<Position>, pairs: &mut Pairs) {
    let mut broken = false;
    text.extend(char::decode_utf16(units.drain(..)).map(|unit| {
        broken |= unit.is_err();
        unit.unwrap_or(char::REPLACEMENT_CHARACTER)
    }));
    if let (true, Some(position)) = (broken, position) {
        pairs.warn("lone_surrogate", position, || {
            "an escape is half of a surrogate pair, which is no character".to_owned()
        });
    }
}

fn code_unit(rest: &mut impl Iterator<Item = Placed>, position: Position) -> Result<u16, SyntaxError> {
    let mut unit = 0;
    for _ in 0..4 {
        let digit = rest.next().and_then(|(character, _)| character.to_digit(16));
        let digit = digit.and_then(|digit| u16::try_from(digit).ok());
        let digit = digit.ok_or_else(|| position.error("`\\u` needs four hexadecimal digits"))?;
        unit = (unit << 4) | digit;
    }
    Ok(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_entries()
    }

    fn one(text: &str) -> (String, String) {
        let mut pairs = read(text);
        assert_eq!(pairs.len(), 1, "{text}");
        pairs.remove(0)
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn the_examples_of_the_java_documentation_read_as_it_says() {
        for text in ["Truth = Beauty", " Truth:Beauty", "Truth                    :Beauty", "Truth\u{c}Beauty"] {
            assert_eq!(one(text), pair("Truth", "Beauty"), "{text}");
        }
        let text = "fruits                           apple, banana, pear, \\\n                                 cantaloupe, watermelon, \\\n                                 kiwi, mango\n";
        assert_eq!(one(text), pair("fruits", "apple, banana, pear, cantaloupe, watermelon, kiwi, mango"));
        assert_eq!(one("cheeses\n"), pair("cheeses", ""));
        assert_eq!(one("\\:\\= x"), pair(":=", "x"));
    }

    #[test]
    fn only_one_separator_is_taken_and_the_rest_is_value() {
        assert_eq!(one("a = = b "), pair("a", "= b "));
        assert_eq!(one("a==b"), pair("a", "=b"));
        assert_eq!(one("a : =b"), pair("a", "=b"));
        assert_eq!(one("a\\ b\\\\=c"), pair("a b\\", "c"));
        assert_eq!(one("=v"), pair("", "v"));
    }

    #[test]
    fn comments_start_a_line_and_are_never_continued() {
        assert_eq!(read("# a=1 \\\n  ! b=2\nc=3 # not\n"), [pair("c", "3 # not")]);
        assert_eq!(read("a=1\\\n# still a\nb=2"), [pair("a", "1# still a"), pair("b", "2")]);
        assert_eq!(read("\\\n# a comment\nb=2"), [pair("b", "2")]);
    }

    #[test]
    fn continuation_follows_the_number_of_backslashes_and_every_line_ending() {
        for newline in ["\n", "\r", "\r\n"] {
            let text = format!("a=1\\{newline}  \t2{newline}b=3\\\\{newline}c=4{newline}");
            assert_eq!(read(&text), [pair("a", "12"), pair("b", "3\\"), pair("c", "4")]);
            let text = format!("a=1\\{newline}{newline}b=2");
            assert_eq!(read(&text), [pair("a", "1"), pair("b", "2")], "a blank line ends it");
        }
        assert_eq!(one("a=1\\"), pair("a", "1"));
    }

    #[test]
    fn escapes_are_java_s() {
        assert_eq!(one("a=\\t\\n\\r\\f\\z\\\"\\u0041\\u00e9"), pair("a", "\t\n\r\u{c}z\"Aé"));
        assert_eq!(one("a=\\ud83d\\ude00"), pair("a", "😀"));
        assert_eq!(one("a=\\u00\\\n   41"), pair("a", "A"), "joined before it is read");
    }

    #[test]
    fn a_malformed_escape_is_refused_at_its_backslash() {
        for text in ["# c\r\na=é\\u00g1", "# c\r\na=é\\u", "# c\r\na=é\\u+041"] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.line, error.column), (2, 4), "{text}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_a_warning() {
        let pairs = parse("a=x\\ud800y").unwrap();
        assert_eq!(
            pairs.into_warnings().first().map(|w| (w.code.clone(), w.column)),
            Some(("lone_surrogate".into(), 4))
        );
        assert_eq!(one("a=x\\ud800y"), pair("a", "x\u{fffd}y"));
    }

    #[test]
    fn a_repeated_key_is_a_warning_and_the_last_value_counts() {
        let text = "a=1\nb=2\n  a : 3\n";
        let warnings = parse(text).unwrap().into_warnings();
        let first = warnings.first().unwrap();
        assert_eq!((warnings.len(), first.code.as_str(), first.line, first.column), (1, "repeated_key", 3, 3));
        assert_eq!(read(text), [pair("a", "3"), pair("b", "2")]);
    }

    #[test]
    fn warnings_are_bounded() {
        assert_eq!(parse(&"a=1\n".repeat(10_000)).unwrap().into_warnings().len(), 100);
    }

    #[test]
    fn empty_content_has_no_properties() {
        assert_eq!(read(""), []);
        assert_eq!(read("\n \t\r\n#x"), []);
    }
}
