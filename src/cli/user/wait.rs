//! `--wait` and `wait`: until the instances run a revision.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use crate::api::entries::WriteView;
use crate::api::instances::{Outcome, Presence, ReceiptsView, RevisionReceipt};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::output::Output;
use crate::cli::user::paint::{self, plain};
use crate::cli::user::writes;
use crate::client::{Client, ClientError};

/// How often the receipts are looked at, at most.
const PERIOD: Duration = Duration::from_millis(250);
/// Instances of each kind that are named at the end; the rest is counted.
const NAMED: usize = 20;
/// Lines of a check's output that are shown, from its end.
const OUTPUT_LINES: usize = 10;

/// How many of the instances that count must run the revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share(u64);

/// The text is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1% to 100%")]
pub(super) struct NotAShare;

impl FromStr for Share {
    type Err = NotAShare;
    fn from_str(text: &str) -> Result<Self, NotAShare> {
        let number = text.strip_suffix('%').unwrap_or(text).parse().map_err(|_| NotAShare)?;
        if (1..=100).contains(&number) { Ok(Self(number)) } else { Err(NotAShare) }
    }
}

impl Share {
    /// So many of `counted`, rounded up.
    fn of(self, counted: u64) -> u64 {
        counted.saturating_mul(self.0).div_ceil(100)
    }
}

/// The text is no span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number with ms, s, m or h, such as 500ms, 30s or 5m")]
pub(super) struct NotASpan;

fn span(text: &str) -> Result<Duration, NotASpan> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text.get(digits.len()..) {
        Some("ms") => 1,
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        _ => return Err(NotASpan),
    };
    let number: u64 = digits.parse().map_err(|_| NotASpan)?;
    number.checked_mul(unit).map(Duration::from_millis).ok_or(NotASpan)
}

/// `--wait`, of every command that publishes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Wait {
    /// Wait until so many of the instances that are there, and see a change of it, run the new revision
    #[arg(long = "wait", value_name = "100%")]
    share: Option<Share>,
    /// How long to wait at most; then the command ends with 5
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = span, requires = "share")]
    timeout: Duration,
    /// Wait also until so many instances are there to be counted
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, requires = "share")]
    min: u64,
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct WaitArgs {
    /// The revision
    revision: u64,
    /// How many of the instances that were there when it was committed, and still are
    #[arg(long = "wait", value_name = "100%", default_value = "100%", hide_default_value = true)]
    share: Share,
    /// How long to wait at most; then the command ends with 5
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = span)]
    timeout: Duration,
    /// Wait also until so many instances are there to be counted
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    min: u64,
}

/// Waits for a revision that is there already.
pub(super) async fn run(context: &Context<'_>, args: WaitArgs) -> Result<Exit> {
    let goal = Goal { share: args.share, min: args.min };
    let (exit, view) = follow(context.out, &context.client()?, args.revision, goal, args.timeout).await?;
    if context.out.json {
        context.out.json(&view)?;
    }
    Ok(exit)
}

impl Wait {
    /// Tells what a write did, and waits for it when that was asked for.
    pub(super) async fn report(self, context: &Context<'_>, client: &Client, written: &WriteView) -> Result<Exit> {
        let exit = writes::report(context.out, written)?;
        if written.dry_run || written.changed == 0 {
            return Ok(exit);
        }
        self.after(context.out, client, written.revision, exit).await
    }

    /// Waits for a revision when that was asked for; otherwise the end is `exit`.
    pub(super) async fn after(self, out: Output, client: &Client, revision: u64, exit: Exit) -> Result<Exit> {
        let Some(share) = self.share else { return Ok(exit) };
        let goal = Goal { share, min: self.min };
        Ok(follow(out, client, revision, goal, self.timeout).await?.0)
    }
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
struct Goal {
    share: Share,
    min: u64,
}

/// What receipts mean for a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Reached,
    /// Nobody is there whom it concerns.
    Alone,
    /// So many rejected it that the goal cannot be reached.
    Rejected,
    /// A rollback came in between.
    Superseded(u64),
    Pending,
}

impl Goal {
    fn judge(self, view: &ReceiptsView) -> Verdict {
        let needed = self.share.of(view.counted);
        match view.superseded_by {
            Some(revision) => Verdict::Superseded(revision),
            None if view.counted < self.min => Verdict::Pending,
            None if view.counted == 0 => Verdict::Alone,
            None if view.applied >= needed => Verdict::Reached,
            None if view.counted - view.rejected.min(view.counted) < needed => Verdict::Rejected,
            None => Verdict::Pending,
        }
    }
}

