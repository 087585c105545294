//! `publish -f`: a change set from a file.

use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::api::entries::{ChangeBody, ContentView, Op, PublishBody};
use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::wait::Wait;
use crate::cli::user::writes;
use crate::domain::formats::Format;

#[derive(Debug, clap::Args)]
pub struct PublishArgs {
    /// The body of `POST /api/v1/publish`, as YAML or JSON; `-` is standard input. Beside `content` and `content_base64`, a change
    /// may say `content_file`: a file in the directory of this one, or below it
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Why, instead of the message in the file
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: Wait,
}

/// A change set as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublishFile {
    #[serde(default)]
    message: String,
    changes: Vec<FileChange>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    force: bool,
}

/// One change as a file has it: as on the wire, and with `content_file`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileChange {
    env: String,
    namespace: String,
    key: String,
    op: Op,
    format: Option<Format>,
    content: Option<String>,
    content_base64: Option<String>,
    content_file: Option<PathBuf>,
    secret: Option<bool>,
    secret_paths: Option<Vec<String>>,
    if_revision: Option<u64>,
}

/// Publishes the change set of a file.
pub(super) async fn run(context: &Context<'_>, args: PublishArgs) -> Result<Exit> {
    let name = args.file.display().to_string();
    let piped = args.file.as_os_str() == "-";
    let text = if piped {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        text
    } else {
        std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {name}"))?
    };
    let file = parse(&text).map_err(|problem| Stop::failed(format!("{name}: {problem}")))?;
    let directory = (!piped).then(|| args.file.parent().map_or_else(PathBuf::new, Path::to_path_buf));
    let mut body = PublishBody {
        message: args.message.unwrap_or(file.message),
        changes: Vec::with_capacity(file.changes.len()),
        dry_run: args.dry_run || file.dry_run,
        force: file.force,
    };
    for (number, change) in file.changes.into_iter().enumerate() {
        body.changes.push(change.read(directory.as_deref()).with_context(|| format!("{name}: changes[{number}]"))?);
    }
    let client = context.client()?;
    let written = writes::publish(context, &client, &mut body).await?;
    args.wait.report(context, &client, &written).await
}

/// Reads YAML or JSON; what begins like a JSON object is read as JSON, whose errors are then clearer.
fn parse(text: &str) -> Result<PublishFile, String> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        serde_saphyr::from_str(text).map_err(|error| {
            let text = error.to_string();
            // It brings a heading of its own, which the command has already.
            text.strip_prefix("error: ").map(str::to_owned).unwrap_or(text)
        })
    }
}

impl FileChange {
    fn read(self, directory: Option<&Path>) -> Result<ChangeBody> {
        let mut content = ContentView { content: self.content, content_base64: self.content_base64 };
        if let Some(path) = self.content_file {
            if content != ContentView::default() {
                return Err(Stop::failed("content_file stands beside another content; give one of them").into());
            }
            content = ContentView::of(&read_beside(directory, &path)?);
        }
        Ok(ChangeBody {
            secret: self.secret,
            secret_paths: self.secret_paths,
            env: self.env,
            namespace: self.namespace,
            key: self.key,
            op: self.op,
            format: self.format,
            content: content.content,
            content_base64: content.content_base64,
            if_revision: self.if_revision,
        })
    }
}

/// Reads a file in a directory or below it. A file that somebody else wrote must not publish the secrets of whoever runs it, so
/// nothing outside is read, also not through links.
fn read_beside(directory: Option<&Path>, path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let directory =
        directory.ok_or_else(|| Stop::failed("content_file needs a file to stand beside, not standard input"))?;
    let outside = || Stop::failed(format!("content_file {shown} leads out of the directory of the file that names it"));
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(outside().into());
    }
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let root = directory.canonicalize().with_context(|| format!("cannot find {}", directory.display()))?;
    let found = root.join(path).canonicalize().with_context(|| format!("cannot read {shown}"))?;
    if !found.starts_with(&root) {
        return Err(outside().into());
    }
    std::fs::read(&found).with_context(|| format!("cannot read {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const YAML: &str = "message: why\nchanges:\n  - env: dev\n    namespace: orders\n    key: a.yaml\n    op: put\n    content: |\n      port: 1\n";

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = parse(YAML).unwrap();
        let json = r#"{"message":"why","changes":[{"env":"dev","namespace":"orders","key":"a.yaml","op":"put","content":"port: 1\n"}]}"#;
        let (yaml, json) = (format!("{yaml:?}"), format!("{:?}", parse(json).unwrap()));
        assert_eq!(yaml, json);
        assert!(yaml.contains(r#"content: Some("port: 1\n")"#), "{yaml}");
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_place() {
        let error = parse(&YAML.replace("op: put", "op: put\n    contents: x")).unwrap_err();
        assert!(error.contains("contents") && error.contains("line 7"), "{error}");
        let error = parse("{\n \"chnages\": []\n}").unwrap_err();
        assert!(error.contains("chnages") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn content_files_are_read_beside_the_file_and_nowhere_else() {
        let outside = tempfile::tempdir().unwrap();
        let directory = outside.path().join("in");
        fs::create_dir_all(directory.join("sub")).unwrap();
        fs::write(directory.join("sub/a"), "inside").unwrap();
        fs::write(outside.path().join("secret"), "outside").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), directory.join("link")).unwrap();

        assert_eq!(read_beside(Some(&directory), Path::new("./sub/a")).unwrap(), b"inside");
        for bad in ["../secret", "/etc/hostname", "link", "sub/../../secret"] {
            let error = read_beside(Some(&directory), Path::new(bad)).unwrap_err().to_string();
            assert!(error.contains("leads out"), "{bad}: {error}");
        }
        assert!(read_beside(None, Path::new("a")).is_err());
    }
}
