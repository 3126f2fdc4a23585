#!/usr/bin/env bash
# Sets up what it takes to build Rust programs for another CPU and to run them here:
# linkers and C libraries from Debian packages, a standard library from rustup or, where
# there is no rustup, Debian's own Rust, and qemu-user from a newer Debian.
#
#   cross.sh --prefix DIR TARGET...
#
# Afterwards DIR/env.sh sets the linkers and runners that cargo uses, and CROSS_CARGO,
# the cargo to build with. Run it again at any time: what is there already stays.
#
# qemu-user is taken from a newer suite because under Debian 12's own 7.2 an aarch64
# program does not see code that it changed through a second mapping of the same memory.
set -euo pipefail

suite=trixie
prefix=
targets=()

# rust target                  gcc prefix           C library                emulator  Debian architecture
table='
aarch64-unknown-linux-gnu      aarch64-linux-gnu    libc6-dev-arm64-cross    aarch64   arm64
armv7-unknown-linux-gnueabihf  arm-linux-gnueabihf  libc6-dev-armhf-cross    arm       armhf
i686-unknown-linux-gnu         i686-linux-gnu       libc6-dev-i386-cross     native    i386
s390x-unknown-linux-gnu        s390x-linux-gnu      libc6-dev-s390x-cross    s390x     s390x
riscv64gc-unknown-linux-gnu    riscv64-linux-gnu    libc6-dev-riscv64-cross  riscv64   riscv64
powerpc64le-unknown-linux-gnu  powerpc64le-linux-gnu libc6-dev-ppc64el-cross ppc64le   ppc64el
'

say() { printf 'cross: %s\n' "$*"; }
die() { printf 'cross: %s\n' "$*" >&2; exit 1; }
row() { awk -v t="$1" '$1 == t' <<<"$table"; }

while [ $# -gt 0 ]; do
  case $1 in
    --prefix) prefix=$2; shift ;;
    -*) die "unknown option $1" ;;
    *) [ -n "$(row "$1")" ] || die "unknown target $1"; targets+=("$1") ;;
  esac
  shift