/// Follows the receipts of a revision until the goal is reached, cannot be reached, or the time is over.
async fn follow(
    out: Output,
    client: &Client,
    revision: u64,
    goal: Goal,
    timeout: Duration,
) -> Result<(Exit, ReceiptsView)> {
    let until = Instant::now() + timeout;
    let progress = Progress::new(out, revision);
    let mut last = None;
    loop {
        let looks = Instant::now();
        // A look that lasts beyond the end is given up, once there was one.
        let looked = tokio::time::timeout_at(until.max(Instant::now() + PERIOD), client.get_receipts(revision)).await;
        match looked {
            Ok(Ok(view)) => {
                progress.show(&view);
                let verdict = goal.judge(&view);
                if verdict != Verdict::Pending || Instant::now() >= until {
                    progress.end();
                    return Ok((tell(out, goal, verdict, &view), view));
                }
                last = Some(view);
            }
            Ok(Err(error)) if Instant::now() >= until || !is_passing(&error) => {
                progress.end();
                return over(out, goal, last, error);
            }
            // A server that is away may be back in time.
            Ok(Err(_)) => {}
            Err(_) => {
                progress.end();
                let server = client.server().to_string();
                return over(
                    out,
                    goal,
                    last,
                    ClientError::AnswerLost { server, cause: "no answer in time".to_owned() },
                );
            }
        }
        // A server that has many instances to look through is asked less often.
        tokio::time::sleep_until(until.min(Instant::now() + PERIOD.max(looks.elapsed()))).await;
    }
}

/// The time is over and the server does not answer: what was seen last counts.
fn over(out: Output, goal: Goal, last: Option<ReceiptsView>, error: ClientError) -> Result<(Exit, ReceiptsView)> {
    match last {
        Some(view) => {
            out.warn(format_args!("the server did not answer at the end: {error}"));
            Ok((tell(out, goal, Verdict::Pending, &view), view))
        }
        None => Err(error.into()),
    }
}

fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable { .. } | ClientError::AnswerLost { .. } => true,
        ClientError::Problem(problem) => problem.status == 503 || problem.status == 429,
        ClientError::Unexpected { status, .. } => matches!(status, 502..=504),
        ClientError::TokenFile { .. }
        | ClientError::Server { .. }
        | ClientError::Token
        | ClientError::Message
        | ClientError::Setup(_) => false,
    }
}

/// Says how it ended, and names the instances that are missing or rejected it.
fn tell(out: Output, goal: Goal, verdict: Verdict, view: &ReceiptsView) -> Exit {
    let revision = view.revision;
    let exit = match verdict {
        Verdict::Alone => {
            out.warn(format_args!("no instance is there that sees revision {revision}; --min N waits for some"));
            return Exit::Done;
        }
        Verdict::Reached => {
            out.note(format_args!("revision {revision} is applied by {}", summary(view)));
            Exit::Done
        }
        Verdict::Rejected => {
            out.note(format_args!("revision {revision} was rejected: {}", summary(view)));
            Exit::Rejected
        }
        Verdict::Superseded(by) => {
            out.note(format_args!("revision {revision} was taken back by revision {by}: {}", summary(view)));
            Exit::Superseded
        }
        Verdict::Pending => {
            out.note(format_args!("revision {revision} was not reached in time: {}", summary(view)));
            if view.counted < goal.min {
                let there = paint::count(view.counted, "instance is", "instances are");
                out.note(format_args!("  {there} there, --min wants {}", goal.min));
            }
            Exit::TimedOut
        }
    };
    let of = |outcome| view.instances.iter().filter(move |instance| instance.outcome == outcome);
    name(out, of(Outcome::Rejected), view.rejected);
    name(out, of(Outcome::Pending), view.pending);
    exit
}

fn summary(view: &ReceiptsView) -> String {
    let mut text = format!("{} of {}", view.applied, paint::count(view.counted, "instance", "instances"));
    for (count, word) in [(view.rejected, "rejected it"), (view.pending, "missing")] {
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    text
}

fn name<'a>(out: Output, instances: impl Iterator<Item = &'a RevisionReceipt>, count: u64) {
    let mut named = 0;
    for instance in instances.take(NAMED) {
        named += 1;
        out.note(format_args!("  {}", plain(&line(instance))));
        let output = instance.receipt.as_ref().and_then(|receipt| receipt.output.as_deref()).unwrap_or_default();
        let lines: Vec<&str> = output.trim_end().lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(OUTPUT_LINES)) {
            out.note(format_args!("    {}", plain(line)));
        }
    }
    if count > named {
        out.note(format_args!("  … and {} more", count - named));
    }
}

