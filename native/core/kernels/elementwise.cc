#include <type_traits>
#include <utility>

#include "core/kernels/loops.h"
#include "core/kernels/narrow_rows.h"
#include "core/kernels/vector_math.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

/// The sums of sixteen columns, in registers. Four rows at a time, since an addition that waits for
/// the one before takes as long as four that do not.
template <typename T>
[[gnu::always_inline]] inline void lane_column_sums(MatrixView<const T> m, std::size_t first,
                                                    T beta, T* sums) {
  constexpr std::size_t chains = 4;
  RowLanes<T> parts[chains]{};
  if (beta != 0)
    for (std::size_t c = 0; c < row_lanes; ++c) parts[0][c] = beta * sums[first + c];
  const auto add_row = [=](std::size_t r, RowLanes<T>& part) {
    RowLanes<T> values;
    __builtin_memcpy(&values, m.data + r * m.stride + first, sizeof(values));
    part += values;
  };
  std::size_t r = 0;
  for (; r + chains <= m.rows; r += chains)
    for (std::size_t chain = 0; chain < chains; ++chain) add_row(r + chain, parts[chain]);
  for (; r < m.rows; ++r) add_row(r, parts[0]);
  const RowLanes<T> sum = (parts[0] + parts[1]) + (parts[2] + parts[3]);
  __builtin_memcpy(sums + first, &sum, sizeof(sum));
}

template <typename T>
void column_sums(const MatrixView<const T>& m, T beta, T* sums) {
  std::size_t c = 0;
  for (; c + row_lanes <= m.columns; c += row_lanes) lane_column_sums(m, c, beta, sums);
  for (; c < m.columns; ++c) {
    const T sum = lane_sum<T>(m.rows, [=](std::size_t r) { return m.data[r * m.stride + c]; });
    sums[c] = beta == 0 ? sum : beta * sums[c] + sum;
  }
}

// Vectors as gcc and clang have them in common, since no loop of theirs becomes a transposition.
#if defined(__AVX512F__)
constexpr std::size_t vector_bytes = 64;
#else
constexpr std::size_t vector_bytes = 16;
#endif
template <typename T>
constexpr std::size_t vector_lanes = vector_bytes / sizeof(T);
template <typename T>
using Vector [[gnu::vector_size(vector_bytes)]] = T;
template <typename T>
using LaneNumber = std::conditional_t<sizeof(T) == 4, int, long long>;
template <typename T>
using Lanes [[gnu::vector_size(vector_bytes)]] = LaneNumber<T>;

/// Of the elements of a and b in turn, a0 b0 a1 b1 ..., the first or the second half.
template <typename T, std::size_t First, std::size_t... I>
[[gnu::always_inline]] inline Vector<T> zip(Vector<T> a, Vector<T> b, std::index_sequence<I...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, int(First + I / 2 + I % 2 * vector_lanes<T>)...);
#else
  return __builtin_shuffle(
      a, b, Lanes<T>{static_cast<LaneNumber<T> >(First + I / 2 + I % 2 * vector_lanes<T>)...});
#endif
}

/// A square block with as many rows as a vector has lanes. Interleaving each row with the one half
/// the block below moves a bit of the row's number into the column's: all of them, once each.
template <typename T>
[[gnu::always_inline]] inline void transpose_square(const T* from, std::size_t from_stride, T* to,
                                                    std::size_t to_stride) {
  constexpr std::size_t lanes = vector_lanes<T>;
  using Sequence = std::make_index_sequence<lanes>;
  Vector<T> rows[lanes];
  for (std::size_t i = 0; i < lanes; ++i)
    __builtin_memcpy(&rows[i], from + i * from_stride, vector_bytes);
#pragma GCC unroll 8
  for (std::size_t bit = 1; bit < lanes; bit *= 2) {
    Vector<T> mixed[lanes];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < lanes / 2; ++i) {
      mixed[2 * i] = zip<T, 0>(rows[i], rows[i + lanes / 2], Sequence());
      mixed[2 * i + 1] = zip<T, lanes / 2>(rows[i], rows[i + lanes / 2], Sequence());
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < lanes; ++i) rows[i] = mixed[i];
  }
  for (std::size_t i = 0; i < lanes; ++i)
    __builtin_memcpy(to + i * to_stride, &rows[i], vector_bytes);
}

template <typename T>
void transpose(const MatrixView<const T>& from, const MatrixView<T>& to) {
  constexpr std::size_t lanes = vector_lanes<T>;
  std::size_t r = 0;
  for (; r + lanes <= from.rows; r += lanes) {
    std::size_t c = 0;
    for (; c + lanes <= from.columns; c += lanes)
      transpose_square(from.data + r * from.stride + c, from.stride, to.data + c * to.stride + r,
                       to.stride);
    for (; c < from.columns; ++c)
      for (std::size_t i = r; i < r + lanes; ++i)
        to.data[c * to.stride + i] = from.data[i * from.stride + c];
  }
  for (; r < from.rows; ++r)
    for (std::size_t c = 0; c < from.columns; ++c)
      to.data[c * to.stride + r] = from.data[r * from.stride + c];
}

