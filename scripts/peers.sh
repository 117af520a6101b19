#!/usr/bin/env bash
# The builders that slipway is compared with, in a chroot of Debian testing, without touching the machine's own.
#
#   scripts/peers.sh make               makes the chroot, once (a minute or two; needs apt-get)
#   scripts/peers.sh docker COMMAND...  starts dockerd in a private mount namespace, runs COMMAND, ends what it started; podman and buildah are there too
#   scripts/peers.sh bench COMMAND...   the same with what npm run bench needs: a Debian base image, and buildah
#   scripts/peers.sh remove             deletes all of it
#
# Everything lies in SLIPWAY_BENCH_DIR (default: ~/.cache/slipway-bench). Needs root. The Debian mirror is
# SLIPWAY_DEBIAN_MIRROR, or that of the machine's apt sources.
set -eu -o pipefail
dir=${SLIPWAY_BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-bench}
peers=$dir/peers
self=$(readlink -f -- "$0")

mirror() {
  local found
  found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's#^(URIs:|deb (\[[^]]*\] )?)[[:space:]]*(https?://[^ ]+/debian)/?( .*)?$#\3#p' | head -n 1) || true
  echo "${SLIPWAY_DEBIAN_MIRROR:-${found:-http://ftp.debian.org/debian}}"
}

packages=docker.io,docker-cli,docker-buildx,buildah,podman,netavark,crun,skopeo,pigz,ca-certificates,git,openssh-client,xz-utils,iptables
unchecked='Acquire::Check-Valid-Until "false"'

make_peers() {
  command -v mmdebstrap >/dev/null || apt-get install -y --no-install-recommends mmdebstrap >&2
  mkdir -p "$dir"
  if [ "$(cat "$peers/.made" 2>/dev/null)" != "$packages" ]; then
    rm -rf --one-file-system "$peers"
    mmdebstrap --quiet --variant=minbase --aptopt="$unchecked" --format=directory \
      --include="$packages" \
      forky "$peers" "$(mirror)"
    echo "$packages" >"$peers/.made"
  fi
  echo "$peers"
}

make_base() {
  if [ -e "$dir/base.tar" ]; then return; fi
  mmdebstrap --quiet --variant=minbase --aptopt="$unchecked" bookworm "$dir/base.tar.part" "$(mirror)" --format=tar
  mv "$dir/base.tar.part" "$dir/base.tar"
}

# In the private namespace: the chroot sees the machine's /proc, /sys, /dev, /tmp and the folder of the benchmark's builds.
enter() {
  mount --bind "$peers" "$peers"
  for folder in proc sys dev tmp; do mount --rbind "/$folder" "$peers/$folder"; done
  # crun and buildah refuse the hybrid layout.
  if mountpoint -q "$peers/sys/fs/cgroup/unified"; then umount "$peers/sys/fs/cgroup/unified"; fi
  mount -t tmpfs tmpfs "$peers/run"
  cp -L /etc/resolv.conf "$peers/etc/resolv.conf"
}

# start_dockerd FLAGS...; its data lies in what is mounted on /var/lib/docker.
start_dockerd() {
  chroot "$peers" dockerd --iptables=false --ip6tables=false --bridge=none -H unix:///run/docker.sock "$@" >"$dir/dockerd.log" 2>&1 &
  dockerd=$!
  trap 'kill "$dockerd" 2>/dev/null; wait "$dockerd" 2>/dev/null || true' EXIT
  for _ in $(seq 200); do
    if chroot "$peers" docker version >/dev/null 2>&1; then return; fi
    kill -0 "$dockerd" || break
    sleep 0.1
  done
  tail -n 20 "$dir/dockerd.log" >&2
  exit 1
}

# Without CAP_SYS_RESOURCE nothing can raise a limit: containers keep those of this shell.
keep_limits() {
  mkdir -p "$peers/etc/containers"
  printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=%s:%s"]\n' \
    "$(ulimit -Sn)" "$(ulimit -Hn)" "$(ulimit -Su)" "$(ulimit -Hu)" | sed 's/unlimited/-1/g' >"$peers/etc/containers/containers.conf"
}

# The engines' data is new each time, and goes with them: what a benchmark calls base is another than what the cases do.
enter_docker() {
  enter
  for engine in docker containers; do
    mkdir -p "$peers/var/lib/$engine"
    mount -t tmpfs tmpfs "$peers/var/lib/$engine"
  done
  keep_limits
  start_dockerd --feature containerd-snapshotter=true
  SLIPWAY_PEERS=$peers "$@"
}

enter_bench() {
  enter
  export BUILDAH_ISOLATION=chroot
  mkdir -p "$dir/builds" "$dir/docker" "$dir/containers" "$peers$dir/builds" "$peers/var/lib/docker" "$peers/var/lib/containers"
  mount --bind "$dir/docker" "$peers/var/lib/docker"
  mount --bind "$dir/builds" "$peers$dir/builds"
  mount --bind "$dir/containers" "$peers/var/lib/containers"
  keep_limits
  start_dockerd
  chroot "$peers" docker image inspect base:latest >/dev/null 2>&1 || chroot "$peers" docker import - base:latest <"$dir/base.tar" >/dev/null
  if ! chroot "$peers" buildah inspect --type image localhost/base:latest >/dev/null 2>&1; then
    local container
    ln -f "$dir/base.tar" "$dir/builds/base.tar"
    container=$(chroot "$peers" buildah from scratch)
    chroot "$peers" buildah add -q "$container" "$dir/builds/base.tar" / >/dev/null
    chroot "$peers" buildah commit -q "$container" localhost/base:latest >/dev/null
    chroot "$peers" buildah rm "$container" >/dev/null
  fi
  SLIPWAY_BENCH_DIR=$dir SLIPWAY_PEERS=$peers SLIPWAY_BENCH_DOCKERD=$dockerd "$@"
}

case ${1:-} in
  make) make_peers ;;
  docker | bench)
    make_peers >/dev/null
    if [ "$1" = bench ]; then make_base; fi
    exec unshare --mount --propagation private "$self" "enter_$@"
    ;;
  enter_docker | enter_bench) "$@" ;;
  remove) rm -rf --one-file-system "$dir" ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$self" >&2 && exit 2 ;;
esac