/// How one instance stands to the revision. Writing to a string cannot fail.
fn line(instance: &RevisionReceipt) -> String {
    let RevisionReceipt { environment, id, outcome, receipt, revision, presence, .. } = instance;
    let mut text = format!("{environment} {id}: ");
    let reason = receipt.as_ref().and_then(|receipt| receipt.reason.as_deref());
    match (*outcome, receipt) {
        (Outcome::Rejected, Some(receipt)) => {
            // It may have tried a newer one instead.
            let _ = write!(text, "rejected revision {}", receipt.revision);
        }
        (Outcome::Rejected, None) => text.push_str("rejected"),
        (_, Some(receipt)) => text.push_str(receipt.stage.as_str()),
        (_, None) => text.push_str("nothing heard"),
    }
    if let Some(reason) = reason {
        let _ = write!(text, ", {reason}");
    }
    match revision {
        Some(revision) => {
            let _ = write!(text, "; runs revision {revision}");
        }
        None => text.push_str("; has not applied anything"),
    }
    if *presence == Presence::Late {
        text.push_str("; its stream is closed");
    }
    text
}

/// Shows how far it got: a bar on a terminal, else a line each time that something moved.
struct Progress {
    out: Output,
    bar: Option<ProgressBar>,
    shown: RefCell<String>,
}

impl Progress {
    fn new(out: Output, revision: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0).with_message(format!("revision {revision}"));
            match ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} instances") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { out, bar, shown: RefCell::default() }
    }

    fn show(&self, view: &ReceiptsView) {
        let text = summary(view);
        if let Some(bar) = &self.bar {
            bar.set_length(view.counted);
            bar.set_position(view.applied);
        } else if view.counted > 0 && *self.shown.borrow() != text {
            self.out.note(format_args!("revision {}: {text}", view.revision));
        }
        self.shown.replace(text);
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(share: u64, min: u64, counts: [u64; 3], superseded_by: Option<u64>) -> Verdict {
        let [applied, rejected, pending] = counts;
        let counted = applied + rejected + pending;
        let instances = Vec::new();
        let view = ReceiptsView { revision: 7, counted, applied, rejected, pending, superseded_by, instances };
        Goal { share: Share(share), min }.judge(&view)
    }

    #[test]
    fn a_goal_is_a_share_of_those_that_count() {
        assert_eq!(judge(100, 0, [3, 0, 0], None), Verdict::Reached);
        assert_eq!(judge(100, 0, [2, 0, 1], None), Verdict::Pending);
        assert_eq!(judge(50, 0, [2, 1, 1], None), Verdict::Reached);
        assert_eq!(judge(50, 0, [1, 0, 2], None), Verdict::Pending, "half of three is two");
        assert_eq!(judge(1, 0, [0, 0, 9], None), Verdict::Pending);
    }

    #[test]
    fn rejections_end_the_waiting_once_the_goal_is_out_of_reach() {
        assert_eq!(judge(100, 0, [2, 1, 5], None), Verdict::Rejected);
        assert_eq!(judge(50, 0, [0, 1, 3], None), Verdict::Pending);
        assert_eq!(judge(50, 0, [0, 3, 1], None), Verdict::Rejected);
    }

    #[test]
    fn nobody_is_enough_unless_some_are_wanted() {
        assert_eq!(judge(100, 0, [0, 0, 0], None), Verdict::Alone);
        assert_eq!(judge(100, 2, [0, 0, 0], None), Verdict::Pending);
        assert_eq!(judge(100, 2, [1, 0, 0], None), Verdict::Pending);
        assert_eq!(judge(100, 2, [2, 0, 0], None), Verdict::Reached);
    }

    #[test]
    fn a_rollback_ends_the_waiting() {
        assert_eq!(judge(100, 0, [3, 0, 0], Some(9)), Verdict::Superseded(9));
    }

    #[test]
    fn shares_and_spans_are_read_and_bounded() {
        assert_eq!("100%".parse(), Ok(Share(100)));
        assert_eq!("7".parse(), Ok(Share(7)));
        for bad in ["", "%", "0%", "101%", "-1%", "half"] {
            assert_eq!(bad.parse::<Share>(), Err(NotAShare), "{bad}");
        }
        assert_eq!(span("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("2h"), Ok(Duration::from_hours(2)));
        for bad in ["", "30", "s", "1d", "-1s", "18446744073709551615h"] {
            assert_eq!(span(bad), Err(NotASpan), "{bad}");
        }
    }
}
