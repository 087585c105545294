#!/usr/bin/env bash
# Builds what is installed elsewhere: target/dist/pintle-VERSION-ARCH.tar.gz with the stripped binary, the units of
# systemd and the manifests of Kubernetes, and SHA256SUMS beside it. The binary is static where Rust's musl target and a
# C compiler for it are installed; where not, it needs this machine's C library or a newer one, and this script says so.
set -euo pipefail
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true
scripts/web.sh build

arch=$(uname -m)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
musl=$arch-unknown-linux-musl
compiler=
for candidate in "$arch-linux-musl-gcc" musl-gcc; do
    if command -v "$candidate" >/dev/null; then
        compiler=$candidate
        break
    fi
done

if [ -d "$(rustc --print sysroot)/lib/rustlib/$musl" ] && [ -n "$compiler" ]; then
    name=${musl//-/_}
    export "CC_$name=$compiler" "CARGO_TARGET_${name^^}_LINKER=$compiler"
    cargo build --release --locked --bin pintle --target "$musl"
    binary=target/$musl/release/pintle
    linked='static: it runs on any Linux of this architecture'
else
    cargo build --release --locked --bin pintle
    binary=target/release/pintle
    linked="dynamic: it needs the C library of this machine, $(ldd --version 2>&1 | head -n 1), or a newer one. For a \
static one install the target $musl and musl-tools"
fi

package=pintle-$version-$arch
dist=target/dist
rm -rf "$dist"
mkdir -p "$dist/$package"
install -m 0755 "$binary" "$dist/$package/pintle"
install -m 0644 LICENSE NOTICE README.md README.zh-CN.md CHANGELOG.md "$dist/$package/"
cp -R deploy "$dist/$package/deploy"
# The same sources give the same archive.
date=$(git log -1 --format=%ct 2>/dev/null || echo 0)
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$date" --mode='u+rwX,go=rX' \
    -C "$dist" -cf - "$package" | gzip -9n >"$dist/$package.tar.gz"
rm -rf "${dist:?}/$package"
(cd "$dist" && sha256sum "$package.tar.gz" >SHA256SUMS)
echo "$dist/$package.tar.gz"
echo "  $linked"
