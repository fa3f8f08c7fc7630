#include "core/instruction_sets.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

#define GEMMNET_DECLARE_KERNELS(set)                                                               \
  namespace set {                                                                                  \
  template <typename T>                                                                            \
  Table<Activation<T>> activations();                                                              \
  template <typename T>                                                                            \
  Table<Loss<T>> losses();                                                                         \
  template <typename T>                                                                            \
  Table<Optimizer<T>> optimizers();                                                                \
  template <typename T>                                                                            \
  Elementwise<T> elementwise();                                                                    \
  template <typename T>                                                                            \
  Normalization<T> normalization();                                                                \
  template <typename T>                                                                            \
  Kernels<T> all_kernels() {                                                                       \
    return {activations<T>(), losses<T>(), optimizers<T>(), elementwise<T>(), normalization<T>()}; \
  }                                                                                                \
  }

namespace gemmnet {

GEMMNET_DECLARE_KERNELS(baseline)
#if defined(GEMMNET_HAS_AVX2)
GEMMNET_DECLARE_KERNELS(avx2)
#endif
#if defined(GEMMNET_HAS_AVX512)
GEMMNET_DECLARE_KERNELS(avx512)
#endif

namespace {

// The features are those that CMakeLists.txt compiles each set with.
const InstructionSet rows[] = {
    {"baseline", [] { return true; }, &baseline::all_kernels<float>,
     &baseline::all_kernels<double>},
#if defined(GEMMNET_HAS_AVX2)
    {"avx2",
     [] { return bool(__builtin_cpu_supports("avx2")) && bool(__builtin_cpu_supports("fma")); },
     &avx2::all_kernels<float>, &avx2::all_kernels<double>},
#endif
#if defined(GEMMNET_HAS_AVX512)
    {"avx512",
     [] {
       return bool(__builtin_cpu_supports("avx512f")) && bool(__builtin_cpu_supports("avx512vl")) &&
              bool(__builtin_cpu_supports("avx512dq")) &&
              bool(__builtin_cpu_supports("avx512bw")) && bool(__builtin_cpu_supports("avx2")) &&
              bool(__builtin_cpu_supports("fma"));
     },
     &avx512::all_kernels<float>, &avx512::all_kernels<double>},
#endif
};

const InstructionSet& choose() {
  if (const char* wanted = std::getenv("GEMMNET_SIMD")) {
    std::string known;
    for (const InstructionSet& set : instruction_sets()) {
      if (!set.supported()) continue;
      if (std::string_view(wanted) == set.name) return set;
      known += known.empty() ? "" : ", ";
      known += set.name;
    }
    throw std::runtime_error("GEMMNET_SIMD is \"" + std::string(wanted) +
                             "\", which this build does not have or this processor does not run; "
                             "here it can be: " +
                             known);
  }
  const InstructionSet* widest = rows;
  for (const InstructionSet& set : instruction_sets())
    if (set.supported()) widest = &set;
  return *widest;
}

}  // namespace

Table<InstructionSet> instruction_sets() { return {rows, sizeof(rows) / sizeof(rows[0])}; }

const InstructionSet& instruction_set() {
  static const InstructionSet& chosen = choose();
  return chosen;
}

template <>
const Kernels<float>& kernels<float>() {
  static const Kernels<float> tables = instruction_set().float_kernels();
  return tables;
}

template <>
const Kernels<double>& kernels<double>() {
  static const Kernels<double> tables = instruction_set().double_kernels();
  return tables;
}

}  // namespace gemmnet
