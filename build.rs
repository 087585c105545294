//! Tells cargo that the binary carries the console, so that a new one is put into it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=web/dist");
}
