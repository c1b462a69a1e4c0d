#!/bin/sh
# copy-programs.sh <target> <program>…: copies programs, the shared libraries that they load, fonts, and Debian's
# records of the packages that these files belong to, so that scanners of images know what is in it.
set -eu
target=$1
shift
for program in "$@"; do
  command -v "$program"
  ldd "$(command -v "$program")" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'
done | sort -u > /tmp/files
# The base has its own C library.
grep -vE '/(libc|libm|libdl|librt|libpthread)\.so\.[0-9]+$' /tmp/files > /tmp/copied
while read -r file; do
  # /lib is a link to /usr/lib, which a copy must not replace.
  folder=$(cd "$(dirname "$file")" && pwd -P)
  mkdir -p "$target$folder"
  cp -L "$file" "$target$folder/$(basename "$file")"
done < /tmp/copied
mkdir -p "$target/var/lib/dpkg/status.d" "$target/usr/share" "$target/etc"
# Packages own a file under its name with or without /usr.
sed 's#^/usr/#/#; p; s#^/#/usr/#' /tmp/copied | xargs dpkg -S 2> /dev/null | sed 's/:.*//' | sort -u > /tmp/packages || true
for package in $(cat /tmp/packages) fonts-liberation fontconfig-config; do
  dpkg -s "$package" > "$target/var/lib/dpkg/status.d/$package"
done
# Of what was built here.
cp -a /usr/local/share/packages/. "$target/var/lib/dpkg/status.d/"
cp -a /usr/share/fonts /usr/share/fontconfig "$target/usr/share/"
cp -a /etc/fonts "$target/etc/"
