//! Owners and groups of files, by name or number.

use nix::unistd::{Group, User};

/// The number of a user. Says so when the machine knows no such user; a number is taken as it is.
pub(super) fn user(name: &str) -> Result<u32, String> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    match User::from_name(name) {
        Ok(Some(user)) => Ok(user.uid.as_raw()),
        Ok(None) => Err(format!("this machine has no user `{name}`; write a user's name or number")),
        Err(error) => Err(format!("the user `{name}` cannot be looked up: {error}")),
    }
}

/// The number of a group. Says so when the machine knows no such group; a number is taken as it is.
pub(super) fn group(name: &str) -> Result<u32, String> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        Ok(None) => Err(format!("this machine has no group `{name}`; write a group's name or number")),
        Err(error) => Err(format!("the group `{name}` cannot be looked up: {error}")),
    }
}
