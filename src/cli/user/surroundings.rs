//! What the commands take from the process around them, read once.

use std::ffi::OsString;
use std::path::PathBuf;

use time::OffsetDateTime;

/// The surroundings of a command.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// Where credentials are kept; none without a home directory.
    pub(super) configuration: Option<PathBuf>,
    /// `$VISUAL`, else `$EDITOR`: a command line.
    pub(super) editor: Option<String>,
    /// The program that opens an address in the person's browser; none where there is no screen, and `$BROWSER` names none.
    pub(super) browser: Option<OsString>,
    /// Where a text lies while it is edited.
    pub(super) temporary: PathBuf,
    /// When the command began.
    pub(super) now: OffsetDateTime,
}

impl Surroundings {
    /// Reads the environment variables and the clock.
    pub(super) fn read() -> Self {
        let editor = ["VISUAL", "EDITOR"].into_iter().find_map(variable).and_then(|text| text.into_string().ok());
        // The XDG specification says that a relative path is to be ignored.
        let configuration = variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".config")))
            .map(|path| path.join("pintle"));
        let screen = cfg!(target_os = "macos")
            || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| variable(name).is_some());
        let usual = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let browser = variable("BROWSER").or_else(|| screen.then(|| usual.into()));
        Self { browser, configuration, editor, temporary: std::env::temp_dir(), now: now() }
    }
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge where the clock is read; everything below is given the instant"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
