//! Where a text stands in keys and contents, whatever its case.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use crate::domain::names::Address;
use crate::service::Field;

/// Longest text to look for, in characters.
const TEXT_CHARS: usize = 200;
/// Up to how many places of one content are counted.
pub const MATCHES_MAX: usize = 1000;
/// Lines of one content that are shown.
const LINES: usize = 3;
/// Characters of a line that are shown.
const SNIPPET_CHARS: usize = 160;

/// A text to look for.
#[derive(Debug, Clone)]
pub struct Needle {
    regex: Regex,
    /// A key has its address before it only for a text that could begin there.
    spans_parts: bool,
}

/// From one character to before another one, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first character.
    pub start: usize,
    /// The character after the last one.
    pub end: usize,
}

/// A line with the text in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// What is shown of it.
    pub snippet: String,
    /// The character of the line that the snippet begins with, from 1.
    pub column: u64,
    /// Whether the line goes on after the snippet.
    pub cut: bool,
    /// Where in the snippet the text stands.
    pub spans: Vec<Span>,
}

/// A text in a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InContent {
    /// In how many places; counted up to [`MATCHES_MAX`].
    pub matches: usize,
    /// The first lines that have it.
    pub lines: Vec<Line>,
}

impl Needle {
    /// Takes a text of 1 to 200 characters in one line.
    pub fn parse(text: &str) -> Result<Self, Field> {
        let wrong = |problem: String| Field::new("q", problem);
        let chars = text.chars().count();
        if !(1..=TEXT_CHARS).contains(&chars) {
            return Err(wrong(format!("must have 1 to {TEXT_CHARS} characters, this has {chars}")));
        }
        if text.contains(['\n', '\r', '\0']) {
            return Err(wrong("must not contain a line break or NUL".to_owned()));
        }
        let regex = RegexBuilder::new(&regex::escape(text)).case_insensitive(true).build();
        let regex = regex.map_err(|error| wrong(error.to_string()))?;
        Ok(Self { regex, spans_parts: text.contains('/') })
    }

    /// Where in the key of an address the text stands, if it does. A text with a slash may begin before the key; what of it
    /// stands there is left out.
    #[must_use]
    pub fn in_key(&self, address: &Address) -> Option<Vec<Span>> {
        let key = address.key.as_str();
        if !self.spans_parts {
            let spans: Vec<Span> = self.regex.find_iter(key.as_bytes()).map(|hit| span(0, hit.range())).collect();
            return (!spans.is_empty()).then_some(spans);
        }
        let whole = address.to_string();
        let before = whole.len() - key.len();
        let (mut spans, mut from, mut found) = (Vec::new(), 0, false);
        // All of an address is ASCII.
        while let Some(hit) = self.regex.find_at(whole.as_bytes(), from) {
            // One that ends before the slash in front of the key says nothing of the key.
            from = if hit.end() < before { hit.start() + 1 } else { hit.end() };
            if hit.end() >= before {
                found = true;
                spans.push(span(before, hit.start().max(before)..hit.end()));
            }
        }
        spans.retain(|span| span.start < span.end);
        found.then_some(spans)
    }

    /// Where in a content the text stands, if the content is text and has it.
    #[must_use]
    pub fn in_content(&self, bytes: &[u8]) -> Option<InContent> {
        let hits: Vec<Range<usize>> = self.regex.find_iter(bytes).take(MATCHES_MAX).map(|hit| hit.range()).collect();
        hits.first()?;
        let text = std::str::from_utf8(bytes).ok()?;
        let (mut lines, mut rest) = (Vec::new(), hits.as_slice());
        let (mut number, mut at) = (1, 0);
        while let Some(first) = rest.first().filter(|_| lines.len() < LINES) {
            number += part(text, at..first.start).bytes().filter(|byte| *byte == b'\n').count() as u64;
            let begin = part(text, 0..first.start).rfind('\n').map_or(0, |end| end + 1);
            let end = part(text, first.end..text.len()).find('\n').map_or(text.len(), |length| first.end + length);
            let (here, later) = rest.split_at(rest.iter().take_while(|hit| hit.start < end).count());
            let line = part(text, begin..end);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let here: Vec<_> = here.iter().map(|hit| hit.start - begin..hit.end - begin).collect();
            lines.push(shown(number, line, &here));
            (at, rest) = (end, later);
        }
        Some(InContent { matches: hits.len(), lines })
    }
}

