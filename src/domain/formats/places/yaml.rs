//! Places in YAML. Where an anchor, an alias or a merge key has to do with what is wanted, no place is told at all.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Place, Wanted};
use crate::domain::formats::yaml;

pub(super) fn find(text: &str, wanted: &Wanted<'_>) -> Option<Vec<Place>> {
    yaml::check(text).ok()?;
    let events: Vec<(Event<'_>, Span)> = Parser::new_from_str(text).collect::<Result<_, _>>().ok()?;
    let documents = events.iter().filter(|(event, _)| matches!(event, Event::DocumentStart(_))).count();
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut walk =
        Walk { text, offsets, wanted, many: documents > 1, document: 0, open: Vec::new(), found: Vec::new() };
    for (event, span) in &events {
        walk.on(event, *span)?;
    }
    Some(walk.found)
}

/// A collection that is being passed.
struct Frame {
    path: Vec<String>,
    is_map: bool,
    /// The key whose value comes next; of a list, none.
    key: Option<Key>,
    /// Items so far.
    items: usize,
    start: usize,
    is_flow: bool,
    /// Where the last thing in it ends.
    end: usize,
    standing: Standing,
}

/// How a collection stands to what is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Outside,
    Wanted,
    /// In something wanted.
    Within,
}

enum Key {
    Text(String),
    /// A collection: no path leads through it.
    Other,
}

struct Walk<'a> {
    text: &'a str,
    /// Byte offsets of the characters, which is what the parser counts.
    offsets: Vec<usize>,
    wanted: &'a Wanted<'a>,
    many: bool,
    document: usize,
    open: Vec<Frame>,
    found: Vec<Place>,
}

