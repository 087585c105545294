//! What all text formats have in common: UTF-8, an optional byte order mark, no NUL.

use super::SyntaxError;
use super::cursor::position_at;

/// The text of `content` without its byte order mark.
///
/// # Errors
/// The place of the first byte that is not UTF-8, or of the first NUL.
pub(super) fn decode(content: &[u8]) -> Result<&str, SyntaxError> {
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let text = match std::str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => {
            let valid = content.get(..error.valid_up_to()).unwrap_or_default();
            let before = std::str::from_utf8(valid).unwrap_or_default();
            let bad = content.get(error.valid_up_to()).copied().unwrap_or_default();
            return Err(position_at(before, before.len()).error(format!("byte 0x{bad:02X} is not UTF-8")));
        }
    };
    match text.find('\0') {
        Some(offset) => Err(position_at(text, offset).error("a NUL character is not text")),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_byte_is_named_with_its_place() {
        let error = decode("ab\r\né".as_bytes()).map(str::len);
        assert_eq!(error, Ok(6));
        let mut content = "ab\r\né".as_bytes().to_vec();
        content.push(0xFF);
        let error = decode(&content).unwrap_err();
        assert_eq!((error.line, error.column), (2, 2));
        assert_eq!(error.message, "byte 0xFF is not UTF-8");
    }

    #[test]
    fn a_truncated_character_is_refused_at_its_start() {
        let error = decode(b"a\n\xE4\xBD").unwrap_err();
        assert_eq!((error.line, error.column), (2, 1));
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_not_counted() {
        assert_eq!(decode(b"\xEF\xBB\xBFab"), Ok("ab"));
        let error = decode(b"\xEF\xBB\xBFab\0").unwrap_err();
        assert_eq!((error.line, error.column), (1, 3));
    }
}
