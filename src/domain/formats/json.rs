//! JSON as in RFC 8259: strict, of any number size, and with repeated names refused.
//!
//! An own reader rather than `serde_json`, because numbers must stay as written, a repeated name must be found after unescaping,
//! and its place told exactly.

use std::collections::HashSet;

use super::cursor::{Cursor, Position};
use super::{MAX_DEPTH, SyntaxError, Values};

/// Reads one JSON value.
///
/// # Errors
/// The first character that the grammar does not allow, a repeated name (at its second place), an escape that is half of a
/// surrogate pair (no UTF-8 text can hold it), or nesting beyond [`MAX_DEPTH`].
pub(super) fn parse(text: &str) -> Result<Values, SyntaxError> {
    let mut reader = Reader { cursor: Cursor::new(text) };
    reader.skip_space();
    if reader.cursor.peek().is_none() {
        return Err(reader.cursor.error("a JSON document needs a value; this one is empty"));
    }
    let value = reader.value(0)?;
    reader.skip_space();
    match reader.cursor.peek() {
        None => Ok(value),
        Some(found) => Err(reader.cursor.error(format!("{} after the end of the value", name(found)))),
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.cursor.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    fn expected(&self, what: &str) -> SyntaxError {
        match self.cursor.peek() {
            Some(found) => self.cursor.error(format!("expected {what}, found {}", name(found))),
            None => self.cursor.error(format!("expected {what}, found the end")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Values, SyntaxError> {
        match self.cursor.peek() {
            Some('{' | '[') if depth >= MAX_DEPTH => {
                Err(self.cursor.error(format!("nested more than {MAX_DEPTH} levels deep")))
            }
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string().map(Values::String),
            Some('-' | '0'..='9') => self.number(),
            Some('t') => self.word("true", Values::Bool(true)),
            Some('f') => self.word("false", Values::Bool(false)),
            Some('n') => self.word("null", Values::Null),
            Some(_) | None => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &str, value: Values) -> Result<Values, SyntaxError> {
        let start = self.cursor.position();
        if self.cursor.take_while(|c| c.is_ascii_alphanumeric()) == word {
            Ok(value)
        } else {
            Err(start.error("expected a value; the only bare words are true, false and null"))
        }
    }

    fn object(&mut self, depth: usize) -> Result<Values, SyntaxError> {
        self.cursor.bump();
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        self.skip_space();
        if self.cursor.eat('}') {
            return Ok(Values::Map(entries));
        }
        loop {
            let start = self.cursor.position();
            if self.cursor.peek() != Some('"') {
                return Err(self.expected("a name in double quotes"));
            }
            let name = self.string()?;
            if !seen.insert(name.clone()) {
                return Err(start.error(format!("the name `{name}` is repeated in this object")));
            }
            self.skip_space();
            if !self.cursor.eat(':') {
                return Err(self.expected("`:`"));
            }
            self.skip_space();
            entries.push((name, self.value(depth + 1)?));
            self.skip_space();
            if self.cursor.eat('}') {
                return Ok(Values::Map(entries));
            }
            if !self.cursor.eat(',') {
                return Err(self.expected("`,` or `}`"));
            }
            self.skip_space();
        }
    }

    fn array(&mut self, depth: usize) -> Result<Values, SyntaxError> {
        self.cursor.bump();
        let mut items = Vec::new();
        self.skip_space();
        if self.cursor.eat(']') {
            return Ok(Values::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.cursor.eat(']') {
                return Ok(Values::List(items));
            }
            if !self.cursor.eat(',') {
                return Err(self.expected("`,` or `]`"));
            }
            self.skip_space();
        }
    }

    fn number(&mut self) -> Result<Values, SyntaxError> {
        let mut text = String::new();
        if self.cursor.eat('-') {
            text.push('-');
        }
        let zero = self.cursor.position();
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(zero.error("a number does not start with 0"));
        }
        text.push_str(whole);
        if self.cursor.eat('.') {
            text.push('.');
            text.push_str(self.digits()?);
        }
        if let Some(letter @ ('e' | 'E')) = self.cursor.peek() {
            self.cursor.bump();
            text.push(letter);
            if let Some(sign @ ('+' | '-')) = self.cursor.peek() {
                self.cursor.bump();
                text.push(sign);
            }
            text.push_str(self.digits()?);
        }
        Ok(Values::Number(text))
    }

    fn digits(&mut self) -> Result<&str, SyntaxError> {
        if self.cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
            Ok(self.cursor.take_while(|c| c.is_ascii_digit()))
        } else {
            Err(self.expected("a digit"))
        }
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.cursor.position();
        self.cursor.bump();
        let mut text = String::new();
        loop {
            text.push_str(self.cursor.take_while(|c| c >= ' ' && c != '"' && c != '\\'));
            let place = self.cursor.position();
            match self.cursor.bump() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape(place)?),
                Some(control) => {
                    return Err(place.error(format!("{} in a string must be escaped", name(control))));
                }
                None => return Err(start.error("the string is not closed")),
            }
        }
    }

    /// The character of an escape whose backslash, at `place`, has been read.
    fn escape(&mut self, place: Position) -> Result<char, SyntaxError> {
        match self.cursor.bump() {
            Some(same @ ('"' | '\\' | '/')) => Ok(same),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.code_point(place),
            Some(_) | None => Err(place.error("unknown escape")),
        }
    }

    fn code_point(&mut self, place: Position) -> Result<char, SyntaxError> {
        let first = self.code_unit(place)?;
        let alone = || place.error("the escape is half of a surrogate pair, which is no character");
        let Some(character) = char::from_u32(first) else {
            if first >= 0xDC00 || !self.cursor.rest().starts_with("\\u") {
                return Err(alone());
            }
            self.cursor.bump();
            self.cursor.bump();
            let second = self.code_unit(place)?;
            if !(0xDC00..0xE000).contains(&second) {
                return Err(alone());
            }
            let joined = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return char::from_u32(joined).ok_or_else(alone);
        };
        Ok(character)
    }

    fn code_unit(&mut self, place: Position) -> Result<u32, SyntaxError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.cursor.peek().and_then(|c| c.to_digit(16));
            let digit = digit.ok_or_else(|| place.error("`\\u` needs four hexadecimal digits"))?;
            self.cursor.bump();
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }
}

/// A character for a message, control characters by their number.
fn name(character: char) -> String {
    if character.is_control() { format!("U+{:04X}", u32::from(character)) } else { format!("`{character}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (u32, u32, String) {
        let error = parse(text).unwrap_err();
        (error.line, error.column, error.message)
    }

    #[test]
    fn everything_rfc_8259_allows_is_accepted() {
        for text in [
            "0",
            "-0",
            "null",
            " \r\n\ttrue ",
            "\"\"",
            "[]",
            "{}",
            "[1,[2,{}]]",
            "1e400",
            "-1.5E+10",
            "\"\\u00e9\\n\\/\"",
            "{\"\":0}",
            "\"\u{7f}\u{2028}\"",
            "\"\\ud83d\\ude00\"",
            "1234567890123456789012345678901234567890.5e-3",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_rfc_8259_does_not_allow_is_refused() {
        for text in [
            "",
            " ",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "NaN",
            "Infinity",
            "tru",
            "truex",
            "'a'",
            "\"a",
            "\"\t\"",
            "\"\\x\"",
            "[1,]",
            "[,]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "[1 2]",
            "[1",
            "{\"a\":1",
            "1 2",
            "// c\n1",
            "/* c */ 1",
            "\u{a0}1",
            "\"\\u12\"",
            "\"\\u+123\"",
            "]",
            "nullnull",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_repeated_name_is_refused_at_its_second_place() {
        let (line, column, message) = fault("{\r\n  \"a\": 1,\r\n  \"é\": {}, \"a\": 2\r\n}");
        assert_eq!((line, column), (3, 12));
        assert_eq!(message, "the name `a` is repeated in this object");
    }

    #[test]
    fn names_are_compared_after_unescaping() {
        assert_eq!(fault("{\"a\":1,\"\\u0061\":2}").1, 8);
        assert!(parse("{\"a\":{\"a\":1},\"b\":{\"a\":1}}").is_ok());
    }

    #[test]
    fn numbers_keep_their_text() {
        let text = "[1e400,1.0,1234567890123456789012345678901234567890]";
        let numbers = ["1e400", "1.0", "1234567890123456789012345678901234567890"];
        let numbers = numbers.map(|number| Values::Number(number.to_owned()));
        assert_eq!(parse(text), Ok(Values::List(numbers.to_vec())));
    }

    #[test]
    fn half_a_surrogate_pair_is_refused_where_the_escape_starts() {
        for text in
            ["\"ab\\ud800\"", "\"ab\\udc00\"", "\"ab\\ud800\\n\"", "\"ab\\ud800\\u0041\"", "\"ab\\ud800\\ud800\""]
        {
            let (line, column, message) = fault(text);
            assert_eq!((line, column), (1, 4), "{text}");
            assert!(message.contains("surrogate"), "{message}");
        }
        assert_eq!(parse("\"\\ud83d\\ude00\""), Ok(Values::String("😀".to_owned())));
    }

    #[test]
    fn places_are_exact() {
        assert_eq!(fault("[1,\n 2,\n é]"), (3, 2, "expected a value, found `é`".to_owned()));
        assert_eq!(fault("[1,"), (1, 4, "expected a value, found the end".to_owned()));
        assert_eq!(fault("{} x"), (1, 4, "`x` after the end of the value".to_owned()));
        assert_eq!(fault("[\"a\nb\"]"), (1, 4, "U+000A in a string must be escaped".to_owned()));
        assert_eq!(fault("[007]"), (1, 2, "a number does not start with 0".to_owned()));
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&nested(128)).is_ok());
        assert_eq!(fault(&nested(129)), (1, 129, "nested more than 128 levels deep".to_owned()));
    }
}
