#!/bin/sh
# Fails if a kernel object offers the linker code that other objects may also hold: of equal inline
# functions the linker keeps any one copy, and that copy may need AVX-512. What lies in the
# instruction set's own namespace is its own. CMake runs this as the test kernels_share_no_code.
#   sh native/check-kernels.sh object...
set -eu
status=0
for object in "$@"; do
  shared=$(nm -C --defined-only "$object" | grep -E '^[0-9a-f]+ [uVW] ' |
    grep -vE '::(baseline|avx2|avx512)::|DW\.ref\.|__clang_call_terminate' || true)
  if [ -n "$shared" ]; then
    echo "$object shares inline functions with the rest of the program:"
    echo "$shared" | head -5
    status=1
  fi
done
exit $status
