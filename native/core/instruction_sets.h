#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "core/kernels/tables.h"

namespace gemmnet {

/// One way the kernels were compiled.
struct InstructionSet {
  const char* name;  // as the environment variable GEMMNET_SIMD takes it
  bool (*supported)();
  Kernels<float> (*float_kernels)();
  Kernels<double> (*double_kernels)();
};

/// Those of this build, the narrowest first.
Table<InstructionSet> instruction_sets();

/// The widest that this processor has, or the one that GEMMNET_SIMD names. Chosen at the first
/// call; throws std::runtime_error if GEMMNET_SIMD names one that is unknown or not supported.
const InstructionSet& instruction_set();

/// The kernels of `instruction_set()`.
template <typename T>
const Kernels<T>& kernels();

/// The row of that name, or null.
template <typename Row>
const Row* find(const Table<Row>& table, std::string_view name) {
  for (const Row& row : table)
    if (name == row.name) return &row;
  return nullptr;
}

/// The same for a name that must be there: throws std::invalid_argument. `what` is the table's
/// subject, "loss".
template <typename Row>
const Row& find_required(const Table<Row>& table, const char* what, std::string_view name) {
  if (const Row* row = find(table, name)) return *row;
  throw std::invalid_argument(std::string("No ") + what + " is named \"" + std::string(name) + '"');
}

}  // namespace gemmnet
