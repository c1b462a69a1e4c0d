#!/bin/sh
# build-ffmpeg.sh <decoders>: builds Debian's ffmpeg, with its patches, for what the worker asks of it. Debian's own
# binary links screens, sound cards, speech and network protocols: 190 MiB of libraries that the worker never calls,
# and that hostile files could reach (docs/decisions/0018-own-build-of-ffmpeg.md).
#
# decoders: names of decoders or of codecs, separated by commas; names that configure does not know have no effect.
set -eu
decoders=$1
libraries='libdav1d-dev libjxl-dev libwebp-dev libx264-dev libzimg-dev zlib1g-dev'

# The source comes from the mirrors that the base image uses; security updates are among them.
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  test ! -f "$list" || sed -i -e 's/^Types: deb$/Types: deb deb-src/' -e 's/^deb \(.*\)/&\ndeb-src \1/' "$list"
done
apt-get update
# shellcheck disable=SC2086
apt-get install -y --no-install-recommends dpkg-dev gcc libc6-dev make nasm pkg-config $libraries
mkdir /ffmpeg
cd /ffmpeg
apt-get source ffmpeg
cd ffmpeg-*/
version=$(dpkg-parsechangelog -S Version)

set -- --prefix=/usr/local --enable-shared --disable-static --toolchain=hardened --extra-version="${version##*:*-}"
set -- "$@" --disable-autodetect --disable-debug --disable-doc --disable-network --disable-everything
set -- "$@" --enable-gpl --enable-libdav1d --enable-libjxl --enable-libwebp --enable-libx264 --enable-libzimg --enable-zlib
set -- "$@" --enable-protocol=file,pipe
set -- "$@" --enable-parsers --enable-bsfs
# Of what people send (apps/worker/src/ffmpeg/containers.ts), and of what the worker writes for itself.
set -- "$@" --enable-demuxer=aac,ac3,aiff,amr,ape,asf,avi,caf,flac,flv,matroska,mov,mp3,mpegps,mpegts,ogg,wav,wv
set -- "$@" --enable-demuxer=apng,gif,ico,image_bmp_pipe,image_jpegxl_pipe,image_png_pipe,hevc,rawvideo
# MPEG programs do not name their streams' codecs; these recognise them.
set -- "$@" --enable-demuxer=dts,eac3,h264,loas,m4v,mpegvideo,truehd
set -- "$@" --enable-decoder="$decoders,ccaption,movtext"
set -- "$@" --enable-encoder=aac,libwebp_anim,libx264,mjpeg,pcm_u8,png
set -- "$@" --enable-muxer=hls,image2,mp4,pcm_u8,webp
set -- "$@" --enable-filter=aformat,anull,aresample,atrim,crop,format,fps,hflip,null,pad,rotate,scale,setsar,tile
set -- "$@" --enable-filter=tonemap,transpose,trim,vflip,yadif,zscale
./configure "$@"
make -j "$(nproc)"
make install
strip --strip-unneeded /usr/local/bin/ffmpeg /usr/local/bin/ffprobe /usr/local/lib/lib*.so.*.*.*
ldconfig

# A scanner of images compares the version of the source with Debian's advisories.
mkdir -p /usr/local/share/packages
cat > /usr/local/share/packages/ffmpeg << RECORD
Package: ffmpeg
Status: install ok installed
Maintainer: Debian Multimedia Maintainers <debian-multimedia@lists.debian.org>
Architecture: $(dpkg --print-architecture)
Version: $version
Description: ffmpeg of Debian's source, built for Claimcheck's worker
RECORD
