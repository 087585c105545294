//! `access`: all groups and grants as a file.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::api::access::{AccessBody, AccessDocument, AppliedView};
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::output::Output;
use crate::cli::user::paint::{self, ADDED, REMOVED, paint, plain};

const HEADING: &str = "\
# Groups and grants of a Pintle server, as `pintle access apply` reads them.
";

#[derive(Debug, clap::Subcommand)]
pub enum AccessCommand {
    /// Make groups and grants what a file says: shows what changes, asks, and does all of it or nothing
    Apply {
        /// YAML or JSON, as `access export` writes it; `-` is standard input
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
        /// End every grant and every membership kept at the server that the file does not name
        #[arg(long)]
        prune: bool,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Write all groups and grants as YAML; the scopes of tokens are their owners' and not among them
    Export {
        /// The file to write; standard output when absent
        #[arg(short, long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

pub(super) async fn run(context: &Context<'_>, command: AccessCommand) -> Result<Exit> {
    match command {
        AccessCommand::Apply { file, prune, dry_run, yes } => apply(context, &file, prune, dry_run, yes).await,
        AccessCommand::Export { file } => export(context, file.as_deref()).await,
    }
}

async fn apply(context: &Context<'_>, file: &Path, prune: bool, dry_run: bool, yes: bool) -> Result<Exit> {
    let AccessDocument { groups, grants } = read(file)?;
    let mut body = AccessBody { groups, grants, prune, dry_run: true };
    let client = context.client()?;
    let would = client.apply_access(&body).await?;
    let out = context.out;
    if dry_run || changes(&would) == 0 {
        tell(out, &would)?;
        return Ok(Exit::of_comparison(changes(&would) == 0));
    }
    if !out.json {
        show(out, &would)?;
    }
    let question = format!("Make {}?", paint::count(changes(&would), "change", "changes"));
    // Adding is undone by a word; what is taken away somebody may stand on.
    if removals(&would) > 0 {
        context.agreed(yes, &question)?;
    } else {
        context.agreed_or_alone(yes, &question)?;
    }
    body.dry_run = false;
    let done = client.apply_access(&body).await?;
    if !out.json && done.added == would.added && done.removed == would.removed {
        out.note(format_args!("{} made", paint::count(changes(&done), "change", "changes")));
    } else {
        tell(out, &done)?;
    }
    Ok(Exit::Done)
}

/// Reads a file; what begins like a JSON object is read as JSON, whose errors are then clearer.
fn read(file: &Path) -> Result<AccessDocument> {
    let name = file.display();
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?
    };
    parse(&text).map_err(|problem| Stop::failed(format!("{name}: {problem}")).into())
}

fn parse(text: &str) -> Result<AccessDocument, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let text = error.to_string();
        text.strip_prefix("error: ").map(str::to_owned).unwrap_or(text)
    })
}

fn count(document: &AccessDocument) -> usize {
    document.grants.len() + document.groups.values().map(Vec::len).sum::<usize>()
}

fn changes(view: &AppliedView) -> usize {
    count(&view.added) + removals(view)
}

fn removals(view: &AppliedView) -> usize {
    count(&view.removed)
}

fn tell(out: Output, view: &AppliedView) -> io::Result<()> {
    if out.json {
        return out.json(view);
    }
    show(out, view)?;
    let (changed, verb) = (changes(view), if view.dry_run { "would be made" } else { "made" });
    let unchanged = paint::count(view.unchanged, "is there already", "are there already");
    out.note(format_args!("{} {verb}, {unchanged}", paint::count(changed, "change", "changes")));
    Ok(())
}

/// What comes and what goes, a line each.
fn show(out: Output, view: &AppliedView) -> io::Result<()> {
    for (sign, style, document) in [('-', REMOVED, &view.removed), ('+', ADDED, &view.added)] {
        for line in lines(document) {
            out.line(paint(style, format_args!("{sign} {}", plain(&line))))?;
        }
    }
    Ok(())
}

fn lines(document: &AccessDocument) -> Vec<String> {
    let members = document
        .groups
        .iter()
        .flat_map(|(group, members)| members.iter().map(move |member| format!("user:{member} is in group:{group}")));
    let grants = document.grants.iter().map(|grant| {
        let keys = if grant.key_prefix.is_empty() { String::new() } else { format!("/{}*", grant.key_prefix) };
        format!("{} is {} on {}/{}{keys}", grant.subject, grant.role, grant.environment, grant.namespace)
    });
    members.chain(grants).collect()
}

async fn export(context: &Context<'_>, file: Option<&Path>) -> Result<Exit> {
    let document = context.client()?.export_access().await?;
    let text = format!("{HEADING}{}", serde_saphyr::to_string(&document)?);
    match file {
        Some(file) => {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
            let (groups, grants) = (document.groups.len(), document.grants.len());
            let (groups, grants) = (paint::count(groups, "group", "groups"), paint::count(grants, "grant", "grants"));
            context.out.note(format_args!("exported {groups} and {grants} to {}", file.display()));
        }
        None if context.out.json => context.out.json(&document)?,
        None => context.out.bytes(text.as_bytes())?,
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::grants::GrantBody;
    use crate::domain::access::Role;

    #[test]
    fn what_is_written_is_read_again() {
        // Names that YAML would take for something else.
        let grant = |subject: &str, environment: &str, namespace: &str, key_prefix: &str| GrantBody {
            subject: subject.to_owned(),
            role: Role::SecretReader,
            environment: environment.to_owned(),
            namespace: namespace.to_owned(),
            key_prefix: key_prefix.to_owned(),
        };
        let document = AccessDocument {
            groups: [("no".to_owned(), vec!["1".to_owned(), "null".to_owned()]), ("1e3".to_owned(), Vec::new())].into(),
            grants: vec![grant("user:true", "*", "*", ""), grant("group:no", "0x10", "2026-01-31", "@a/")],
        };
        assert_eq!(parse(&serde_saphyr::to_string(&document).unwrap()).unwrap(), document);
        assert_eq!(parse(&serde_json::to_string(&document).unwrap()).unwrap(), document);
    }

    #[test]
    fn a_file_by_hand_is_short_and_a_mistake_is_placed() {
        let text = "groups:\n  sre: [ann, bob]\ngrants:\n  - {subject: 'group:sre', role: operator, environment: prod*, namespace: '*'}\n";
        let document = parse(text).unwrap();
        assert_eq!((document.groups["sre"].len(), document.grants[0].role), (2, Role::Operator));
        let error = parse(&text.replace("role:", "roles:")).unwrap_err();
        assert!(error.contains("line 4"), "{error}");
        assert!(parse(&text.replace("operator", "root")).unwrap_err().contains("root"));
        assert!(parse("grant: []").is_err());
    }

    #[test]
    fn a_change_is_a_line() {
        let document = parse("groups: {sre: [ann]}\ngrants: [{subject: 'user:bob', role: viewer, environment: dev, namespace: orders, key_prefix: app/}]").unwrap();
        assert_eq!(lines(&document), ["user:ann is in group:sre", "user:bob is viewer on dev/orders/app/*"]);
        assert_eq!(count(&document), 2);
    }
}
