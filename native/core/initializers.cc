#include "core/initializers.h"

#include <algorithm>
#include <cmath>

namespace gemmnet {

namespace {

using Values = std::span<double>;

constexpr Initializer rows[] = {
    {"zeros",
     {},
     [](const double*, const Philox&, std::size_t, std::size_t, Values values) {
       std::fill(values.begin(), values.end(), 0.0);
     }},
    // U(-b, b), b = sqrt(6 / (inputs + outputs)): X. Glorot and Y. Bengio, AISTATS 2010.
    {"glorotUniform",
     {},
     [](const double*, const Philox& random, std::size_t inputs, std::size_t outputs,
        Values values) {
       const double bound = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
       for (std::size_t i = 0; i < values.size(); ++i)
         values[i] = bound * (2 * random.uniform(i) - 1);
     }},
};

}  // namespace

Table<Initializer> initializers() { return {rows, std::size(rows)}; }

}  // namespace gemmnet