impl Walk<'_> {
    fn on(&mut self, event: &Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::DocumentEnd => {
                self.document += 1;
                Some(())
            }
            Event::Alias(_) => {
                if self.takes_key(Key::Other) {
                    return Some(());
                }
                let (path, inside) = self.next_path();
                let hidden = inside || path.is_some_and(|path| self.wanted.leads(&path));
                (!hidden).then(|| self.passed(span))
            }
            Event::Scalar(text, style, anchor, _) => self.scalar(text, *style, *anchor, span),
            Event::MappingStart(anchor, _) => self.enter(true, *anchor, span),
            Event::SequenceStart(anchor, _) => self.enter(false, *anchor, span),
            Event::MappingEnd | Event::SequenceEnd => self.leave(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => Some(()),
        }
    }

    fn offset(&self, character: usize) -> Option<usize> {
        self.offsets.get(character).copied()
    }

    fn range(&self, span: Span) -> Option<Range<usize>> {
        let range = self.offset(span.start.index())?..self.offset(span.end.index())?;
        let text = self.text.get(range.clone())?;
        Some(range.start..range.start + text.trim_end().len())
    }

    /// Takes the next node for a key, when one is due.
    fn takes_key(&mut self, key: Key) -> bool {
        let Some(frame) = self.open.last_mut().filter(|frame| frame.is_map && frame.key.is_none()) else {
            return false;
        };
        frame.key = Some(key);
        true
    }

    /// The path of the next node, which is no key, and whether it is in something wanted.
    fn next_path(&mut self) -> (Option<Vec<String>>, bool) {
        let Some(frame) = self.open.last_mut() else {
            return (Some(self.many.then(|| self.document.to_string()).into_iter().collect()), false);
        };
        let step = if frame.is_map {
            match frame.key.take() {
                Some(Key::Text(text)) => Some(text),
                Some(Key::Other) | None => None,
            }
        } else {
            frame.items += 1;
            Some((frame.items - 1).to_string())
        };
        let path = step.map(|step| frame.path.iter().cloned().chain([step]).collect());
        (path, frame.standing != Standing::Outside)
    }

    fn passed(&mut self, span: Span) {
        let end = self.range(span).map(|range| range.end);
        if let (Some(frame), Some(end)) = (self.open.last_mut(), end) {
            frame.end = frame.end.max(end);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, span: Span) -> Option<()> {
        let merges = text == "<<" && style == ScalarStyle::Plain;
        if merges
            && let Some(frame) = self.open.last()
            && frame.is_map
            && frame.key.is_none()
            && (frame.standing != Standing::Outside
                || self.wanted.0.iter().any(|w| w.len() > frame.path.len() && w.starts_with(&frame.path)))
        {
            return None;
        }
        if self.takes_key(Key::Text(text.to_owned())) {
            self.passed(span);
            return Some(());
        }
        let (path, inside) = self.next_path();
        let is_wanted = path.as_ref().is_some_and(|path| self.wanted.is(path));
        if (inside || is_wanted) && anchor != 0 {
            return None;
        }
        let range = self.written(style, span)?;
        if let Some(frame) = self.open.last_mut() {
            frame.end = frame.end.max(range.end);
        }
        if is_wanted && !inside {
            self.found.push(Place { path: path?, span: range });
        }
        Some(())
    }

    /// What a scalar is written with: the parser counts blanks and a comment after a closing quote to it, and the
    /// indicator before a block not.
    fn written(&self, style: ScalarStyle, span: Span) -> Option<Range<usize>> {
        let range = self.range(span)?;
        let text = self.text.get(range.start..)?;
        match style {
            ScalarStyle::Plain => Some(range),
            ScalarStyle::SingleQuoted => {
                let mut rest = text.strip_prefix('\'')?.split_inclusive('\'').peekable();
                let mut length = 1;
                loop {
                    length += rest.next()?.len();
                    // A doubled quote is an escaped one.
                    if rest.peek().is_none_or(|next| *next != "'") {
                        return Some(range.start..range.start + length);
                    }
                    length += rest.next()?.len();
                }
            }
            ScalarStyle::DoubleQuoted => {
                let mut escaped = false;
                let end = text.strip_prefix('"')?.find(|character| {
                    let ends = character == '"' && !escaped;
                    escaped = character == '\\' && !escaped;
                    ends
                })?;
                Some(range.start..range.start + end + 2)
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let before = self.text.get(..range.start)?.trim_end();
                let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
                let header = before.get(line..)?;
                let mut indicators = header.match_indices(['|', '>']).map(|(at, _)| at);
                let at = indicators.find(|at| {
                    let rest = header.get(at + 1..).unwrap_or_default();
                    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
                    rest.trim_start().is_empty()
                        || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
                })?;
                Some(line + at..range.end)
            }
        }
    }

    fn enter(&mut self, is_map: bool, anchor: usize, span: Span) -> Option<()> {
        let start = self.offset(span.start.index())?;
        let is_flow = self.text.get(start..)?.starts_with(['{', '[']);
        let (path, inside) = if self.takes_key(Key::Other) {
            // What is in a key has no path.
            (None, false)
        } else {
            self.next_path()
        };
        let wanted = !inside && path.as_ref().is_some_and(|path| self.wanted.is(path));
        if (inside || wanted) && anchor != 0 {
            return None;
        }
        let path = path.unwrap_or_else(|| vec!["\u{0}".to_owned()]);
        let standing = match (inside, wanted) {
            (true, _) => Standing::Within,
            (false, true) => Standing::Wanted,
            (false, false) => Standing::Outside,
        };
        self.open.push(Frame { path, is_map, key: None, items: 0, start, is_flow, end: start, standing });
        Some(())
    }

    fn leave(&mut self, span: Span) -> Option<()> {
        let frame = self.open.pop()?;
        // Where a block ends is told by what follows; its last value tells where it ended.
        let end = if frame.is_flow { self.offset(span.end.index())? } else { frame.end };
        if frame.standing == Standing::Wanted {
            self.found.push(Place { path: frame.path, span: frame.start..end });
        }
        if let Some(parent) = self.open.last_mut() {
            parent.end = parent.end.max(end);
        }
        Some(())
    }
}
