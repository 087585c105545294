//! What people and programs read: results on standard output, everything else on standard error.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::cli::user::paint::{self, STRONG, WARNING, paint, plain};

/// Terminals of fewer columns get tables as they are.
const NARROW: u16 = 60;

/// The streams of a command.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Output {
    /// Results are JSON as it was on the wire.
    pub(in crate::cli) json: bool,
    pub(in crate::cli) color: ColorChoice,
}

impl Output {
    fn stdout(self) -> AutoStream<io::Stdout> {
        AutoStream::new(io::stdout(), self.color)
    }

    fn stderr(self) -> AutoStream<io::Stderr> {
        AutoStream::new(io::stderr(), self.color)
    }

    /// A line of a result.
    pub(in crate::cli) fn line(self, text: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.stdout(), "{text}")
    }

    /// Bytes of a result, as they are.
    #[expect(clippy::unused_self, reason = "read beside the other results")]
    pub(in crate::cli) fn bytes(self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// A result as JSON.
    pub(in crate::cli) fn json(self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// A result for people as a table, wrapped to the terminal.
    pub(in crate::cli) fn table<const N: usize>(
        self,
        header: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        // A terminal that does not tell its width, or is very narrow, is better off with long lines.
        if table.width().is_some_and(|width| width < NARROW) {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
        table.set_header(header);
        for row in rows {
            table.add_row(row.map(|cell| plain(&cell).into_owned()));
        }
        // What names a row is there to be copied, so it is never cut in two.
        if let Some(first) = table.column_mut(0) {
            first.set_constraint(ColumnConstraint::ContentWidth);
        }
        for (number, line) in table.lines().enumerate() {
            let line = line.strip_prefix(' ').unwrap_or(&line).trim_end();
            if number == 0 {
                self.line(paint(STRONG, line))?;
            } else {
                self.line(line)?;
            }
        }
        Ok(())
    }

    /// A unified diff: coloured and made safe on a terminal, verbatim in a file.
    pub(in crate::cli) fn diff(self, unified: &str) -> io::Result<()> {
        let mut stdout = self.stdout();
        if io::stdout().is_terminal() || stdout.current_choice() != ColorChoice::Never {
            write!(stdout, "{}", paint::diff(unified))
        } else {
            self.bytes(unified.as_bytes())
        }
    }

    /// A unified diff that a question is about: beside the result, when that is JSON.
    pub(in crate::cli) fn preview(self, unified: &str) -> io::Result<()> {
        if self.json { write!(self.stderr(), "{}", paint::diff(unified)) } else { self.diff(unified) }
    }

    /// Something beside the result, for the person who waits.
    pub(in crate::cli) fn note(self, text: impl std::fmt::Display) {
        // A closed error stream has no reader to miss it.
        let _ = writeln!(self.stderr(), "{text}");
    }

    /// Something that is probably not meant.
    pub(in crate::cli) fn warn(self, text: impl std::fmt::Display) {
        self.note(format_args!("{} {text}", paint(WARNING, "warning:")));
    }

    /// Whether a person sits there who can be asked.
    #[expect(clippy::unused_self, reason = "read beside the questions")]
    pub(in crate::cli) fn interactive(self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks for a line; none at the end of the input.
    pub(in crate::cli) fn ask(self, question: &str) -> io::Result<Option<String>> {
        let mut stderr = self.stderr();
        write!(stderr, "{question} ")?;
        stderr.flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            self.note("");
            return Ok(None);
        }
        Ok(Some(line.trim().to_owned()))
    }

    /// Asks a question whose answer is no unless it is yes.
    pub(in crate::cli) fn confirm(self, question: &str) -> io::Result<bool> {
        let answer = self.ask(&format!("{question} [y/N]"))?;
        Ok(answer.is_some_and(|answer| matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes")))
    }
}
