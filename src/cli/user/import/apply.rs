//! Carrying out an import: create what is missing, publish, and let the manifests remember it.

use std::collections::BTreeMap;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::api::entries::{ChangeBody, PublishBody, WriteView};
use crate::api::environments::EnvironmentBody;
use crate::api::namespaces::NamespaceBody;
use crate::cli::user::context::Context;
use crate::cli::user::entries::{delete_change, put_change};
use crate::cli::user::exit::Exit;
use crate::cli::user::import::plan::{Change, Plan, Present};
use crate::cli::user::import::scan::Tree;
use crate::cli::user::import::show::PlanView;
use crate::cli::user::manifest::{Manifest, Recorded};
use crate::cli::user::paint;
use crate::cli::user::target::Room;
use crate::cli::user::wait::Wait;
use crate::cli::user::writes;
use crate::client::Client;
use crate::domain::names::Address;

/// An import on its way.
pub(super) struct Import<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) client: &'a Client,
    pub(super) message: String,
    pub(super) wait: Wait,
}

/// What the manifests are to remember: entries that were put, and none for those deleted.
type Done = BTreeMap<Address, Option<Recorded>>;

impl Import<'_> {
    /// Lets the server judge, as far as it can before environments and namespaces exist, and says whether there are differences.
    pub(super) async fn judge(&self, plan: &Plan, batches: Vec<Vec<Change>>) -> Result<Exit> {
        let out = self.context.out;
        for batch in batches {
            let there = |change: &Change| !plan.rooms.contains(&Room::of(&change.address));
            let changes: Vec<Change> = batch.into_iter().filter(there).collect();
            if !changes.is_empty() {
                // A message is asked for when it is meant; what nobody stores needs none.
                let message = self.said().unwrap_or_else(|| "dry run".to_owned());
                let body = PublishBody { dry_run: true, ..publish_body(message, &changes) };
                writes::warnings(out, &self.client.publish(&body).await?);
            }
        }
        if out.json {
            out.json(&PlanView::of(plan))?;
        }
        Ok(Exit::of_comparison(plan.is_empty()))
    }

    /// Creates and publishes.
    pub(super) async fn carry_out(
        &mut self,
        tree: &Tree,
        present: &Present,
        plan: &Plan,
        batches: Vec<Vec<Change>>,
    ) -> Result<Exit> {
        self.create(plan).await?;
        let mut done: Done = plan
            .equal
            .iter()
            .filter_map(|address| {
                let found = present.entries.get(address)?;
                Some((address.clone(), Some(Recorded { format: Some(found.format), revision: Some(found.revision) })))
            })
            .collect();
        let mut written = Vec::with_capacity(batches.len());
        let published = self.publish_all(batches, &mut done, &mut written).await;
        // Also what came before an error is remembered: it is on the server.
        self.remember(tree, &done, written.last());
        let out = self.context.out;
        if out.json {
            out.json(&written)?;
        }
        for view in &written {
            if !out.json {
                out.line(format_args!(
                    "revision {}: {}",
                    view.revision,
                    paint::count(view.changed, "change", "changes")
                ))?;
            }
            writes::warnings(out, view);
        }
        published?;
        // Each concerns instances of its own.
        for view in written.iter().filter(|view| view.changed > 0) {
            let exit = self.wait.after(out, self.client, view.revision, Exit::Done).await?;
            if exit != Exit::Done {
                return Ok(exit);
            }
        }
        Ok(Exit::Done)
    }

    async fn create(&mut self, plan: &Plan) -> Result<()> {
        for environment in &plan.environments {
            let body = EnvironmentBody { message: self.said(), ..EnvironmentBody::default() };
            self.client.put_environment(environment, &body).await?;
            self.context.out.note(format_args!("created environment {environment}"));
        }
        for room in &plan.rooms {
            self.create_room(room).await?;
            self.context.out.note(format_args!("created namespace {room}"));
        }
        Ok(())
    }

    /// Creates a namespace; asks for a message when its environment wants one.
    async fn create_room(&mut self, room: &Room) -> Result<WriteView> {
        loop {
            let body = NamespaceBody { message: self.said(), ..NamespaceBody::default() };
            match self.client.put_namespace(&room.environment, &room.namespace, &body).await {
                Ok(written) => return Ok(written),
                Err(error) => self.message = self.context.message_for(error, &self.message)?,
            }
        }
    }

    fn said(&self) -> Option<String> {
        Some(self.message.clone()).filter(|message| !message.is_empty())
    }

    async fn publish_all(
        &mut self,
        batches: Vec<Vec<Change>>,
        done: &mut Done,
        written: &mut Vec<WriteView>,
    ) -> Result<()> {
        let total = batches.len();
        let progress = progress(total);
        for batch in batches {
            let view = self.publish(&batch).await.map_err(|error| {
                progress.abandon();
                if written.is_empty() {
                    return error;
                }
                let so_far = format!(
                    "{} of {total} change sets are published; the same command publishes the rest",
                    written.len()
                );
                error.context(so_far)
            })?;
            for change in batch {
                let format = change.put.map(|(format, _)| format);
                let recorded = format.map(|format| Recorded { format: Some(format), revision: Some(view.revision) });
                done.insert(change.address, recorded);
            }
            written.push(view);
            progress.inc(1);
        }
        progress.finish_and_clear();
        Ok(())
    }

    async fn publish(&mut self, changes: &[Change]) -> Result<WriteView> {
        let mut body = publish_body(self.message.clone(), changes);
        let written = writes::publish(self.context, self.client, &mut body).await?;
        // Asked for once, it holds for the change sets that follow.
        self.message = body.message;
        Ok(written)
    }

    /// Brings the manifests of the directory up to what is on the server now. The import itself has succeeded, so trouble here is
    /// a warning.
    fn remember(&self, tree: &Tree, done: &Done, last: Option<&WriteView>) {
        for (room, local) in &tree.rooms {
            let Some(old) =
                local.manifest.as_ref().filter(|manifest| manifest.revision.is_some() && manifest.is_of(room))
            else {
                continue;
            };
            let new = refreshed(old, room, done, last);
            if new == *old {
                continue;
            }
            if let Err(error) = new.write(&local.directory) {
                self.context.out.warn(format_args!("{error:#}; the next import of it will find conflicts"));
            }
        }
    }
}

