//! `diff`, and how differences are shown everywhere.

use std::io;

use anyhow::Result;
use serde_json::Value;

use crate::api::revisions::{DiffEntryView, DiffSide, DiffView, Difference, EntryDiff};
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::history;
use crate::cli::user::output::Output;
use crate::cli::user::paint::{self, ADDED, CHANGED, REMOVED, STRONG, paint, plain};
use crate::cli::user::target::{self, Scope};
use crate::cli::user::when::Moment;
use crate::client::DiffQuery;
use crate::domain::diff::ValueChange;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};

/// The longest value in a table, in characters.
const VALUE_LENGTH: usize = 200;

#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// ENV[/NS[/KEY]] with --from; NS[/KEY] with --from-env; or a revision, which is shown like `show` does
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// Left: a revision, an instant, a day, or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN")]
    from: Option<Moment>,
    /// Right, written alike; the head when absent
    #[arg(long, value_name = "WHEN")]
    to: Option<Moment>,
    /// Left: an environment
    #[arg(long, value_name = "ENV", requires = "to_env", value_parser = EnvironmentName::parse)]
    from_env: Option<EnvironmentName>,
    /// Right: an environment
    #[arg(long, value_name = "ENV", requires = "from_env", value_parser = EnvironmentName::parse)]
    to_env: Option<EnvironmentName>,
    /// Show which values changed, instead of lines
    #[arg(long)]
    values: bool,
}

/// Compares; ends with [`Exit::Differences`] when there are any.
pub(super) async fn run(context: &Context<'_>, args: DiffArgs) -> Result<Exit> {
    let values = args.values;
    let (query, key) = match question(context, args)? {
        Question::Revision(revision) => return history::show(context, revision, values).await,
        Question::Compare(query, key) => (query, key),
    };
    let mut view = context.client()?.diff(&query).await?;
    if let Some(key) = key {
        view.entries.retain(|entry| entry.key == key.as_str());
    }
    let exit = Exit::of_comparison(view.entries.is_empty());
    if context.out.json {
        context.out.json(&view)?;
    } else {
        show(context.out, &view, values)?;
    }
    Ok(exit)
}

enum Question {
    Revision(u64),
    Compare(DiffQuery, Option<EntryKey>),
}

fn question(context: &Context<'_>, args: DiffArgs) -> Result<Question> {
    let now = context.surroundings.now;
    let (from, to) = (args.from.map(|moment| moment.at(now)), args.to.map(|moment| moment.at(now)));
    if let (Some(from_environment), Some(to_environment)) = (args.from_env, args.to_env) {
        let (namespace, key) = args.target.as_deref().map(namespace_and_key).transpose()?.unzip();
        let query = DiffQuery::Environments { from_environment, to_environment, namespace, from, to };
        return Ok(Question::Compare(query, key.flatten()));
    }
    let Some(text) = args.target else {
        return Err(Stop::usage("say what to compare: ENV[/NS[/KEY]] --from WHEN, or --from-env A --to-env B").into());
    };
    let Some(from) = from else {
        // Nobody names an environment by digits alone; with --from it could be said even so.
        let revision = text.parse().map_err(|_| Stop::usage("say since when: --from WHEN"))?;
        return Ok(Question::Revision(revision));
    };
    let Scope { environment, namespace, key } =
        target::scope(&text).map_err(|error| Stop::usage(format!("{text:?}: {error}")))?;
    Ok(Question::Compare(DiffQuery::Moments { environment, namespace, from, to }, key))
}

fn namespace_and_key(text: &str) -> Result<(NamespaceName, Option<EntryKey>)> {
    let bad = |error| Stop::usage(format!("{text:?}: {error}; with --from-env write NS or NS/KEY"));
    let (namespace, key) = text.split_once('/').map_or((text, None), |(namespace, key)| (namespace, Some(key)));
    let namespace = NamespaceName::parse(namespace).map_err(bad)?;
    Ok((namespace, key.map(EntryKey::parse).transpose().map_err(bad)?))
}

/// Shows a comparison to people.
pub(super) fn show(out: Output, view: &DiffView, values: bool) -> io::Result<()> {
    let side = |side: &DiffSide| format!("{} at {}", side.env, side.revision);
    if view.entries.is_empty() {
        return out.line(format_args!("no differences from {} to {}", side(&view.from), side(&view.to)));
    }
    for entry in &view.entries {
        out.line(heading(entry))?;
        show_entry(out, &entry.diff, values)?;
    }
    let count = paint::count(view.entries.len(), "entry differs", "entries differ");
    out.line(paint(STRONG, format_args!("{count} from {} to {}", side(&view.from), side(&view.to))))
}

fn heading(entry: &DiffEntryView) -> String {
    let (word, style) = match entry.difference {
        Difference::Added => ("added", ADDED),
        Difference::Removed => ("removed", REMOVED),
        Difference::Changed => ("changed", CHANGED),
    };
    format!("{} {}/{}", paint(style, word), plain(&entry.namespace), plain(&entry.key))
}

/// Shows how one entry differs, by lines or by values.
pub(super) fn show_entry(out: Output, diff: &EntryDiff, values: bool) -> io::Result<()> {
    if diff.format_only {
        return out.line("  only its format changed");
    }
    match (&diff.values, &diff.unified) {
        (Some(changes), _) if values && !changes.is_empty() => show_values(out, changes),
        (Some(_), _) if values => out.line("  no value changed"),
        (_, Some(unified)) => out.diff(unified),
        (_, None) => out.line("  it is not text"),
    }
}

fn show_values(out: Output, changes: &[ValueChange]) -> io::Result<()> {
    let rows =
        changes.iter().map(|change| [place(&change.path), value(change.from.as_ref()), value(change.to.as_ref())]);
    out.table(["VALUE", "BEFORE", "AFTER"], rows)
}

/// The empty pointer is the whole document.
fn place(path: &str) -> String {
    if path.is_empty() { "(all)".to_owned() } else { path.to_owned() }
}

fn value(value: Option<&Value>) -> String {
    let text = value.map(Value::to_string).unwrap_or_default();
    match text.char_indices().nth(VALUE_LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_environments_the_target_starts_with_the_namespace() {
        let (namespace, key) = namespace_and_key("orders/a/b.yaml").unwrap();
        assert_eq!((namespace.as_str(), key.unwrap().as_str()), ("orders", "a/b.yaml"));
        assert_eq!(namespace_and_key("orders").unwrap().1, None);
        assert!(namespace_and_key("Orders").unwrap_err().to_string().contains("NS/KEY"));
    }

    #[test]
    fn long_values_are_cut_and_absent_ones_are_empty() {
        assert_eq!(value(None), "");
        assert_eq!(value(Some(&Value::Null)), "null");
        assert_eq!(value(Some(&Value::String("ä".repeat(500)))).chars().count(), VALUE_LENGTH + 1);
    }
}
