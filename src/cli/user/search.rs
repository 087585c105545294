//! `search`.

use anyhow::Result;

use crate::api::PAGE_MAX;
use crate::api::search::{CharRange, FoundLine, SearchHitView, SearchList};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Exit;
use crate::cli::user::paint::{self, FAINT, PLACE, STRONG, paint, plain};
use crate::client::{Client, SearchQuery};
use crate::domain::names::{EnvironmentName, NamespaceName};

#[derive(Debug, clap::Args)]
pub struct SearchArgs {
    /// The text, in any case: up to 200 characters. With a slash it may begin before the key, as in `orders/app`
    text: String,
    /// Only in this environment
    #[arg(long, value_name = "ENV")]
    env: Option<EnvironmentName>,
    /// Only in namespaces of this name
    #[arg(long, value_name = "NS")]
    namespace: Option<NamespaceName>,
    /// Only in keys
    #[arg(long)]
    keys_only: bool,
    /// How many entries
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 100)]
    number: usize,
}

/// Searches keys and contents.
pub(super) async fn run(context: &Context<'_>, args: SearchArgs) -> Result<Exit> {
    let query = SearchQuery {
        text: args.text,
        environment: args.env,
        namespace: args.namespace,
        keys_only: args.keys_only,
        limit: None,
        cursor: None,
    };
    let list = pages(&context.client()?, query, args.number).await?;
    let out = context.out;
    if out.json {
        out.json(&list)?;
    } else {
        for hit in &list.hits {
            show(context, hit)?;
        }
        if list.next.is_some() {
            out.note("there is more; -n N shows more of it");
        }
    }
    Ok(Exit::Done)
}

/// As many entries as are wanted, from as many pages as that takes.
async fn pages(client: &Client, mut query: SearchQuery, number: usize) -> Result<SearchList> {
    let mut list = SearchList { hits: Vec::new(), next: None, complete: true };
    while list.hits.len() < number {
        let missing = number - list.hits.len();
        query.limit = Some(u32::try_from(missing).unwrap_or(PAGE_MAX).min(PAGE_MAX));
        let page = client.search(&query).await?;
        list.hits.extend(page.hits);
        list.next.clone_from(&page.next);
        if page.next.is_none() {
            break;
        }
        query.cursor = page.next;
    }
    Ok(list)
}

fn show(context: &Context<'_>, hit: &SearchHitView) -> Result<()> {
    let place = format!("{}/{}/", plain(&hit.environment), plain(&hit.namespace));
    let shown: u64 = hit.lines.iter().map(|line| line.ranges.len() as u64).sum();
    let more = hit.matches.saturating_sub(shown);
    let note = match (hit.sealed, more) {
        (true, _) => paint(FAINT, " (sealed)"),
        (false, 0) => String::new(),
        (false, more) => paint(FAINT, format_args!(" ({} more)", paint::count(more, "place", "places"))),
    };
    context.out.line(format_args!("{}{}{note}", paint(PLACE, place), marked(&hit.key, &hit.key_ranges)))?;
    for FoundLine { line, snippet, column, cut, ranges } in &hit.lines {
        let (before, after) = (if *column > 1 { "…" } else { "" }, if *cut { "…" } else { "" });
        let number = paint(FAINT, format_args!("{line:>6}:"));
        context.out.line(format_args!("{number} {before}{}{after}", marked(snippet, ranges)))?;
    }
    Ok(())
}

/// A text with some parts of it emphasized.
fn marked(text: &str, ranges: &[CharRange]) -> String {
    let chars: Vec<char> = text.chars().collect();
    let part = |from: u64, to: u64| {
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(chars.len());
        chars.get(at(from)..at(to)).unwrap_or_default().iter().collect::<String>()
    };
    let (mut shown, mut at) = (String::new(), 0);
    for range in ranges {
        shown.push_str(&plain(&part(at, range.start_char)));
        shown.push_str(&paint(STRONG, plain(&part(range.start_char, range.end_char))));
        at = range.end_char;
    }
    shown.push_str(&plain(&part(at, chars.len() as u64)));
    shown
}
