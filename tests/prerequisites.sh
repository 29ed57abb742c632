#!/bin/sh
# Checks what the Makefile's targets need, and says how to get what is missing. Changes nothing.
# With the argument `tests` also what only `make test` needs.
missing=0
say() { printf '%s\n' "$1" >&2; missing=1; }

[ "$(uname -s)" = Linux ] || say "This needs Linux: the local node uses namespaces and cgroups."
[ "$(id -u)" = 0 ] || say "Run as root: the local node makes network namespaces and mounts."
command -v cargo >/dev/null || say "Rust is missing: install it with rustup (the version is in rust-toolchain.toml)."
command -v go >/dev/null || say "Go is missing: install 1.26 or newer; Kubernetes is built from its modules."
if command -v go >/dev/null; then
  minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge 26 ] || say "Go $(go env GOVERSION) is too old: Kubernetes 1.36 needs 1.26 or newer."
fi
packages=
need() { command -v "$1" >/dev/null || packages="$packages $2"; }
need runc runc
need nft nftables
need ip iproute2
need gcc gcc
need curl curl
need setpriv util-linux
need musl-gcc musl-tools
if [ "${1:-}" = tests ]; then
  need promtool prometheus
  need redis-server redis-server
  need faketime faketime
  [ -x /usr/lib/postgresql/15/bin/postgres ] || need postgres postgresql
  python3 -c "import ensurepip, venv" 2>/dev/null || packages="$packages python3-venv"
  need java default-jdk-headless
  need mvn maven
  need node nodejs
  need npm npm
fi
[ -z "$packages" ] || say "Debian packages are missing: apt-get install$packages"
if command -v rustup >/dev/null && ! rustup target list --installed 2>/dev/null | grep -qx x86_64-unknown-linux-musl; then
  say "The musl target is missing: rustup target add x86_64-unknown-linux-musl"
fi
exit $missing
