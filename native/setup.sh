#!/bin/sh
# Installs what working on gemmnet needs: a C++20 compiler, make, CMake, OpenBLAS, doctest (the C++
# tests) and Python (node-gyp, for prebuilds).
#   sh native/setup.sh            installs, and prints what it runs
#   sh native/setup.sh --print    only prints
set -eu

if command -v apt-get >/dev/null 2>&1; then
  command="apt-get update && apt-get install -y --no-install-recommends g++ make cmake python3 libopenblas-pthread-dev doctest-dev"
elif command -v dnf >/dev/null 2>&1; then
  command="dnf install -y gcc-c++ make cmake python3 openblas-devel doctest-devel"
elif command -v apk >/dev/null 2>&1; then
  command="apk add g++ make cmake python3 openblas-dev doctest-dev"
elif command -v brew >/dev/null 2>&1; then
  xcode-select -p >/dev/null 2>&1 || { echo "First run: xcode-select --install" >&2; exit 1; }
  command="brew install cmake openblas doctest"
else
  echo "No apt-get, dnf, apk or brew here. Install a C++20 compiler, make, CMake 3.22 or newer, OpenBLAS and doctest." >&2
  exit 1
fi

as=""
case $command in
  brew*) ;;
  *)
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null 2>&1 || { echo "Run this as root, or install sudo: $command" >&2; exit 1; }
      as="sudo"
    fi ;;
esac

echo "+ $as sh -c '$command'"
[ "${1-}" = --print ] || $as env DEBIAN_FRONTEND=noninteractive sh -c "$command"
