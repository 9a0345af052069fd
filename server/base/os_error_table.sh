#!/bin/sh
# Makes os_error_table.inc anew: every Linux error text as musl writes it, by asking musl itself.
# Needs musl-gcc (Debian: musl-tools). The table is committed, so a build needs no musl.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/table.c" <<'EOF'
#include <stdio.h>
#include <string.h>

int main(void) {
  /* strerror reuses nothing here: musl's texts are constants. -1 has no text of its own. */
  const char* unknown = strerror(-1);
  int last = 4095; /* the kernel's largest error number */
  while (last > 0 && strcmp(strerror(last), unknown) == 0) --last;
  for (int number = 0; number <= last; ++number) printf("\"%s\",  // %d\n", strerror(number), number);
  return 0;
}
EOF
musl-gcc -static -o "$work/table" "$work/table.c"

{
  echo "// Made by os_error_table.sh; run that instead of editing. Texts of musl, indexed by error number."
  "$work/table"
} >"$work/table.inc"
mv "$work/table.inc" "$here/os_error_table.inc"
chmod 644 "$here/os_error_table.inc"
