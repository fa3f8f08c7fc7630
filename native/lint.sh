#!/bin/sh
# Formats or checks the C++: clang-format and clang-tidy, both in version 19 (versions format
# differently). CLANG_FORMAT and CLANG_TIDY name other binaries.
#   sh native/lint.sh          check
#   sh native/lint.sh --fix    format
set -eu
cd "$(dirname "$0")/.."
format=${CLANG_FORMAT:-clang-format-19}
tidy=${CLANG_TIDY:-clang-tidy-19}

sources=$(find native test bench -name node_modules -prune -o \( -name '*.cc' -o -name '*.h' \) -print)
if [ "${1-}" = --fix ]; then
  $format -i $sources
  exit
fi
$format --dry-run -Werror $sources

# Debug, so that the analyzer believes the asserts.
node native/build.cjs --configure-only --debug --tests --bench --work=build/lint
# Silent about what is well; clang-tidy counts warnings in other people's headers even with --quiet.
printf '%s\n' $sources | grep '\.cc$' |
  xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" sh -c \
    'log=$("$0" -p build/lint --quiet "$1" 2>&1) || { printf "%s\n" "$log"; exit 1; }' "$tidy"