fn span(origin: usize, bytes: Range<usize>) -> Span {
    Span { start: bytes.start - origin, end: bytes.end - origin }
}

fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// Where the text begins that ends at a byte and has so many characters, or all of it.
fn back(text: &str, end: usize, chars: usize) -> usize {
    part(text, 0..end).char_indices().rev().take(chars).last().map_or(end, |(at, _)| at)
}

/// What is shown of a line: around the first hit, some of what is before it and more of what follows.
fn shown(number: u64, line: &str, hits: &[Range<usize>]) -> Line {
    let first = hits.first().cloned().unwrap_or_default();
    let width = part(line, first.clone()).chars().count();
    let room = SNIPPET_CHARS.saturating_sub(width);
    let lead = back(line, first.start, room / 3);
    let forward = |start: usize, chars: usize| {
        let mut all = part(line, start..line.len()).char_indices();
        all.nth(chars).map_or(line.len(), |(length, _)| start + length)
    };
    let end = forward(lead, width.max(SNIPPET_CHARS));
    // Where the line ends early there is room for more in front.
    let unused = width.max(SNIPPET_CHARS) - part(line, lead..end).chars().count();
    let start = back(line, lead, unused);
    let within = |hit: &Range<usize>| {
        let chars = |from: usize, to: usize| part(line, from..to).chars().count();
        let from = chars(start, hit.start);
        Span { start: from, end: from + chars(hit.start, hit.end.min(end)) }
    };
    Line {
        number,
        snippet: part(line, start..end).to_owned(),
        column: part(line, 0..start).chars().count() as u64 + 1,
        cut: end < line.len(),
        spans: hits.iter().filter(|hit| hit.start < end).map(within).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
    use proptest::prelude::*;

    fn needle(text: &str) -> Needle {
        Needle::parse(text).unwrap()
    }

    fn found(text: &str, content: &str) -> InContent {
        needle(text).in_content(content.as_bytes()).unwrap()
    }

    /// The parts of a snippet that its spans name.
    fn marked(line: &Line) -> Vec<String> {
        let chars: Vec<char> = line.snippet.chars().collect();
        line.spans.iter().map(|span| chars[span.start..span.end].iter().collect()).collect()
    }

    fn in_key(text: &str, key: &str) -> Option<Vec<(usize, usize)>> {
        let address = Address {
            environment: EnvironmentName::parse("dev").unwrap(),
            namespace: NamespaceName::parse("orders").unwrap(),
            key: EntryKey::parse(key).unwrap(),
        };
        let spans = needle(text).in_key(&address)?;
        Some(spans.iter().map(|span| (span.start, span.end)).collect())
    }

    #[test]
    fn a_text_of_one_line_and_200_characters_is_taken_verbatim() {
        for bad in ["", "a\nb", "a\rb", "\0", &"字".repeat(201)] {
            assert!(Needle::parse(bad).is_err(), "{bad:?}");
        }
        for good in [" ", "a.b*c[", "\\E", &"字".repeat(200)] {
            assert_eq!(found(good, &format!("x{good}x")).matches, 1, "{good:?}");
        }
        assert_eq!(needle("a.b").in_content(b"axb"), None);
    }

    #[test]
    fn case_is_folded_in_every_script() {
        for (text, content) in
            [("PORT", "port"), ("straße", "STRAßE"), ("ÄRGER", "ärger"), ("σ", "ς"), ("Привет", "ПРИВЕТ")]
        {
            assert_eq!(found(text, content).matches, 1, "{text} in {content}");
        }
        assert_eq!(needle("ss").in_content("ß".as_bytes()), None, "folding is simple: one character for one");
    }

    #[test]
    fn lines_are_numbered_from_one_and_end_without_their_ends() {
        let found = found("b", "a\r\nb\r\nabab\n\nb\nb\n");
        let lines: Vec<_> = found.lines.iter().map(|line| (line.number, line.snippet.as_str())).collect();
        assert_eq!((found.matches, lines), (5, vec![(2, "b"), (3, "abab"), (5, "b")]));
        assert_eq!(found.lines[1].spans, [Span { start: 1, end: 2 }, Span { start: 3, end: 4 }]);
    }

    #[test]
    fn a_snippet_of_a_long_chinese_line_is_cut_between_characters() {
        let line = format!("{}超时{}", "配".repeat(500), "置".repeat(500));
        let shown = &found("超时", &line).lines[0];
        assert_eq!(shown.snippet.chars().count(), SNIPPET_CHARS);
        assert_eq!(marked(shown), ["超时"]);
        assert_eq!((shown.column, shown.cut), (449, true));
        let at_end = &found("超时", &format!("{}超时", "配".repeat(500))).lines[0];
        assert_eq!((at_end.snippet.chars().count(), at_end.cut), (SNIPPET_CHARS, false));
        assert_eq!(marked(at_end), ["超时"]);
    }

    #[test]
    fn a_hit_longer_than_a_snippet_is_shown_whole() {
        let long = "x".repeat(190);
        assert_eq!(marked(&found(&long, &format!("{}{long}{}", "a".repeat(300), "b".repeat(300))).lines[0]), [long]);
    }

    #[test]
    fn places_are_counted_up_to_a_thousand() {
        assert_eq!(found("a", &"a".repeat(5000)).matches, MATCHES_MAX);
    }

    #[test]
    fn what_is_not_text_is_not_shown() {
        assert_eq!(needle("a").in_content(b"a\xff"), None);
    }

    #[test]
    fn a_text_with_a_slash_may_begin_before_the_key_but_has_to_reach_it() {
        assert_eq!(in_key("app", "APP/app.yaml"), Some(vec![(0, 3), (4, 7)]));
        assert_eq!(in_key("orders", "app.yaml"), None, "the namespace is no key");
        assert_eq!(in_key("dev/orders", "app.yaml"), None, "nor is the address before it");
        assert_eq!(in_key("orders/app", "app.yaml"), Some(vec![(0, 3)]));
        assert_eq!(in_key("Dev/Orders/App.y", "app.yaml"), Some(vec![(0, 5)]));
        assert_eq!(in_key("orders/", "app.yaml"), Some(vec![]), "all keys of a namespace");
        assert_eq!(in_key("p/a", "app/app/app.yaml"), Some(vec![(2, 5), (6, 9)]));
        assert_eq!(in_key("s/s", "s/x"), Some(vec![(0, 1)]));
    }

    proptest! {
        #[test]
        fn a_snippet_is_a_part_of_its_line_and_its_spans_are_the_text(
            text in "[ab字ß/ ]{1,12}", content in "([ab字ß/ ]{0,300}(\r?\n)?){0,6}"
        ) {
            let lower = |text: &str| text.to_lowercase();
            if let Some(found) = needle(&text).in_content(content.as_bytes()) {
                let lines: Vec<&str> = content.split('\n').collect();
                prop_assert!(found.matches > 0 && !found.lines.is_empty());
                for line in &found.lines {
                    let whole: Vec<char> = lines[usize::try_from(line.number).unwrap() - 1].trim_end_matches('\r').chars().collect();
                    let from = usize::try_from(line.column).unwrap() - 1;
                    let length = line.snippet.chars().count();
                    prop_assert!(length <= SNIPPET_CHARS);
                    prop_assert_eq!(line.snippet.chars().collect::<Vec<_>>(), whole[from..from + length].to_vec());
                    prop_assert_eq!(line.cut, from + length < whole.len());
                    prop_assert_eq!(lower(&marked(line)[0]), lower(&text));
                }
            } else {
                prop_assert!(!lower(&content).contains(&lower(&text)));
            }
        }
    }
}