template <typename T>
void add(const T* from, T* to, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
}

template <typename T>
void multiply(const T* a, const T* b, T* products, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) products[i] = a[i] * b[i];
}

template <typename T>
void scale(T factor, T* values, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) values[i] *= factor;
}

template <typename T>
void clamp(T limit, T* values, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i) {
    const T above = values[i] < -limit ? -limit : values[i];
    values[i] = above > limit ? limit : above;
  }
}

template <typename T>
void add_penalty_gradient(T decay, T lasso, const T* weights, T* gradient, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i)
    gradient[i] += decay * weights[i] + lasso * sign(weights[i]);
}

template <typename T>
double sum_of_squares(const T* values, std::size_t size) {
  return lane_sum<double>(size, [=](std::size_t i) {
    const double value = static_cast<double>(values[i]);
    return value * value;
  });
}

template <typename T>
double sum_of_magnitudes(const T* values, std::size_t size) {
  return lane_sum<double>(size, [=](std::size_t i) {
    const double value = static_cast<double>(values[i]);
    return value < 0 ? -value : value;
  });
}

template <typename T>
std::size_t first_non_finite(const T* values, std::size_t size) {
  // x - x is 0 for finite x and NaN for the rest. Stretches first, since a branch per element
  // would not vectorize.
  constexpr std::size_t stretch = 1024;
  for (std::size_t begin = 0; begin < size; begin += stretch) {
    const std::size_t end = begin + stretch < size ? begin + stretch : size;
    const T* const first = values + begin;
    const T sum = lane_sum<T>(end - begin, [=](std::size_t i) { return first[i] - first[i]; });
    if (sum == 0) continue;
    for (std::size_t i = begin; i < end; ++i)
      if (!(values[i] - values[i] == 0)) return i;
  }
  return size;
}

template <typename T, typename From>
void gather(const From* from, T scale, const std::uint32_t* places, const MatrixView<T>& to) {
  constexpr std::size_t line = 64;  // bytes of a cache line
  const std::size_t columns = to.columns;
  const auto row = [=](std::size_t i) { return from + places[i] * columns; };
  for (std::size_t i = 0; i < to.rows; ++i) {
    // The rows of a shuffled batch lie anywhere: ask for the next while this one is copied.
    if (i + 1 < to.rows)
      for (std::size_t c = 0; c < columns; c += line / sizeof(From))
        __builtin_prefetch(row(i + 1) + c);
    const From* const from_row = row(i);
    T* const to_row = to.data + i * to.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < columns; ++c) to_row[c] = static_cast<T>(from_row[c]) * scale;
  }
}

// What a counter's 32-bit word is kept in. Clang sees that the upper half is zero and multiplies
// such lanes in one instruction, and AVX-512 has a 64-bit multiplication; else gcc is faster with
// lanes that it widens itself.
#if defined(__clang__) || defined(__AVX512DQ__)
using CounterWord = std::uint64_t;
#else
using CounterWord = std::uint32_t;
#endif

/// The last `Rounds` of the ten of Philox 4x32-10, as core/random.h's Philox::mix has them, but for
/// the words' upper halves, which hold what is left over. A recursion, since a loop would stand in
/// the way of vectorizing over counters.
template <int Rounds>
[[gnu::always_inline]] inline void mix(CounterWord (&counter)[4], std::uint32_t key0,
                                       std::uint32_t key1) {
  if constexpr (Rounds > 0) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * (counter[0] & 0xffffffffU);
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * (counter[2] & 0xffffffffU);
    counter[0] = static_cast<CounterWord>(product1 >> 32) ^ counter[1] ^ key0;
    counter[1] = static_cast<CounterWord>(product1);
    counter[2] = static_cast<CounterWord>(product0 >> 32) ^ counter[3] ^ key1;
    counter[3] = static_cast<CounterWord>(product0);
    mix<Rounds - 1>(counter, key0 + 0x9E3779B9U, key1 + 0xBB67AE85U);
  }
}

/// Draws are made sixteen blocks, or 64 words, at a time: as many as the widest vectors hold.
constexpr std::size_t group_blocks = 16;
constexpr std::size_t group_words = 4 * group_blocks;

