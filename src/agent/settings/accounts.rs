//! Owners and groups of files, by name or number.

use nix::unistd::{Group, User};

/// Says so when the machine knows no such user.
pub(super) fn check_owner(name: &str) -> Result<(), String> {
    if name.parse::<u32>().is_ok() {
        return Ok(());
    }
    match User::from_name(name) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(format!("this machine has no user `{name}`; write a user's name or number")),
        Err(error) => Err(format!("the user `{name}` cannot be looked up: {error}")),
    }
}

/// Says so when the machine knows no such group.
pub(super) fn check_group(name: &str) -> Result<(), String> {
    if name.parse::<u32>().is_ok() {
        return Ok(());
    }
    match Group::from_name(name) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(format!("this machine has no group `{name}`; write a group's name or number")),
        Err(error) => Err(format!("the group `{name}` cannot be looked up: {error}")),
    }
}
