#include "core/initializers.h"

#include <cmath>

namespace gemmnet {

namespace {

constexpr Initializer rows[] = {
    {"zeros", [](const Philox&, std::uint64_t, std::size_t, std::size_t) -> double { return 0; }},
    // U(-b, b), b = sqrt(6 / (inputs + outputs)): X. Glorot and Y. Bengio, AISTATS 2010.
    {"glorotUniform",
     [](const Philox& random, std::uint64_t index, std::size_t inputs, std::size_t outputs) {
       const double bound = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
       return bound * (2 * random.uniform(index) - 1);
     }},
};

}  // namespace

Table<Initializer> initializers() { return {rows, std::size(rows)}; }

}  // namespace gemmnet
