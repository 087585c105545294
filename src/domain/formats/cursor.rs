//! A reader of characters that knows the line and column it is at.

use std::str::Chars;

use super::SyntaxError;

/// A place in a text: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    /// An error at this place.
    pub(super) fn error(self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { line: self.line, column: self.column, message: message.into() }
    }
}

/// Walks a text character by character; a line ends with LF, CR LF or a lone CR.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    rest: Chars<'a>,
    length: usize,
    position: Position,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.chars(), length: text.len(), position: Position { line: 1, column: 1 } }
    }

    /// The next character, which stays there.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    /// The rest of the text.
    pub(super) fn rest(&self) -> &'a str {
        self.rest.as_str()
    }

    /// How many bytes have been read.
    pub(super) fn offset(&self) -> usize {
        self.length - self.rest.as_str().len()
    }

    /// The place of the next character.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Reads one character.
    pub(super) fn bump(&mut self) -> Option<char> {
        let read = self.rest.next()?;
        if read == '\n' || (read == '\r' && self.peek() != Some('\n')) {
            self.position.line = self.position.line.saturating_add(1);
            self.position.column = 1;
        } else {
            self.position.column = self.position.column.saturating_add(1);
        }
        Some(read)
    }

    /// Reads the next character if it is `wanted`.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.bump();
        }
        found
    }

    /// Reads as long as `wanted` holds, and returns what was read.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let before = self.rest.as_str();
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
        before.get(..before.len() - self.rest.as_str().len()).unwrap_or_default()
    }

    /// An error at the next character.
    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        self.position.error(message)
    }
}

/// The place of the character that starts at byte `offset` of `text`, or that contains it.
pub(super) fn position_at(text: &str, offset: usize) -> Position {
    let mut cursor = Cursor::new(text);
    loop {
        let here = cursor.position();
        if cursor.offset() >= offset || cursor.bump().is_none() {
            return here;
        }
        if cursor.offset() > offset {
            return here;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> (u32, u32) {
        let position = position_at(text, offset);
        (position.line, position.column)
    }

    #[test]
    fn every_line_ending_counts_once() {
        assert_eq!(at("a\nb", 2), (2, 1));
        assert_eq!(at("a\r\nb", 3), (2, 1));
        assert_eq!(at("a\rb", 2), (2, 1));
        assert_eq!(at("a\r\n\r\nb", 5), (3, 1));
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(at("é😀x", "é😀".len()), (1, 3));
        assert_eq!(at("é😀x", 3), (1, 2), "inside a character");
        assert_eq!(at("ab", 99), (1, 3), "past the end");
    }
}
