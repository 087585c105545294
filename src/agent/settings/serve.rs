//! Where local programs find a block, checked.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path};

use serde_saphyr::{Location, Spanned};

use super::checks::Faults;
use super::fields::ServeFields;
use super::{accounts, files};
use crate::agent::local::{LocalSettings, SocketSettings};

/// The permission bits of a socket that says nothing.
const MODE: u32 = 0o600;
/// Longest path of a socket in bytes: what systems allow, less what it is made under.
const SOCKET_BYTES: usize = 104;

/// Checks it; none when a fault was told. `at` is the field of the service.
pub(super) fn check(serve: &Spanned<ServeFields>, at: &str, faults: &mut Faults) -> Option<LocalSettings> {
    let (place, fields) = (serve.referenced, &serve.value);
    let before = faults.count();
    let at = format!("{at}.serve");
    if fields.socket.is_none() && fields.port.is_none() {
        faults.add(place, &at, "needs `socket` or `port`");
    }
    let mode = fields.mode.as_ref().map_or(Some(MODE), |mode| files::mode(mode, 0o777, &format!("{at}.mode"), faults));
    let owner = fields.owner.as_ref();
    let uid = owner.and_then(|name| faults.check(name.referenced, &format!("{at}.owner"), accounts::user(&name.value)));
    let group = fields.group.as_ref();
    let gid =
        group.and_then(|name| faults.check(name.referenced, &format!("{at}.group"), accounts::group(&name.value)));
    let socket = fields.socket.as_ref().and_then(|path| {
        faults.check(path.referenced, &format!("{at}.socket"), check_socket(&path.value))?;
        Some(SocketSettings { path: path.value.clone(), mode: mode?, uid, gid })
    });
    if fields.socket.is_none() {
        refuse_socket_fields(fields, place, &at, faults);
    }
    let listen = fields.port.as_ref().and_then(|port| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.value));
        let problem = "must be from 1 to 65535; it is opened on 127.0.0.1 only";
        faults.check(port.referenced, &format!("{at}.port"), Some(address).filter(|_| port.value > 0).ok_or(problem))
    });
    (faults.count() == before).then_some(LocalSettings { socket, listen, secrets: fields.secrets })
}

fn check_socket(path: &Path) -> Result<(), String> {
    let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::RootDir));
    if path.is_relative() || !plain || path.file_name().is_none() {
        return Err(format!("must be an absolute path without `.` and `..`, not `{}`", path.display()));
    }
    let bytes = path.as_os_str().as_bytes().len();
    if bytes > SOCKET_BYTES {
        return Err(format!("must have at most {SOCKET_BYTES} bytes, and has {bytes}"));
    }
    Ok(())
}

fn refuse_socket_fields(fields: &ServeFields, place: Location, at: &str, faults: &mut Faults) {
    for (name, written) in
        [("owner", fields.owner.is_some()), ("group", fields.group.is_some()), ("mode", fields.mode.is_some())]
    {
        if written {
            faults.add(place, &format!("{at}.{name}"), "goes with `socket` only");
        }
    }
}
