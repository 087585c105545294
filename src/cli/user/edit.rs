//! `edit`: an entry in the person's own editor. Whatever happens, the text that was written is not lost.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::api::entries::{EntryView, PublishBody};
use crate::cli::user::context::Context;
use crate::cli::user::entries::put_change;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::target;
use crate::cli::user::wait::Wait;
use crate::cli::user::writes::{self, Message};
use crate::client::Client;
use crate::domain::diff;
use crate::domain::formats::{self, Format};
use crate::domain::names::Address;

/// The exit code of a process that Ctrl-C ended, as shells give it: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

#[derive(Debug, clap::Args)]
pub struct EditArgs {
    /// The entry; it is created when it does not exist
    #[arg(value_name = "ENV/NS/KEY", value_parser = target::entry)]
    address: Address,
    /// yaml, json, toml, properties, xml, env or text; else the present format, else by the extension of the key
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    message: Message,
    /// Publish without asking once the editor is closed
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    wait: Wait,
}

/// Edits an entry and publishes what was written.
pub(super) async fn run(context: &Context<'_>, args: EditArgs) -> Result<Exit> {
    let editor = context.surroundings.editor.as_deref();
    let editor = editor.ok_or_else(|| Stop::usage("there is no editor: set VISUAL or EDITOR"))?;
    if !args.yes && !context.out.interactive() {
        return Err(Stop::usage("nobody is there to be asked whether to publish: give --yes").into());
    }
    let client = context.client()?;
    let present = find(&client, &args.address).await?;
    let base = match &present {
        Some(entry) => entry
            .content
            .content
            .clone()
            .ok_or_else(|| Stop::failed(format!("{} is not text; use get and put", args.address)))?,
        None => String::new(),
    };
    let format = args
        .format
        .or(present.as_ref().map(|entry| entry.format))
        .unwrap_or_else(|| Format::guess(args.address.key.as_str(), b""));
    let mut draft = Draft::create(&context.surroundings.temporary, &args.address, &base)?;
    let edit = Edit { context, address: &args.address, format, base: &base, created: present.is_none() };
    let Some(text) = edit.write(editor, &mut draft, args.yes).await? else {
        return Ok(Exit::Done);
    };

    let revision = present.map_or(0, |entry| entry.revision);
    let change = put_change(&args.address, &text, Some(format), Some(revision));
    let mut body = PublishBody { message: args.message.message, changes: vec![change], ..PublishBody::default() };
    match writes::publish(context, &client, &mut body).await {
        Ok(written) => {
            draft.discard();
            args.wait.report(context, &client, &written).await
        }
        Err(error) => {
            draft.tell(context);
            Err(error)
        }
    }
}

async fn find(client: &Client, address: &Address) -> Result<Option<EntryView>> {
    match client.get_entry(address, None).await {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {
            // A missing namespace is told before the work and not after it.
            client.get_namespace(&address.environment, &address.namespace).await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// One person's work on one entry.
struct Edit<'a> {
    context: &'a Context<'a>,
    address: &'a Address,
    format: Format,
    base: &'a str,
    created: bool,
}

impl Edit<'_> {
    /// Opens the editor until the text is well formed and agreed to. None when nothing was changed.
    async fn write(&self, editor: &str, draft: &mut Draft, yes: bool) -> Result<Option<Vec<u8>>> {
        let out = self.context.out;
        let interrupts = Interrupts::watch(draft.path.clone())?;
        loop {
            interrupts.ignored_while(open(editor, &draft.path)).await.inspect_err(|_| draft.tell(self.context))?;
            draft.kept = true;
            let text = fs::read(&draft.path).with_context(|| format!("cannot read {}", draft.path.display()))?;
            if text == self.base.as_bytes() {
                draft.discard();
                out.note("nothing was changed");
                return Ok(None);
            }
            match formats::check(self.format, &text) {
                Err(fault) => {
                    out.note(format_args!("{}: not valid {}: {fault}", self.address, self.format));
                    if out.interactive() && out.ask("Open it again? [Y/n]")?.is_some_and(|answer| !says_no(&answer)) {
                        continue;
                    }
                    draft.tell(self.context);
                    return Err(Stop::failed("nothing was published").into());
                }
                Ok(_) if yes => {
                    self.show(&text)?;
                    return Ok(Some(text));
                }
                Ok(_) => self.show(&text)?,
            }
            match out.ask("Publish this? [y]es, [e]dit again, [N]o")?.as_deref() {
                Some("y" | "Y" | "yes") => return Ok(Some(text)),
                Some("e" | "E" | "edit") => {}
                Some(_) | None => {
                    draft.tell(self.context);
                    return Err(Stop::failed("nothing was published").into());
                }
            }
        }
    }

    fn show(&self, text: &[u8]) -> Result<()> {
        let from = (!self.created).then_some(self.base);
        let text = String::from_utf8_lossy(text);
        let label = self.address.to_string();
        self.context.out.preview(&diff::unified(from, Some(&text), &label, &label))?;
        Ok(())
    }
}

fn says_no(answer: &str) -> bool {
    matches!(answer.to_ascii_lowercase().as_str(), "n" | "no")
}

/// Runs the editor. It is a command line, such as `code --wait`, so a shell splits it, as it does for git.
async fn open(editor: &str, path: &Path) -> Result<()> {
    let status = tokio::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{editor} \"$@\""))
        .arg(editor)
        .arg(path)
        .status()
        .await
        .with_context(|| format!("cannot run the editor {editor:?}"))?;
    if status.success() { Ok(()) } else { Err(Stop::failed(format!("the editor {editor:?} failed: {status}")).into()) }
}

