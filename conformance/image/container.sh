#!/bin/sh
# What a container runtime does before the image's command becomes process 1. Run it as
#   unshare --mount --uts --ipc --net --pid --fork container.sh ROOT UID:GID VOLUMES COMMAND...
# ROOT becomes read-only; each of VOLUMES (paths, blanks between) a new file system with the owner
# and mode that the image gave the folder, as an anonymous volume would have. No capabilities.
set -eu

root=$1 user=$2 volumes=$3
shift 3

hostname paned-check
ip link set lo up
mount --bind "$root" "$root"
for volume in $volumes; do
  mount -t tmpfs -o "$(stat -c 'uid=%u,gid=%g,mode=%a' "$root$volume")" volume "$root$volume"
done
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o nosuid,mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -o remount,ro,bind "$root"

exec chroot "$root" setpriv --reuid="${user%:*}" --regid="${user#*:}" --clear-groups \
  --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
