#!/bin/sh
# Builds the addon and the C++ tests with asserts, and with a sanitizer if one is named, then runs
# the C++ tests and ava against that build. The TypeScript must be compiled (`tsc`) already.
#   sh native/sanitize.sh [--build-only]            asserts only       npm run test:debug, build:debug
#   sh native/sanitize.sh address,undefined         AddressSanitizer   npm run test:asan
#   sh native/sanitize.sh thread                    ThreadSanitizer    npm run test:tsan
# Further arguments after the sanitizer go to ava. The sanitizers are g++'s, on Linux.
set -eu
cd "$(dirname "$0")/.."

build_only="" sanitizer="" name=debug
if [ "${1-}" = --build-only ]; then build_only=yes; shift; fi
case ${1-} in
  address,undefined) sanitizer=$1 name=asan; shift ;;
  thread) sanitizer=$1 name=tsan; shift ;;
esac

# The loader looks in $GEMMNET_PREBUILD/build/Debug.
node native/build.cjs --debug --tests --work="build/$name/cmake" --dest="build/$name/build/Debug" \
  "--CDGEMMNET_SANITIZE=$sanitizer" ${CMAKE_VARIABLES-}
[ -z "$build_only" ] || exit 0

export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS="exitcode=66:allocator_may_return_null=1:suppressions=$PWD/native/tsan.supp"
# What asks for too much memory is to get none, as without a sanitizer.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
export LSAN_OPTIONS="suppressions=$PWD/native/lsan.supp:print_suppressions=0"
# ThreadSanitizer wants its shadow memory where many kernels put other things at random.
run=""
if [ "$name" = tsan ] && setarch -R true 2>/dev/null; then run="setarch -R"; fi
$run ctest --test-dir "build/$name/cmake" --output-on-failure

# Node itself is not instrumented, so the sanitizer's runtime must be there before it.
runtime=""
case $name in
  asan) runtime="$(c++ -print-file-name=libasan.so) $(c++ -print-file-name=libstdc++.so.6)" ;;
  tsan) runtime=$(c++ -print-file-name=libtsan.so) ;;
esac
# DuckDB's allocator holds more locks while it forks than the search for deadlocks can count.
TSAN_OPTIONS=$TSAN_OPTIONS:detect_deadlocks=0
# A test that takes a sanitizer minutes is not one that hangs.
GEMMNET_PREBUILD="$PWD/build/$name" LD_PRELOAD="$runtime" \
  $run node node_modules/ava/entrypoints/cli.mjs ${sanitizer:+--timeout=10m} "$@"
