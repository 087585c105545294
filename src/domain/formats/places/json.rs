//! Places in JSON. The text was judged before: here only its shape is followed.

use super::{Place, Wanted};
use crate::domain::formats::{MAX_DEPTH, json};

pub(super) fn find(text: &str, wanted: &Wanted<'_>) -> Option<Vec<Place>> {
    json::parse(text).ok()?;
    let mut walk = Walk { text, at: 0, path: Vec::new(), wanted, found: Vec::new() };
    walk.value(0)?;
    Some(walk.found)
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    path: Vec<String>,
    wanted: &'a Wanted<'a>,
    found: Vec<Place>,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, of: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&of) {
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Passes a value, and notes it when it is wanted; what is in it is then not looked at.
    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_space();
        let start = self.at;
        let is_wanted = self.wanted.is(&self.path);
        let before = self.found.len();
        match self.peek()? {
            b'{' => self.members(depth)?,
            b'[' => self.items(depth)?,
            b'"' => drop(self.string()?),
            _ => self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')),
        }
        if is_wanted {
            self.found.truncate(before);
            self.found.push(Place { path: self.path.clone(), span: start..self.at });
        }
        Some(())
    }

    fn members(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b','));
            if self.peek()? == b'}' {
                self.at += 1;
                return Some(());
            }
            let name = self.string()?;
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b':'));
            self.path.push(name);
            self.value(depth + 1)?;
            self.path.pop();
        }
    }

    fn items(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        for index in 0_usize.. {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b','));
            if self.peek()? == b']' {
                break;
            }
            self.path.push(index.to_string());
            self.value(depth + 1)?;
            self.path.pop();
        }
        self.at += 1;
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        loop {
            self.skip(|byte| byte != b'"' && byte != b'\\');
            match self.peek()? {
                b'"' => break,
                // The escaped character may be a quote; what else belongs to the escape is like any other character.
                _ => self.at += 2,
            }
        }
        self.at += 1;
        serde_json::from_str(self.text.get(start..self.at)?).ok()
    }
}