done
[ -n "$prefix" ] || die "name a --prefix"
[ ${#targets[@]} -gt 0 ] || die "name a target"

sudo=
[ "$(id -u)" = 0 ] || sudo='sudo -n'
mkdir -p "$prefix/log" "$prefix/env.d"
prefix=$(cd "$prefix" && pwd)
log=$prefix/log/$(date +%Y%m%d-%H%M%S).log
apt=(-o DPkg::Lock::Timeout=600 -y --no-install-recommends)

# ------------------------------------------------------------------ packages
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

install() { # PACKAGE...: those that are missing
  local need=() p
  for p; do installed "$p" || need+=("$p"); done
  [ ${#need[@]} -gt 0 ] || return 0
  say "installing ${need[*]}"
  $sudo apt-get install "${apt[@]}" "${need[@]}" >>"$log" 2>&1 && return
  $sudo apt-get -o DPkg::Lock::Timeout=600 update >>"$log" 2>&1 || true
  $sudo apt-get install "${apt[@]}" "${need[@]}" >>"$log" 2>&1 || die "apt-get install ${need[*]} failed, see $log"
}

# An apt state of our own for the newer suite, so that the machine's configuration stays
# as it is. The mirror is the one that apt uses already.
newer_suite() {
  local uri dir=$prefix/apt archs=amd64 t
  [ -z "${have_lists:-}" ] || return 0
  for t in "${targets[@]}"; do archs+=,$(row "$t" | awk '{ print $5 }'); done
  # shellcheck disable=SC2016  # apt's own placeholders
  uri=$(apt-get indextargets --format '$(REPO_URI)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' '$2 == "Debian" && $3 == "main" { print $1; exit }')
  if [ -z "$uri" ]; then
    $sudo apt-get update >>"$log" 2>&1 || true
    # shellcheck disable=SC2016
    uri=$(apt-get indextargets --format '$(REPO_URI)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' |
      awk -F'|' '$2 == "Debian" && $3 == "main" { print $1; exit }')
  fi
  [ -n "$uri" ] || die "no Debian mirror in the apt configuration"
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/deb"
  touch "$dir/status"
  echo "deb [arch=$archs signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >"$dir/sources.list"
  {
    echo 'APT::Architecture "amd64";'
    tr , '\n' <<<"$archs" | sort -u | sed 's/.*/APT::Architectures:: "&";/'
    cat <<-EOF
	Dir::State "$dir";
	Dir::State::lists "$dir/lists";
	Dir::State::status "$dir/status";
	Dir::Cache "$dir/cache";
	Dir::Etc::SourceList "$dir/sources.list";
	Dir::Etc::SourceParts "/dev/null";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "/dev/null";
	Acquire::Languages "none";
	APT::Sandbox::User "root";
	EOF
  } >"$dir/apt.conf"
  say "reading the package lists of $suite ($archs)"
  APT_CONFIG=$dir/apt.conf apt-get update -o APT::Update::Error-Mode=any >>"$log" 2>&1 ||
    APT_CONFIG=$dir/apt.conf apt-get update -o APT::Update::Error-Mode=any >>"$log" 2>&1 ||
    die "the package lists of $suite could not be read, see $log"
  have_lists=1
}

unpack() { # PACKAGE:ARCH DIR PATTERN: part of a package of the newer suite
  local deb=$prefix/apt/deb/${1/:/_}
  newer_suite
  rm -rf "$deb"
  mkdir -p "$deb" "$2"
  (cd "$deb" && APT_CONFIG=$prefix/apt/apt.conf apt-get download "$1" >>"$log" 2>&1) ||
    die "apt-get download $1 failed, see $log"
  dpkg-deb --fsys-tarfile "$deb"/*.deb | tar -x -C "$2" --wildcards "$3"
  rm -rf "$deb"
}

# ------------------------------------------------------------------ the compiler
has_std() { # CARGO's rustc, TARGET
  printf 'fn main() { println!("{}", std::env::args().count()); }' |
    "$1" --target "$2" --crate-name probe --emit metadata -o "$prefix/log/probe.rmeta" - >>"$log" 2>&1
}

cargo=cargo
rustc=rustc
for t in "${targets[@]}"; do
  has_std "$rustc" "$t" && continue
  if command -v rustup >/dev/null && rustup target add "$t" >>"$log" 2>&1 && has_std "$rustc" "$t"; then
    say "$t: standard library from rustup"
    continue
  fi
  cargo=$prefix/rust/bin/cargo
  rustc=$prefix/rust/bin/rustc
  break
done

# Debian's compiler, beside which the newer suite has standard libraries of the same release.
if [ "$cargo" != cargo ]; then
  $sudo apt-get -o DPkg::Lock::Timeout=600 update >>"$log" 2>&1 || true
  $sudo apt-get install "${apt[@]}" rustc-web cargo-web libstd-rust-web-dev >>"$log" 2>&1 ||
    die "no standard library by rustup, and Debian's rustc-web cannot be installed, see $log"
  host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
  mkdir -p "$prefix/rust/bin" "$prefix/rust/lib/rustlib"
  ln -sfn "/usr/lib/rustlib/$host" "$prefix/rust/lib/rustlib/$host"
  printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot %q "$@"\n' "$prefix/rust" >"$rustc"
  printf '#!/bin/sh\nexport RUSTC=%q\nexec /usr/bin/cargo "$@"\n' "$rustc" >"$cargo"
  chmod +x "$cargo" "$rustc"
  for t in "${targets[@]}"; do
    has_std "$rustc" "$t" && continue
    arch=$(row "$t" | awk '{ print $5 }')
    say "$t: standard library from Debian $suite"
    unpack "libstd-rust-web-dev:$arch" "$prefix/unpacked" './usr/lib/rustlib/*'
    rm -rf "$prefix/rust/lib/rustlib/$t"
    mv "$prefix/unpacked/usr/lib/rustlib/$t" "$prefix/rust/lib/rustlib/$t"
    rm -rf "$prefix/unpacked"
    has_std "$rustc" "$t" || die "$t: $("$rustc" --version) does not take Debian's standard library of $suite"
  done
fi

# ------------------------------------------------------------------ linkers and emulators
for t in "${targets[@]}"; do
  read -r _ gcc libc emulator _ <<<"$(row "$t")"
  case $gcc in *-linux-gnu* ) install "gcc-$gcc" "$libc" ;; esac
  case $t in i686-*) install libc6-i386 lib32gcc-s1 ;; esac
  if [ "$emulator" != native ] && [ ! -x "$prefix/qemu/qemu-$emulator" ]; then
    unpack qemu-user:amd64 "$prefix/unpacked" "./usr/bin/qemu-$emulator"
    mkdir -p "$prefix/qemu"
    mv "$prefix/unpacked/usr/bin/qemu-$emulator" "$prefix/qemu/"
    rm -rf "$prefix/unpacked"
    say "emulator: $("$prefix/qemu/qemu-$emulator" --version | head -1)"
  fi
  var=$(tr a-z- A-Z_ <<<"$t")
  {
    echo "export CARGO_TARGET_${var}_LINKER=$gcc-gcc"
    [ "$emulator" = native ] ||
      echo "export CARGO_TARGET_${var}_RUNNER='$prefix/qemu/qemu-$emulator -L /usr/$gcc'"
  } >"$prefix/env.d/$t.sh"
done
{
  echo "export CROSS_CARGO=$cargo"
  cat "$prefix"/env.d/*.sh
} >"$prefix/env.sh"
say "ready: ${targets[*]}"
