//! Colours, and making foreign text safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

pub(in crate::cli) const ADDED: Style = AnsiColor::Green.on_default();
pub(in crate::cli) const REMOVED: Style = AnsiColor::Red.on_default();
pub(in crate::cli) const CHANGED: Style = AnsiColor::Yellow.on_default();
pub(in crate::cli) const PLACE: Style = AnsiColor::Cyan.on_default();
pub(in crate::cli) const STRONG: Style = Style::new().bold();
pub(in crate::cli) const FAINT: Style = Style::new().dimmed();
pub(in crate::cli) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(in crate::cli) const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// A text in a style.
pub(in crate::cli) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A text without control characters: they are shown as pictures, so that nobody's entry or message drives the terminal.
pub(in crate::cli) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() && c != '\t') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(picture).collect())
}

fn picture(c: char) -> char {
    match c {
        '\t' => c,
        '\u{0}'..='\u{1f}' => char::from_u32(u32::from(c) + 0x2400).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// A unified diff in colours, safe for a terminal.
pub(in crate::cli) fn diff(unified: &str) -> String {
    let mut painted = String::with_capacity(unified.len() * 2);
    let mut heading = true;
    for line in unified.lines() {
        heading &= !line.starts_with("@@");
        let style = match line.bytes().next() {
            Some(b'-' | b'+') if heading => STRONG,
            Some(b'@') => PLACE,
            Some(b'-') => REMOVED,
            Some(b'+') => ADDED,
            Some(b'\\') => FAINT,
            Some(_) | None => Style::new(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(painted, "{style}{}{style:#}", plain(line));
    }
    painted
}

/// A number of bytes, short.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(in crate::cli) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut number = bytes as f64 / 1024.0;
    let mut units = UNITS.into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if number < 1024.0 {
            break;
        }
        number /= 1024.0;
        unit = larger;
    }
    format!("{number:.1} {unit}")
}

/// A number with its noun, in the plural when it is not one.
pub(in crate::cli) fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_drives_the_terminal() {
        assert_eq!(plain("a\x1b[2Jb\r\n"), "a␛[2Jb␍␊");
        assert_eq!(plain("a\tb 放"), "a\tb 放");
        assert_eq!(plain("\u{9b}2J\u{7f}"), "\u{fffd}2J\u{2421}");
        assert!(!diff("@@ -1 +1 @@\n-\x1b]0;x\x07\n").contains('\x07'));
    }

    #[test]
    fn only_the_lines_before_the_first_hunk_are_headings() {
        let painted = diff("--- a\n+++ b\n@@ -1 +1 @@\n--- text\n+++ text\n");
        let lines: Vec<_> = painted.lines().collect();
        assert_eq!(lines[0], paint(STRONG, "--- a"));
        assert_eq!(lines[3], paint(REMOVED, "--- text"));
        assert_eq!(lines[4], paint(ADDED, "+++ text"));
    }

    #[test]
    fn sizes_have_the_unit_that_reads_best() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(8 << 20), "8.0 MiB");
        assert_eq!(size(3 << 50), "3072.0 TiB");
    }
}
