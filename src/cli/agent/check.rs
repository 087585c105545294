//! `pintle agent check`: what the agent would do, without doing it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use similar::TextDiff;

use crate::agent::actions::{Circumstances, commands};
use crate::agent::block;
use crate::agent::run::{access_of, state_of};
use crate::agent::set::{FileSet, TargetFile};
use crate::agent::settings::{AgentSettings, BlockSettings};
use crate::agent::transaction::{Layout, rehearse};
use crate::cli::agent::{DIFFERENCES, FAILED, UNREACHABLE};
use crate::cli::user::output::Output;
use crate::cli::user::paint::plain;
use crate::client::Token;
use crate::domain::revisions::Cursor;

/// How far to go.
pub(super) struct How {
    pub(super) settings_only: bool,
    pub(super) exit_code: bool,
    pub(super) patience: Duration,
}

/// How a block came off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Same,
    Differs,
    Unreachable,
    Refused,
}

/// Checks everything; the worst of the services decides about the exit code.
pub(super) async fn run(out: Output, settings: &AgentSettings, token: Option<Token>, how: &How) -> anyhow::Result<u8> {
    let services = settings.services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>().join(", ");
    out.note(format_args!("the settings are good: {services}"));
    if how.settings_only {
        return Ok(0);
    }
    let scratch = Scratch::new()?;
    let mut worst = Verdict::Same;
    for service in &settings.services {
        let access = access_of(settings, token.clone());
        let planned = block::preview(service, &access, state_of(settings, service), how.patience).await;
        let verdict = match planned {
            Ok((at, set)) => judge(out, service, at, &set, scratch.path()).await?,
            Err(block::PreviewError::Unreachable(problem)) => {
                out.note(format_args!("{}: {}", service.name, plain(&problem)));
                Verdict::Unreachable
            }
            Err(block::PreviewError::Refused(problem)) => {
                out.note(format_args!("{}: refused: {}", service.name, plain(&problem)));
                Verdict::Refused
            }
        };
        worst = worst.max(verdict);
    }
    Ok(match worst {
        Verdict::Differs if how.exit_code => DIFFERENCES,
        Verdict::Same | Verdict::Differs => 0,
        Verdict::Unreachable => UNREACHABLE,
        Verdict::Refused => FAILED,
    })
}

async fn judge(
    out: Output,
    service: &BlockSettings,
    at: Cursor,
    set: &FileSet,
    scratch: &Path,
) -> anyhow::Result<Verdict> {
    let layout = service.folder.clone().map_or(Layout::Files, Layout::Folder);
    let folder = scratch.join(&service.name);
    std::fs::create_dir(&folder)?;
    let stage = match rehearse(&folder, &layout, set) {
        Ok(stage) => stage,
        Err(error) => {
            out.note(format_args!("{}: cannot be staged: {error}", service.name));
            return Ok(Verdict::Refused);
        }
    };
    if let Some(check) = &service.check {
        let mut variables = set.variables.clone();
        variables.insert("PINTLE_SERVICE".to_owned(), service.name.clone());
        let about = Circumstances { stage: Some(stage), variables };
        if let Err(error) = commands::run(&check.command, &about, check.timeout).await {
            out.note(format_args!("{}: {}", service.name, plain(&error.to_string())));
            // What a command says may quote the files.
            let output = error.output().filter(|_| set.sealed.is_empty());
            for line in output.iter().flat_map(|output| output.lines()) {
                out.note(format_args!("  {}", plain(line)));
            }
            return Ok(Verdict::Refused);
        }
        out.note(format_args!("{}: the check accepts the files", service.name));
    }
    let mut verdict = Verdict::Same;
    for file in &set.files {
        let path = layout.target(&file.path)?;
        if let Some(diff) = difference(&path, file)? {
            verdict = Verdict::Differs;
            if set.sealed.contains(&format!("file {}", file.path.display())) {
                out.note(format_args!("{}: differs; how is not told, since it holds something sealed", path.display()));
            } else {
                out.diff(&diff)?;
            }
        }
    }
    let what = if verdict == Verdict::Same { "nothing would change" } else { "this would change" };
    out.note(format_args!("{}: at revision {} {what}", service.name, at.revision));
    Ok(verdict)
}

/// The unified diff of a file to what is there; none when they are equal.
fn difference(path: &Path, file: &TargetFile) -> anyhow::Result<Option<String>> {
    let there = match std::fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => anyhow::bail!("{} cannot be read: {error}", path.display()),
    };
    let new = file.content.as_deref();
    if there.as_deref() == new {
        return Ok(None);
    }
    let name = path.display().to_string();
    let left = if there.is_some() { name.clone() } else { "/dev/null".to_owned() };
    let right = if new.is_some() { name.clone() } else { "/dev/null".to_owned() };
    let (old, new) = (there.unwrap_or_default(), new.unwrap_or_default());
    Ok(Some(match (std::str::from_utf8(&old), std::str::from_utf8(new)) {
        (Ok(old), Ok(new)) if old != new => {
            TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(&left, &right).to_string()
        }
        (Ok(_), Ok(_)) => format!("--- {left}\n+++ {right}\n"),
        (Err(_), _) | (_, Err(_)) => format!("binary files {left} and {right} differ\n"),
    }))
}

/// A private folder that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("pintle-agent-check-{}", std::process::id()));
        // Made anew and by us alone: one that is there already is refused.
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_unified_diffs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = |content: Option<&'static str>| TargetFile {
            path: path.clone(),
            content: content.map(Into::into),
            mode: 0o644,
            owner: None,
            group: None,
        };
        let name = path.display();
        let new = difference(&path, &file(Some("x\n"))).unwrap().unwrap();
        assert_eq!(new, format!("--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x\n"));
        std::fs::write(&path, "x\n").unwrap();
        assert_eq!(difference(&path, &file(Some("x\n"))).unwrap(), None);
        let gone = difference(&path, &file(None)).unwrap().unwrap();
        assert!(gone.starts_with(&format!("--- {name}\n+++ /dev/null\n")) && gone.contains("-x\n"), "{gone}");
    }
}
