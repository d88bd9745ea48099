#!/usr/bin/env bash
# Builds the Debian packages into build/ and looks into them. Wants VERSION, LDFLAGS and NFPM, as the Makefile sets them.
set -euo pipefail

# a version Debian can order: v1.2.3-4-gabcdef becomes 1.2.3+4.gabcdef, a bare commit becomes 0.0.0+commit
version=${VERSION#v}
[[ $version =~ ^[0-9]+\.[0-9] ]] || version="0.0.0+$version"
version=${version//-/.}
version=$(sed -E 's/^([0-9]+\.[0-9]+(\.[0-9]+)?)\.([0-9]+\.g)/\1+\3/' <<<"$version")

mkdir -p build
for arch in amd64 arm64; do
  export ARCH=$arch VERSION=$version BINARY=build/linux-$arch/callbox
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -ldflags "$LDFLAGS" -o "$BINARY" ./appliance/callbox
  package=build/callbox_${version}_$arch.deb
  "$NFPM" package --config firmware/deb/nfpm.yaml --packager deb --target "$package"
  command -v dpkg-deb >/dev/null || { echo "no dpkg-deb here: $package was not looked into"; continue; }
  contents=$(dpkg-deb -c "$package")
  for path in ./usr/bin/callbox ./lib/systemd/system/callbox.service ./etc/callbox/office.hcl; do
    grep -q " $path\$" <<<"$contents" || { echo "$package lacks $path"; exit 1; }
  done
  dpkg-deb -I "$package" conffiles | grep -qx /etc/callbox/office.hcl || { echo "$package would overwrite what people wrote"; exit 1; }
  echo "$package: $(du -h "$package" | cut -f1)"
done
