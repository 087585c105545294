//! Errors as people read them, on standard error.

use std::fmt::Write as _;

use crate::api::problem::{Code, Problem};
use crate::api::revisions::{ConflictView, SideView};
use crate::cli::user::output::Output;
use crate::cli::user::paint::{self, ERROR, FAINT, PLACE, paint, plain};
use crate::client::ClientError;
use crate::domain::diff;

/// What to do about a problem, where the command line has an answer that the API has not.
const HINTS: &[(Code, &str)] = &[
    (Code::Unauthenticated, "log in with: pintle login, or set PINTLE_TOKEN"),
    (Code::PasswordChangeRequired, "this is a one-time password: pintle login on a terminal asks for a new one"),
    (Code::MessageRequired, "say why with -m MESSAGE"),
    (
        Code::PreconditionRequired,
        "say which revision was looked at with --if-revision N (pintle ls shows it), or --force",
    ),
    (Code::Frozen, "pintle env show tells who froze it and why; rollback and revert still work"),
    (Code::Held, "the store was restored; pintle resume lets its instances follow it"),
    (Code::OutcomeUnknown, "look at pintle history before trying again"),
];

/// Tells of an error.
pub(super) fn tell(out: Output, error: &anyhow::Error) {
    let heading = paint(ERROR, "error:");
    if let Some(ClientError::Problem(problem)) = error.downcast_ref::<ClientError>() {
        // Words put around the problem by the command, such as how far it came.
        let outer = error.to_string();
        if outer != problem.to_string() {
            out.note(format_args!("{heading} {}", plain(&outer)));
        }
        out.note(format_args!("{heading} {}", text(problem).trim_end()));
    } else {
        let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
        let lines = chain.join(": ").lines().map(plain).collect::<Vec<_>>().join("\n");
        out.note(format_args!("{heading} {lines}"));
    }
}

/// A problem with everything that helps to solve it.
fn text(problem: &Problem) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail, so the results below are not looked at.
    let _ = match problem.detail.as_deref() {
        Some(detail) => writeln!(text, "{} ({})", plain(detail), problem.code.as_str()),
        None => writeln!(text, "{} ({})", plain(&problem.title), problem.code.as_str()),
    };
    for field in &problem.fields {
        let place = match (field.line, field.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", field.field),
            (_, _) => field.field.clone(),
        };
        let _ = writeln!(text, "  {}: {}", paint(PLACE, plain(&place)), plain(&field.problem));
    }
    if let Some(action) = &problem.action {
        let target = problem.target.as_deref().unwrap_or("the store");
        let _ = writeln!(text, "  missing: {} on {}", plain(action), plain(target));
    }
    if !problem.who_can.is_empty() {
        let _ = writeln!(text, "  who can: {}", plain(&problem.who_can.join(", ")));
    }
    if !problem.who_can_grant.is_empty() {
        let _ = writeln!(text, "  who can grant it: {}", plain(&problem.who_can_grant.join(", ")));
    }
    for conflict in &problem.conflicts {
        text.push_str(&conflict_text(conflict));
    }
    for conflict in &problem.revert_conflicts {
        let state = match conflict.current {
            0 => "was deleted since".to_owned(),
            revision => format!("was changed since, by revision {revision}"),
        };
        let _ = writeln!(text, "  {} {state}", paint(PLACE, plain(&conflict.item)));
    }
    if let Some(impact) = &problem.impact {
        let _ = writeln!(text, "  would delete {}", paint::count(impact.entries, "entry", "entries"));
    }
    if let Some(hint) = hint(problem.code) {
        let _ = writeln!(text, "  {hint}");
    }
    if !problem.request_id.is_empty() {
        let _ = writeln!(text, "  {}", paint(FAINT, format_args!("request {}", plain(&problem.request_id))));
    }
    text
}

/// One conflict: what happened, and how the two texts differ.
fn conflict_text(conflict: &ConflictView) -> String {
    let address = format!("{}/{}/{}", conflict.env, conflict.namespace, conflict.key);
    let happened = match (conflict.expected, conflict.current) {
        (0, current) => format!("was to be new, and exists since revision {current}"),
        (expected, 0) => format!("was edited from revision {expected}, and is deleted now"),
        (expected, current) => format!("was edited from revision {expected}, and is at {current} now"),
    };
    let mut text = format!("  {} {happened}\n", paint(PLACE, plain(&address)));
    let side = |side: &Option<SideView>| match side {
        None => Some(None),
        // Absent text means bytes, which have no lines to compare.
        Some(side) => side.content.content.clone().map(Some),
    };
    match (side(&conflict.theirs), side(&conflict.yours)) {
        (Some(theirs), Some(yours)) if theirs != yours => {
            let unified = diff::unified(theirs.as_deref(), yours.as_deref(), "theirs", "yours");
            text.push_str(&paint::diff(&unified));
        }
        (Some(_), Some(_)) => text.push_str("  both texts are the same\n"),
        (_, _) => text.push_str("  at least one side is not text\n"),
    }
    text
}

fn hint(code: Code) -> Option<&'static str> {
    HINTS.iter().find(|(hinted, _)| *hinted == code).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::entries::ContentView;
    use crate::api::problem::FieldProblem;
    use crate::domain::formats::Format;

    fn side(revision: Option<u64>, text: &str) -> SideView {
        SideView { revision, format: Format::Yaml, sealed: false, content: ContentView::of(text.as_bytes()) }
    }

    #[test]
    fn a_syntax_error_is_told_with_its_line_and_column() {
        let mut field = FieldProblem::new("content", "expected a value");
        (field.line, field.column) = (Some(3), Some(7));
        let problem = Problem::new(Code::InvalidContent, None).with_fields(vec![field]);
        assert!(anstream::adapter::strip_str(&text(&problem)).to_string().contains("content:3:7: expected a value"));
    }

    #[test]
    fn a_denial_names_the_right_and_who_has_it() {
        let mut problem = Problem::new(Code::Denied, None);
        problem.action = Some("publish".to_owned());
        problem.target = Some("prod/orders".to_owned());
        problem.who_can = vec!["ann".to_owned(), "bob".to_owned()];
        let text = text(&problem);
        assert!(text.contains("missing: publish on prod/orders") && text.contains("who can: ann, bob"), "{text}");
    }

    #[test]
    fn a_conflict_shows_what_is_there_against_what_was_sent() {
        let conflict = ConflictView {
            env: "dev".to_owned(),
            namespace: "orders".to_owned(),
            key: "a.yaml".to_owned(),
            expected: 3,
            current: 5,
            theirs: Some(side(Some(5), "port: 1\n")),
            yours: Some(side(None, "port: 2\n")),
        };
        let text = anstream::adapter::strip_str(&conflict_text(&conflict)).to_string();
        assert!(text.contains("dev/orders/a.yaml was edited from revision 3, and is at 5 now"), "{text}");
        assert!(text.contains("-port: 1\n+port: 2"), "{text}");
    }

    #[test]
    fn a_problem_cannot_drive_the_terminal() {
        let problem = Problem::new(Code::Invalid, "\x1b[2J".to_owned());
        assert!(!anstream::adapter::strip_str(&text(&problem)).to_string().contains('\x1b'));
        assert!(text(&problem).contains("␛[2J"));
    }
}
