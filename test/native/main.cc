#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "core/gemm.h"

int main(int argc, char** argv) {
  gemmnet::initialize_blas();
  return doctest::Context(argc, argv).run();
}