/// The file that is edited, in a directory that only its owner can enter.
struct Draft {
    directory: PathBuf,
    path: PathBuf,
    /// Whether a person has written into it.
    kept: bool,
}

impl Draft {
    fn create(temporary: &Path, address: &Address, text: &str) -> Result<Self> {
        let directory = nix::unistd::mkdtemp(&temporary.join("pintle-edit-XXXXXX"))
            .with_context(|| format!("cannot make a directory in {}", temporary.display()))?;
        // Editors choose their colours by the extension.
        let name = address.key.as_str().rsplit('/').next().unwrap_or_default();
        let draft = Self { path: directory.join(name), directory, kept: false };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft.path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", draft.path.display()))?;
        Ok(draft)
    }

    /// Its text is published, or was never changed.
    fn discard(&mut self) {
        self.kept = false;
    }

    /// Says where the text is, which stays.
    fn tell(&mut self, context: &Context<'_>) {
        self.kept = true;
        context.out.note(format_args!("your text is in {}", self.path.display()));
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // What stays in the temporary directory is readable by its owner only.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Ctrl-C reaches this process also when it is meant for the editor. While the editor runs it is ignored here; at any other time
/// it ends this process, as it does without a handler, but the text stays.
struct Interrupts {
    editing: Arc<AtomicBool>,
}

impl Interrupts {
    fn watch(path: PathBuf) -> Result<Self> {
        let mut interrupts = signal(SignalKind::interrupt()).context("cannot watch for Ctrl-C")?;
        let editing = Arc::new(AtomicBool::new(false));
        let ignored = Arc::clone(&editing);
        let watch = async move {
            while interrupts.recv().await.is_some() {
                if !ignored.load(Ordering::SeqCst) {
                    // The process ends in the next line, so a closed stream changes nothing.
                    let _ = writeln!(anstream::stderr(), "\nyour text is in {}", path.display());
                    std::process::exit(INTERRUPTED);
                }
            }
        };
        #[expect(clippy::disallowed_methods, reason = "a user's command has no lifecycle; this ends with the process")]
        tokio::spawn(watch);
        Ok(Self { editing })
    }

    async fn ignored_while<T>(&self, work: impl Future<Output = T> + Send) -> T {
        self.editing.store(true, Ordering::SeqCst);
        let done = work.await;
        self.editing.store(false, Ordering::SeqCst);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn address() -> Address {
        target::entry("dev/orders/mesh/routes.yaml").unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_draft_is_private_and_named_like_the_entry() {
        let temporary = tempfile::tempdir().unwrap();
        let draft = Draft::create(temporary.path(), &address(), "a: 1\n").unwrap();
        assert_eq!(draft.path.file_name().unwrap(), "routes.yaml");
        assert_eq!((mode(&draft.path), mode(&draft.directory)), (0o600, 0o700));
        assert_eq!(fs::read_to_string(&draft.path).unwrap(), "a: 1\n");
    }

    #[test]
    fn a_draft_stays_once_somebody_wrote_into_it() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |kept| {
            let mut draft = Draft::create(temporary.path(), &address(), "").unwrap();
            draft.kept = kept;
            draft.path.clone()
        };
        assert!(!path(false).exists());
        assert!(path(true).exists());
    }

    #[tokio::test]
    async fn the_editor_may_have_arguments_and_its_failure_is_told() {
        let temporary = tempfile::tempdir().unwrap();
        let draft = Draft::create(temporary.path(), &address(), "a: 1\n").unwrap();
        open("sed -i s/1/2/", &draft.path).await.unwrap();
        assert_eq!(fs::read_to_string(&draft.path).unwrap(), "a: 2\n");
        assert!(open("false", &draft.path).await.unwrap_err().to_string().contains("false"));
    }
}
