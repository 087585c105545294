//! Why a call failed.

use std::path::PathBuf;

use crate::api::problem::{Code, Problem};

/// Why a call of the client failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server refused, and says why.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// No answer came. A read, or a write that never arrived: nothing was applied.
    #[error("{server} cannot be reached: {cause}")]
    Unreachable {
        /// The address that was called.
        server: String,
        /// What the network said.
        cause: String,
    },
    /// A write was sent and its answer never came: it may have been applied or not.
    #[error(
        "the answer of {server} was lost ({cause}): it is not known whether the change was applied; see the history"
    )]
    AnswerLost {
        /// The address that was called.
        server: String,
        /// What the network said.
        cause: String,
    },
    /// Something that is not this API answered, such as a proxy.
    #[error("an unexpected answer with status {status}: {body}")]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body, or what is wrong with it.
        body: String,
    },
    /// The text is not the address of a server.
    #[error("{server:?} is not the address of a server: {problem}")]
    Server {
        /// The text.
        server: String,
        /// The rule it breaks.
        problem: String,
    },
    /// A file holds no token that could be shown.
    #[error("the token of {}: {cause}", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The text cannot be a token.
    #[error("a token has printable ASCII characters only, and no spaces")]
    Token,
    /// The message cannot stand in a header.
    #[error("this message may not have line breaks or other control characters")]
    Message,
    /// The connection could not be prepared.
    #[error("cannot prepare the connection: {0}")]
    Setup(String),
}

impl ClientError {
    /// The code of a problem.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.problem().map(|problem| problem.code)
    }

    /// What the server said, when it answered.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        if let Self::Problem(problem) = self { Some(problem) } else { None }
    }

    pub(super) fn setup(error: &reqwest::Error) -> Self {
        Self::Setup(cause(error))
    }
}

/// The innermost reason, which names the network's error; the outer ones only repeat the address.
pub(super) fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
