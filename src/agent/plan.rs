//! From entries to what shall be on disk, or the reasons why not: pure, and the place of the rule that good data is never replaced
//! by bad or by nothing.
//!
//! - An entry that is not there any more leaves what was made of it as it is, and the rest of the change goes on. That is so for a
//!   deletion, and all the more when nobody said that it was deleted (a right lost, a store restored): then not even an earlier
//!   layer takes its place. `on_missing: remove` acts on a deletion that the server named, and on nothing else.
//! - What was never there, at a first start, is a reason to refuse.
//! - A template keeps its whole last rendering when an entry that it names is gone. One of many that it came upon by `keys` may go
//!   when the server named the deletion.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::agent::layers::{Effective, Place};
use crate::agent::render::{self, Made, Origin, Part, Rendering};
use crate::agent::set::{FileSet, TargetFile};
use crate::agent::settings::{BlockSettings, FileSettings, FileSource, OnMissing};
use crate::agent::templates::Identity;

/// What a plan depends on besides the settings.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The entries.
    pub view: &'a Arc<Effective>,
    /// What runs.
    pub last: Option<&'a Rendering>,
    /// Deletions that the server named, of entries that have not come back since.
    pub deleted: &'a BTreeSet<Place>,
}

/// Why nothing can be made of the entries: all reasons together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub Vec<String>);

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join("; "))
    }
}

/// What becomes of one part.
enum Outcome<T> {
    New(T, Vec<Origin>),
    /// What was there stays; these entries are gone.
    Kept(Vec<Place>),
    /// The server named the deletion, and the settings say that the file goes with its entry.
    Removed,
    Refused(String),
}

/// Makes a block of its entries.
///
/// # Errors
/// Every reason why it cannot be.
pub fn plan(block: &BlockSettings, situation: Situation<'_>) -> Result<Rendering, Refusal> {
    let mut plan = Plan { block, situation, set: FileSet::default(), parts: BTreeMap::new(), reasons: Vec::new() };
    let identity = Identity {
        labels: block.labels.clone(),
        id: block.id.as_str().to_owned(),
        service: block.service.clone(),
        environment: block.environment.as_str().to_owned(),
    };
    for file in &block.files {
        plan.file(file, &identity);
    }
    plan.variables();
    if !plan.reasons.is_empty() {
        return Err(Refusal(plan.reasons));
    }
    plan.set.missing.sort();
    plan.set.missing.dedup();
    Ok(Rendering { set: plan.set, parts: plan.parts })
}

struct Plan<'a> {
    block: &'a BlockSettings,
    situation: Situation<'a>,
    set: FileSet,
    parts: BTreeMap<String, Part>,
    reasons: Vec<String>,
}

impl<'a> Plan<'a> {
    fn file(&mut self, file: &FileSettings, identity: &Identity) {
        let name = format!("file {}", file.path.display());
        let recipe = render::recipe(self.block, &file.source);
        let last = self.last_file(file);
        let before = self.before(&name, &recipe).filter(|_| last.is_some());
        let (remove, whole) = match &file.source {
            FileSource::Entry { on_missing, .. } => (*on_missing == OnMissing::Remove, false),
            FileSource::Template(_) => (false, true),
        };
        let made = || render::file(file, self.situation.view, identity);
        let outcome = self.judge(before, remove, whole, made);
        let (content, part) = match (outcome, last) {
            (Outcome::New(content, origins), last) => {
                let was_empty = last.and_then(|last| last.content.as_ref()).is_some_and(Bytes::is_empty);
                if content.is_empty() && !file.allow_empty && !was_empty {
                    let from: Vec<_> = origins.iter().map(|origin| origin.place.to_string()).collect();
                    let from = if from.is_empty() { "its template".to_owned() } else { from.join(", ") };
                    let path = file.path.display();
                    self.reasons.push(format!("{path} would be empty by {from}, and `allow_empty` is not set"));
                    return;
                }
                let sealed = self.is_sealed(&origins);
                (Some(content), Part { recipe, origins, sealed, variables: BTreeMap::new() })
            }
            (Outcome::Kept(gone), Some(last)) => {
                // A file that was removed before is not missed.
                if last.content.is_some() {
                    self.set.missing.extend(gone.iter().map(Place::to_string));
                }
                (last.content.clone(), before.cloned().unwrap_or_default())
            }
            (Outcome::Removed, _) => (None, before.cloned().unwrap_or_default()),
            (Outcome::Kept(_), None) => return,
            (Outcome::Refused(reason), _) => {
                self.reasons.push(format!("{}: {reason}", file.path.display()));
                return;
            }
        };
        if part.sealed {
            self.set.sealed.push(name.clone());
        }
        let mode = if part.sealed { file.secret_mode } else { file.mode };
        self.parts.insert(name, part);
        self.set.files.push(TargetFile {
            path: file.path.clone(),
            content,
            mode,
            owner: file.owner.clone(),
            group: file.group.clone(),
        });
    }

