//! The text of an event stream, cut into events after the rules of the WHATWG (HTML, section 9.2.6).

use std::collections::VecDeque;
use std::time::Duration;

/// The most bytes one event may have. Eight times what a server puts into one.
pub(super) const EVENT_BYTES: usize = 8 * 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its name, `message` when it has none.
    pub(super) event: String,
    /// Its data, lines joined by LF.
    pub(super) data: String,
    /// The id that it brought itself; earlier ones are not repeated here.
    pub(super) id: Option<String>,
}

/// An event is longer than [`EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event has more than {EVENT_BYTES} bytes")]
pub(super) struct TooLong;

/// Takes bytes as they come, in pieces of any size, and gives events.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// The last byte was CR: an LF that follows belongs to it.
    after_cr: bool,
    /// The first line is over, and with it the only place for a byte order mark.
    begun: bool,
    event: String,
    data: String,
    id: Option<String>,
    retry: Option<Duration>,
    frames: VecDeque<Frame>,
}

impl Parser {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`TooLong`]; the stream cannot be read any further then.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        if self.after_cr && !bytes.is_empty() {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            self.after_cr = false;
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (head, rest) = bytes.split_at(end);
            self.extend(head)?;
            self.end_line();
            bytes = match rest {
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => &[],
            };
        }
        self.extend(bytes)
    }

    /// The next whole event.
    pub(super) fn pop(&mut self) -> Option<Frame> {
        self.frames.pop_front()
    }

    /// How long to wait before coming back, when the stream said it since this was last asked.
    pub(super) fn take_retry(&mut self) -> Option<Duration> {
        self.retry.take()
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + self.data.len() + bytes.len() > EVENT_BYTES {
            return Err(TooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = if self.begun { &line[..] } else { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line) };
        self.begun = true;
        if line.is_empty() {
            return self.dispatch();
        }
        let line = String::from_utf8_lossy(line);
        // A comment is a line whose field has no name.
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry);
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        let (mut event, mut data, id) =
            (std::mem::take(&mut self.event), std::mem::take(&mut self.data), self.id.take());
        if data.pop().is_none() {
            return;
        }
        if event.is_empty() {
            "message".clone_into(&mut event);
        }
        self.frames.push_back(Frame { event, data, id });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<Frame> {
        let mut parser = Parser::default();
        for piece in pieces {
            parser.push(piece).unwrap();
        }
        std::iter::from_fn(|| parser.pop()).collect()
    }

    fn one(text: &str) -> Frame {
        let frames = read(&[text.as_bytes()]);
        let [frame] = frames.as_slice() else { panic!("{frames:?}") };
        frame.clone()
    }

    fn frame(event: &str, data: &str, id: Option<&str>) -> Frame {
        Frame { event: event.to_owned(), data: data.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn lines_end_with_lf_cr_or_both() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ["event: change", "id: 1.2", "data: a", "data: b", "", ""].join(end);
            assert_eq!(one(&text), frame("change", "a\nb", Some("1.2")), "{end:?}");
        }
    }

    #[test]
    fn one_space_after_the_colon_is_dropped_and_a_field_may_have_no_colon() {
        assert_eq!(one("data:  a\n\n").data, " a");
        assert_eq!(one("data:a:b\n\n").data, "a:b");
        assert_eq!(one("data\n\n").data, "");
        assert_eq!(one("data\ndata\n\n").data, "\n");
    }

    #[test]
    fn comments_unknown_fields_and_a_byte_order_mark_are_ignored() {
        assert_eq!(one("\u{feff}data: a\n: comment\n:\nfoo: bar\nDATA: b\n\n"), frame("message", "a", None));
        // Only the very beginning may carry a mark.
        assert_eq!(read(&["\n\u{feff}data: a\n\n".as_bytes()]), []);
    }

    #[test]
    fn an_event_without_data_or_without_its_end_is_none() {
        assert_eq!(read(&[b"event: change\nid: 1.2\n\n"]), []);
        assert_eq!(read(&[b"data: a\n"]), []);
        // What the event without data had does not reach the next one.
        assert_eq!(one("event: change\nid: 1.2\n\ndata: a\n\n"), frame("message", "a", None));
    }

    #[test]
    fn an_id_with_nul_is_ignored_and_the_last_one_counts() {
        assert_eq!(one("id: 1\nid: 2\nid: a\0b\ndata: a\n\n").id.as_deref(), Some("2"));
    }

    #[test]
    fn a_wait_is_digits_only() {
        let mut parser = Parser::default();
        parser.push(b"retry: 1500\nretry: -1\nretry: 2s\nretry\n").unwrap();
        assert_eq!(parser.take_retry(), Some(Duration::from_millis(1500)));
        assert_eq!(parser.take_retry(), None);
    }

    #[test]
    fn an_event_that_is_too_long_is_an_error() {
        let (mut parser, piece) = (Parser::default(), vec![b'a'; EVENT_BYTES / 4]);
        parser.push(b"data: ").unwrap();
        for _ in 0..3 {
            parser.push(&piece).unwrap();
        }
        assert_eq!(parser.push(&piece), Err(TooLong));
        // Many lines count together.
        let (mut parser, line) = (Parser::default(), [b"data: ", &piece[..], b"\n"].concat());
        for _ in 0..3 {
            parser.push(&line).unwrap();
        }
        assert_eq!(parser.push(&line), Err(TooLong));
    }

    /// Streams made of what matters to a parser.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let words: Vec<&'static [u8]> = vec![
            b"data",
            b"event",
            b"id",
            b"retry",
            b":",
            b": ",
            b" ",
            b"\n",
            b"\n\n",
            b"\r",
            b"\r\n",
            b"a",
            b"1.2",
            b"\0",
            b"\xEF\xBB\xBF",
            b"\xC3\xA4",
            b"\xFF",
            b"\xE2\x82",
        ];
        prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_events(bytes in stream(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let (mut pieces, mut start) = (Vec::new(), 0);
            for cut in cuts {
                pieces.push(&bytes[start..cut]);
                start = cut;
            }
            pieces.push(&bytes[start..]);
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            let whole = read(&[&bytes]);
            prop_assert_eq!(&read(&pieces), &whole);
            prop_assert_eq!(&read(&single), &whole);
        }

        #[test]
        fn what_is_written_as_an_event_is_read_as_it(data in "[^\r\n]{0,20}(\n[^\r\n]{0,20}){0,3}", event in "[a-z]{1,8}", id in "[0-9.]{1,8}") {
            let lines = data.replace('\n', "\ndata: ");
            let text = format!("event: {event}\nid: {id}\ndata: {lines}\n\n");
            prop_assert_eq!(one(&text), frame(&event, &data, Some(&id)));
        }
    }
}