fn refreshed(old: &Manifest, room: &Room, done: &Done, last: Option<&WriteView>) -> Manifest {
    let mut new = old.clone();
    for (address, recorded) in done.iter().filter(|(address, _)| Room::of(address) == *room) {
        match recorded {
            Some(recorded) => new.entries.insert(address.key.clone(), *recorded),
            None => new.entries.remove(&address.key),
        };
    }
    if let Some(view) = last.filter(|_| new.entries != old.entries) {
        new.revision = Some(view.revision);
        new.epoch = Some(view.epoch);
    }
    new
}

fn publish_body(message: String, changes: &[Change]) -> PublishBody {
    PublishBody { message, changes: changes.iter().map(body).collect(), ..PublishBody::default() }
}

fn body(change: &Change) -> ChangeBody {
    let if_revision = Some(change.if_revision());
    match &change.put {
        Some((format, content)) => put_change(&change.address, content, Some(*format), if_revision),
        None => delete_change(&change.address, if_revision),
    }
}

/// A bar on standard error for more than one change set; nothing for one, or where nobody looks.
fn progress(total: usize) -> ProgressBar {
    let target = if total > 1 { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} change sets") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::user::target;
    use crate::domain::formats::Format;

    #[test]
    fn a_manifest_follows_what_was_published() {
        let room = target::room("dev/orders").unwrap();
        let recorded = |revision| Recorded { format: Some(Format::Text), revision: Some(revision) };
        let key = |text: &str| target::entry(&format!("dev/orders/{text}")).unwrap();
        let entries = ["a", "b", "c"].into_iter().map(|name| (key(name).key, recorded(3))).collect();
        let old = Manifest { revision: Some(5), epoch: Some(1), entries, ..Manifest::default() };
        let last = WriteView {
            revision: 9,
            epoch: 2,
            changed: 2,
            dry_run: false,
            replayed: false,
            warnings: Vec::new(),
            changes: Vec::new(),
        };
        let elsewhere = target::entry("dev/web/a").unwrap();
        let done = Done::from([(key("a"), Some(recorded(9))), (key("b"), None), (elsewhere, Some(recorded(9)))]);
        let new = refreshed(&old, &room, &done, Some(&last));
        assert_eq!((new.revision, new.epoch), (Some(9), Some(2)));
        let kept: Vec<_> =
            new.entries.iter().map(|(key, recorded)| (key.as_str(), recorded.revision.unwrap())).collect();
        assert_eq!(kept, [("a", 9), ("c", 3)]);
        assert_eq!(refreshed(&old, &room, &Done::new(), Some(&last)), old, "what was not touched stays as it is");
    }
}
