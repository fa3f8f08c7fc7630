#!/bin/sh
# Fails if a prebuilt addon would not load on a machine that has only glibc and libstdc++.
#   sh native/check-prebuild.sh prebuilds/linux-x64/*.node      GLIBC= the oldest glibc, default 2.34
set -eu
[ "$(uname -s)" = Linux ] || exit 0
limit=${GLIBC:-2.34}
for file in "$@"; do
  foreign=$(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc|libm|libpthread|libdl|libstdc\+\+|libgcc_s|ld-linux.*)\.so' || true)
  [ -z "$foreign" ] || { echo "$file needs $foreign" >&2; exit 1; }
  newest=$(objdump -T "$file" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -Vu | tail -n 1)
  [ "$(printf '%s\n' "$newest" "$limit" | sort -V | tail -n 1)" = "$limit" ] ||
    { echo "$file needs glibc $newest, newer than $limit" >&2; exit 1; }
  exported=$(nm -D --defined-only "$file" | awk '{print $3}' |
    grep -vE '^(napi_register_module_v1|node_api_module_get_api_version_v1)$' | head -n 3 || true)
  [ -z "$exported" ] || { echo "$file exports $exported" >&2; exit 1; }
  echo "$file: glibc $newest, $(wc -c <"$file") bytes"
done
