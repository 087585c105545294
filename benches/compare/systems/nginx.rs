//! nginx, serving a file.

use std::process::Command;

use nix::sys::signal::Signal;

use super::{listening, program};
use crate::support::node::Process;
use crate::support::postgres::{children, free_port, signal};
use crate::support::{Place, Tested};

#[derive(Debug)]
pub(crate) struct Nginx {
    process: Process,
    pub(crate) port: u16,
}

impl Nginx {
    /// Serves some bytes at `/file`.
    pub(crate) async fn start(place: &Place, bytes: &str) -> Tested<Self> {
        let (folder, port) = (place.join("nginx"), free_port()?);
        std::fs::create_dir(&folder)?;
        std::fs::write(folder.join("file"), bytes)?;
        let at = folder.display();
        let settings = format!(
            "daemon off;\npid {at}/pid;\nerror_log {at}/error.log;\nworker_processes auto;\nevents {{ worker_connections 1024; }}\n\
             http {{\n  access_log off;\n  sendfile on;\n  open_file_cache max=10;\n  keepalive_requests 100000000;\n\
             client_body_temp_path {at}/body;\n  proxy_temp_path {at}/proxy;\n  fastcgi_temp_path {at}/fastcgi;\n\
             uwsgi_temp_path {at}/uwsgi;\n  scgi_temp_path {at}/scgi;\n\
             server {{ listen 127.0.0.1:{port}; root {at}; }}\n}}\n"
        );
        std::fs::write(folder.join("nginx.conf"), settings)?;
        let mut command = Command::new(program("nginx")?);
        command.arg("-p").arg(&folder).arg("-c").arg(folder.join("nginx.conf"));
        let this = Self { process: Process::spawn(command, place.join("nginx.out"))?, port };
        listening(port).await?;
        Ok(this)
    }

    pub(crate) fn pid(&self) -> Tested<i32> {
        self.process.pid()
    }
}

/// Its workers outlive a master that is killed.
impl Drop for Nginx {
    fn drop(&mut self) {
        let workers = self.pid().map(children).unwrap_or_default();
        let _ = self.process.kill();
        for worker in workers {
            signal(worker, Signal::SIGKILL);
        }
    }
}