/// words[i] = draw `first` + i of the row, for a `first` that is a multiple of 4.
[[gnu::always_inline]] inline void draw_words(const DrawRow& draws, std::size_t first,
                                              std::uint32_t* words) {
  const std::uint64_t block = draws.first + first / 4;
  const auto key0 = static_cast<std::uint32_t>(draws.seed);
  const auto key1 = static_cast<std::uint32_t>(draws.seed >> 32);
  const std::uint32_t epoch = draws.epoch;
  const std::uint32_t stream = draws.stream;
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t lane = 0; lane < group_blocks; ++lane) {
    const std::uint64_t index = block + lane;
    CounterWord counter[4] = {static_cast<CounterWord>(index),
                              static_cast<CounterWord>(index >> 32), epoch, stream};
    mix<10>(counter, key0, key1);
    words[4 * lane] = static_cast<std::uint32_t>(counter[0]);
    words[4 * lane + 1] = static_cast<std::uint32_t>(counter[1]);
    words[4 * lane + 2] = static_cast<std::uint32_t>(counter[2]);
    words[4 * lane + 3] = static_cast<std::uint32_t>(counter[3]);
  }
}

void first_words(const DrawRow& draws, std::uint32_t* words) { draw_words(draws, 0, words); }

/// values[i] = value(draw i of the row).
template <typename T, typename Value>
[[gnu::always_inline]] inline void draw(const DrawRow& draws, T* values, std::size_t size,
                                        const Value& value) {
  for (std::size_t i = 0; i < size; i += group_words) {
    std::uint32_t words[group_words];
    draw_words(draws, i, words);
    const std::size_t count = size - i < group_words ? size - i : group_words;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t j = 0; j < count; ++j) values[i + j] = value(words[j]);
  }
}

/// 0 where the word is less than `rate` 2^32, rounded to the nearest integer.
template <typename T>
void dropout(const DrawRow& draws, double rate, T* factors, std::size_t size) {
  const double bound = rate * 0x1p32;
  const auto whole = static_cast<std::uint64_t>(bound);
  const std::uint64_t threshold = whole + (bound - static_cast<double>(whole) >= 0.5 ? 1 : 0);
  // A rate next to 1 is rounded to it: then no word is kept, and 2^32 would not fit the comparison.
  const bool none = threshold >> 32 != 0;
  const T kept = none ? T{0} : static_cast<T>(1 / (1 - rate));
  const auto least = static_cast<std::uint32_t>(threshold);
  draw(draws, factors, size, [=](std::uint32_t word) { return word < least ? T{0} : kept; });
}

/// Phi^-1((word + 1/2) 2^-32), Phi being the standard normal distribution function; for float and
/// double alike, so that both draw the same numbers up to rounding. None is beyond +-6.34.
template <typename T>
void normal(const DrawRow& draws, T* values, std::size_t size) {
  draw(draws, values, size, [](std::uint32_t word) {
    // As signed integers, which every instruction set converts: word = centre + 2^31.
    const auto centre = static_cast<std::int32_t>(word ^ 0x80000000U);
    const std::int32_t tail = 0x7fffffff - (centre < 0 ? ~centre : centre);
    constexpr T half = static_cast<T>(0.5);
    constexpr T unit = static_cast<T>(0x1p-32);
    return normal_quantile<T>((static_cast<T>(centre) + half) * unit,
                              (static_cast<T>(tail) + half) * unit);
  });
}

template <typename T>
void average(T momentum, const T* values, T* averages, std::size_t size) {
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < size; ++i)
    averages[i] = momentum * averages[i] + (1 - momentum) * values[i];
}

template <typename T>
void limit_column_norms(const MatrixView<T>& m, T limit, T epsilon) {
  constexpr std::size_t block = 64;
  for (std::size_t first = 0; first < m.columns; first += block) {
    const std::size_t size = m.columns - first < block ? m.columns - first : block;
    T factors[block] = {};
    for (std::size_t r = 0; r < m.rows; ++r) {
      const T* const row = m.data + r * m.stride + first;
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < size; ++c) factors[c] += row[c] * row[c];
    }
    for (std::size_t c = 0; c < size; ++c) {
      const T norm = square_root(factors[c]);
      const T limited = norm > limit ? limit : norm;
      factors[c] = norm == 0 ? T{1} : limited / (norm + epsilon);
    }
    for (std::size_t r = 0; r < m.rows; ++r) {
      T* const row = m.data + r * m.stride + first;
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < size; ++c) row[c] *= factors[c];
    }
  }
}

}  // namespace

template <typename T>
Elementwise<T> elementwise() {
  return {&column_sums<T>,
          &transpose<T>,
          &add<T>,
          &multiply<T>,
          &scale<T>,
          &clamp<T>,
          &add_penalty_gradient<T>,
          &sum_of_squares<T>,
          &sum_of_magnitudes<T>,
          &first_non_finite<T>,
          &first_words,
          &dropout<T>,
          &normal<T>,
          &average<T>,
          &limit_column_norms<T>,
          &gather<T, std::uint8_t>,
          &gather<T, float>,
          &gather<T, double>};
}
template Elementwise<float> elementwise();
template Elementwise<double> elementwise();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
