#pragma once

#include "core/kernels/loops.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

/// Rows of fewer columns than this do not fill the vectors of a loop over columns: sixteen rows at
/// a time do, of each column one vector.
constexpr std::size_t narrow_columns = 32;
constexpr std::size_t row_lanes = 16;

/// A number of each of sixteen rows: a vector as gcc and clang both have them, whose operators work
/// lane by lane. (Loops of sixteen turns they would unroll instead of vectorizing them.)
template <typename T>
using RowLanes [[gnu::vector_size(row_lanes * sizeof(T))]] = T;

/// x = function(x), lane by lane, for a function of vector_math.h.
template <typename T, typename Function>
[[gnu::always_inline]] inline void each_lane(RowLanes<T>& x, const Function& function) {
  T lanes[row_lanes];
  __builtin_memcpy(lanes, &x, sizeof(x));
  GEMMNET_INDEPENDENT_ITERATIONS
  for (T& lane : lanes) lane = function(lane);
  __builtin_memcpy(&x, lanes, sizeof(x));
}

/// Calls visit(lane) for the first `count` lanes; a loop of sixteen turns becomes straight code.
template <typename Visit>
[[gnu::always_inline]] inline void first_lanes(std::size_t count, const Visit& visit) {
  if (count == row_lanes)
    for (std::size_t lane = 0; lane < row_lanes; ++lane) visit(lane);
  else
    for (std::size_t lane = 0; lane < count; ++lane) visit(lane);
}

/// value(lane) of the first `count` lanes, the others zero.
template <typename T, typename Value>
[[gnu::always_inline]] inline void fill_lanes(RowLanes<T>& x, std::size_t count,
                                              const Value& value) {
  T lanes[row_lanes]{};
  first_lanes(count, [&](std::size_t lane) { lanes[lane] = static_cast<T>(value(lane)); });
  __builtin_memcpy(&x, lanes, sizeof(x));
}

/// Sixteen rows, column by column. Those beyond the last are zero.
template <typename T>
struct NarrowRows {
  RowLanes<T> columns[narrow_columns];

  void load(MatrixView<const T> from, std::size_t first, std::size_t count) {
    const T* const top = from.data + first * from.stride;
    for (std::size_t c = 0; c < from.columns; ++c)
      fill_lanes<T>(columns[c], count,
                    [=](std::size_t lane) { return top[lane * from.stride + c]; });
  }
  void store(MatrixView<T> into, std::size_t first, std::size_t count) const {
    T* const top = into.data + first * into.stride;
    for (std::size_t c = 0; c < into.columns; ++c) {
      T lanes[row_lanes];
      __builtin_memcpy(lanes, &columns[c], sizeof(lanes));
      first_lanes(count, [&](std::size_t lane) { top[lane * into.stride + c] = lanes[lane]; });
    }
  }
  /// The largest number of each row; a NaN may be passed over.
  [[gnu::always_inline]] void find_largest(std::size_t count, RowLanes<T>& most) const {
    most = RowLanes<T>{} - static_cast<T>(__builtin_inf());
    for (std::size_t c = 0; c < count; ++c) most = columns[c] > most ? columns[c] : most;
  }
};

/// Calls `visit(first, count)` for groups of at most sixteen of `rows` rows.
template <typename Visit>
[[gnu::always_inline]] inline void each_group(std::size_t rows, const Visit& visit) {
  for (std::size_t first = 0; first < rows; first += row_lanes) {
    const std::size_t left = rows - first;
    visit(first, left < row_lanes ? left : row_lanes);
  }
}

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