    fn variables(&mut self) {
        let Some(exec) = &self.block.exec else { return };
        let view = self.situation.view;
        for key in &exec.env_from {
            let made = || render::variables(key, &exec.env, view);
            self.variable(format!("variables {key}"), &format!("env_from {key}"), made);
        }
        for (name, reference) in &exec.env {
            let made = || match render::variable(reference, view) {
                Made::New(text, origins) => Made::New(BTreeMap::from([(name.clone(), text)]), origins),
                Made::Absent(key) => Made::Absent(key),
                Made::Bad(problem) => Made::Bad(problem),
            };
            self.variable(format!("variable {name}"), &format!("{reference:?}"), made);
        }
    }

    fn variable(&mut self, name: String, how: &str, made: impl FnOnce() -> Made<BTreeMap<String, String>>) {
        let recipe = render::recipe(self.block, &how);
        let before = self.before(&name, &recipe);
        let part = match self.judge(before, false, false, made) {
            Outcome::New(variables, origins) => Part { recipe, sealed: self.is_sealed(&origins), origins, variables },
            Outcome::Kept(gone) => {
                self.set.missing.extend(gone.iter().map(Place::to_string));
                before.cloned().unwrap_or_default()
            }
            Outcome::Removed => return,
            Outcome::Refused(reason) => {
                self.reasons.push(format!("{name}: {reason}"));
                return;
            }
        };
        if part.sealed {
            self.set.sealed.push(name.clone());
        }
        self.set.variables.extend(part.variables.clone());
        self.parts.insert(name, part);
    }

    fn is_sealed(&self, origins: &[Origin]) -> bool {
        origins.iter().any(|origin| self.situation.view.is_sealed(&origin.place))
    }

    /// What the part was made of, when it is still made in the same way.
    fn before(&self, name: &str, recipe: &str) -> Option<&'a Part> {
        self.situation.last?.parts.get(name).filter(|part| part.recipe == recipe)
    }

    /// What the file was.
    fn last_file(&self, file: &FileSettings) -> Option<&'a TargetFile> {
        self.situation.last?.set.files.iter().find(|last| last.path == file.path)
    }

    /// The rule. `remove`: a named deletion removes; `whole`: what names an entry that is gone keeps everything.
    fn judge<T>(&self, before: Option<&Part>, remove: bool, whole: bool, made: impl FnOnce() -> Made<T>) -> Outcome<T> {
        let view = self.situation.view;
        let origins = before.map(|part| part.origins.as_slice()).unwrap_or_default();
        let gone: Vec<_> = origins.iter().filter(|origin| view.at(&origin.place).is_none()).collect();
        let places = || gone.iter().map(|origin| origin.place.clone()).collect();
        if gone.iter().any(|origin| !self.situation.deleted.contains(&origin.place)) {
            return Outcome::Kept(places());
        }
        let replaced = |origin: &&Origin| origin.listed || view.find(&origin.place.key).is_some();
        if whole && !gone.iter().all(replaced) {
            return Outcome::Kept(places());
        }
        match made() {
            Made::New(made, origins) => Outcome::New(made, origins),
            Made::Absent(_) if before.is_some() && remove => Outcome::Removed,
            Made::Absent(_) if before.is_some() => Outcome::Kept(places()),
            Made::Absent(key) => Outcome::Refused(format!("no layer has {key}, and there is nothing to keep")),
            Made::Bad(problem) => Outcome::Refused(problem),
        }
    }
}

#[cfg(test)]
mod tests;
