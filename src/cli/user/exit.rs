//! What a command's end means to the program that started it.

use std::fmt;
use std::process::ExitCode;

use reqwest::StatusCode;

use crate::client::ClientError;

/// The exit codes, as `pintle --help` lists them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0   done; diff and dry runs: no differences; can-i: yes
  1   something went wrong; can-i: no
  2   diff and dry runs: there are differences
  3   conflict, failed precondition or freeze: look at what is there, then try again
  4   not logged in, or not allowed; with --wait: instances rejected it
  5   not found; with --wait: not reached in time
  6   the server cannot be reached, or cannot do it at present; with --wait: taken back by a rollback
  64  the command line is wrong
  130 interrupted";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Something went wrong that has no code of its own.
    Failed,
    /// A comparison or dry run found differences.
    Differences,
    /// The store is not in the state that the command wants.
    Conflict,
    /// Nobody is logged in, or the right is missing.
    Denied,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// No answer, or not at present.
    Unavailable,
    /// The write was done; instances rejected it.
    Rejected,
    /// The write was done; it was not reached in time.
    TimedOut,
    /// The write was done; a rollback took it back.
    Superseded,
    /// The command line cannot be understood.
    Usage,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Differences => 2,
            Self::Conflict => 3,
            Self::Denied | Self::Rejected => 4,
            Self::NotFound | Self::TimedOut => 5,
            Self::Unavailable | Self::Superseded => 6,
            Self::Usage => 64,
        }
    }

    /// The end of a comparison or dry run.
    pub(super) fn of_comparison(equal: bool) -> Self {
        if equal { Self::Done } else { Self::Differences }
    }

    /// The end that an error brings.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        if let Some(stop) = error.downcast_ref::<Stop>() {
            return stop.exit;
        }
        error.downcast_ref::<ClientError>().map_or(Self::Failed, Self::of_call)
    }

    fn of_call(error: &ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => Self::of_status(problem.status),
            ClientError::Unexpected { status, .. } => Self::of_status(*status),
            ClientError::Unreachable { .. } | ClientError::AnswerLost { .. } => Self::Unavailable,
            ClientError::Server { .. } | ClientError::Token | ClientError::Message => Self::Usage,
            ClientError::Setup(_) | ClientError::TokenFile { .. } => Self::Failed,
        }
    }

    fn of_status(status: u16) -> Self {
        match StatusCode::from_u16(status) {
            Ok(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Self::Denied,
            Ok(StatusCode::NOT_FOUND) => Self::NotFound,
            Ok(
                StatusCode::CONFLICT
                | StatusCode::PRECONDITION_FAILED
                | StatusCode::LOCKED
                | StatusCode::PRECONDITION_REQUIRED,
            ) => Self::Conflict,
            Ok(
                StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT,
            ) => Self::Unavailable,
            Ok(_) | Err(_) => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Prints what clap has to say, and ends with [`Exit::Usage`] where it would end with 2: here 2 means differences.
#[must_use]
pub fn usage(error: &clap::Error) -> Exit {
    // Nobody is left to tell when the stream is closed.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// A command stops for a reason of its own.
#[derive(Debug)]
pub(super) struct Stop {
    exit: Exit,
    text: String,
}

impl Stop {
    /// The command line asks for something that makes no sense.
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }

    /// The store is not what the command was prepared for.
    pub(super) fn conflict(text: impl Into<String>) -> Self {
        Self { exit: Exit::Conflict, text: text.into() }
    }

    /// Nobody is logged in.
    pub(super) fn denied(text: impl Into<String>) -> Self {
        Self { exit: Exit::Denied, text: text.into() }
    }

    /// The person said no, or the input is bad.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, text: text.into() }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Stop {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::{Code, Problem};

    #[test]
    fn every_code_of_the_api_has_its_exit() {
        let exit = |code: Code| Exit::of(&ClientError::Problem(Box::new(Problem::new(code, None))).into());
        for code in
            [Code::Conflict, Code::RevertConflict, Code::PreconditionFailed, Code::PreconditionRequired, Code::Frozen]
        {
            assert_eq!(exit(code), Exit::Conflict, "{}", code.as_str());
        }
        for code in [Code::Unauthenticated, Code::WrongPassword, Code::Denied, Code::PasswordChangeRequired] {
            assert_eq!(exit(code), Exit::Denied, "{}", code.as_str());
        }
        for code in [Code::Unavailable, Code::OutcomeUnknown, Code::Draining, Code::TooManyRequests] {
            assert_eq!(exit(code), Exit::Unavailable, "{}", code.as_str());
        }
        for code in [Code::InvalidContent, Code::TooLarge, Code::MessageRequired, Code::Internal] {
            assert_eq!(exit(code), Exit::Failed, "{}", code.as_str());
        }
        assert_eq!(exit(Code::NotFound), Exit::NotFound);
    }

    #[test]
    fn an_exit_survives_the_words_put_around_an_error() {
        let lost = ClientError::AnswerLost { server: String::new(), cause: String::new() };
        assert_eq!(Exit::of(&anyhow::Error::from(lost).context("while importing")), Exit::Unavailable);
        assert_eq!(Exit::of(&anyhow::Error::from(Stop::conflict("moved")).context("while importing")), Exit::Conflict);
        assert_eq!(Exit::of(&anyhow::anyhow!("disk full")), Exit::Failed);
    }

    #[test]
    fn the_help_lists_the_codes_as_they_are() {
        for exit in [
            Exit::Done,
            Exit::Failed,
            Exit::Differences,
            Exit::Conflict,
            Exit::Denied,
            Exit::NotFound,
            Exit::Unavailable,
            Exit::Rejected,
            Exit::TimedOut,
            Exit::Superseded,
            Exit::Usage,
        ] {
            assert!(EXIT_CODES.contains(&format!("\n  {:<3} ", exit.code())), "{exit:?}");
        }
    }
}
