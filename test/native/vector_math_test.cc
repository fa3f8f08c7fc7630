// Every function is called through a loop over an array, the way the kernels call it, so that it is
// the vector code that is measured. Build with GEMMNET_INSTRUCTION_SET and the matching flags to
// test another instruction set than the baseline.
#ifndef GEMMNET_INSTRUCTION_SET
#define GEMMNET_INSTRUCTION_SET baseline
#endif
#include "../../native/core/kernels/vector_math.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace {

namespace vector_math = gemmnet::GEMMNET_INSTRUCTION_SET;

// Reference arithmetic, with bits to spare: a few thousandths of a unit in the last place.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;

template <class W>
W exact_sigmoid(W x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
template <class W>
W exact_softplus(W x) {
  return std::max(x, W(0)) + std::log1p(std::exp(-std::abs(x)));
}

// x / sqrt(2) = rounded + low.
template <class W>
struct OverRootTwo {
  W rounded;
  W low;
};
template <class W>
OverRootTwo<W> over_root_two(W x) {
  const W root = W(1.414213562373095048801688724209698L);
  const W root_low = std::fma(-root, root, W(2)) / (2 * root);
  const W rounded = x / root;
  return {rounded, (std::fma(-rounded, root, x) - rounded * root_low) / root};
}
template <class W>
W exact_density(W x) {
  const auto [y, low] = over_root_two(x);
  const W square = y * y;
  const W square_low = std::fma(y, y, -square) + 2 * y * low;
  return std::exp(-square) * (1 - square_low) / std::sqrt(2 * std::acos(W(-1)));
}
template <class W>
W exact_cumulative(W x) {
  const auto [y, low] = over_root_two(-x);
  return std::erfc(y) / 2 - low * std::exp(-y * y) / std::sqrt(std::acos(W(-1)));
}

template <class T>
struct Function {
  const char* name;
  T bound;  // units in the last place
  void (*apply)(const T* z, T* a, std::size_t n);
  Wide<T> (*exact)(Wide<T>);
  bool flushes;
};

#define GEMMNET_NAMED_ROW(name, expression, bound, exact, flushes) \
  Function<T> {                                                    \
    name, bound,                                                   \
        [](const T* z, T* a, std::size_t n) {                      \
          for (std::size_t i = 0; i < n; ++i) {                    \
            const T x = z[i];                                      \
            a[i] = expression;                                     \
          }                                                        \
        },                                                         \
        [](Wide<T> x) -> Wide<T> { return exact(x); }, flushes     \
  }
#define GEMMNET_ROW(name, bound, exact, flushes) \
  GEMMNET_NAMED_ROW(#name, vector_math::name(x), bound, exact, flushes)

template <class T>
const std::vector<Function<T>>& functions() {
  static const std::vector<Function<T>> rows = {
      GEMMNET_ROW(exp, T(1.25), std::exp, true),
      GEMMNET_ROW(expm1, T(1.75), std::expm1, false),
      GEMMNET_ROW(log, T(1), std::log, false),
      GEMMNET_ROW(log1p, T(1), std::log1p, false),
      GEMMNET_ROW(tanh, T(2.75), std::tanh, false),
      GEMMNET_ROW(sigmoid, T(2.75), exact_sigmoid, true),
      GEMMNET_ROW(softplus, T(2.25), exact_softplus, true),
      GEMMNET_ROW(erf, T(3.5), std::erf, false),
      GEMMNET_NAMED_ROW("cumulative", vector_math::normal_distribution(x).cumulative,
                        T(std::is_same_v<T, float> ? 6.5 : 9.5), exact_cumulative, true),
  };
  return rows;
}
#undef GEMMNET_ROW
#undef GEMMNET_NAMED_ROW

// Every kind of bit pattern, then dense where the functions are neither trivial nor saturated.
template <class T>
std::vector<T> arguments() {
  using Bits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
  std::mt19937_64 engine(20240601);
  std::vector<T> xs;
  for (int i = 0; i < 400000; ++i) {
    const T x = std::bit_cast<T>(static_cast<Bits>(engine()));
    if (!std::isnan(x)) xs.push_back(x);
  }
  const T edge = std::log(std::numeric_limits<T>::max());
  for (const T range : {edge * T(1.06), T(40), T(10), T(2), T(0.4), T(0.01)}) {
    std::uniform_real_distribution<T> uniform(-range, range);
    for (int i = 0; i < 100000; ++i) xs.push_back(uniform(engine));
  }
  std::uniform_real_distribution<T> near_one(T(0.5), T(2));
  for (int i = 0; i < 100000; ++i) xs.push_back(near_one(engine));
  return xs;
}

template <class T>
std::vector<T> evaluate(const Function<T>& f, const std::vector<T>& xs) {
  std::vector<T> ys(xs.size());
  f.apply(xs.data(), ys.data(), xs.size());
  return ys;
}

template <class T>
T value(const char* name, T x) {
  for (const Function<T>& f : functions<T>()) {
    // Long enough that the vector loop runs, odd so that its remainder does too.
    if (std::string(name) == f.name) {
      const std::vector<T> ys = evaluate(f, std::vector<T>(67, x));
      for (const T y : ys) CHECK((y == ys[0] || (std::isnan(y) && std::isnan(ys[0]))));
      return ys[0];
    }
  }
  FAIL("no function " << name);
  return T(0);
}

template <class T>
double error_in_units(T y, Wide<T> exact) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : 1e9;
  if (std::abs(exact) > Wide<T>(Limits::max()))
    return std::isinf(y) && (y > 0) == (exact > 0) ? 0 : 1e9;
  if (std::isinf(y)) return 1e9;
  const int exponent = exact == 0 ? Limits::min_exponent - 1 : std::ilogb(exact);
  const Wide<T> unit =
      std::ldexp(Wide<T>(1), std::max(exponent, Limits::min_exponent - 1) - Limits::digits + 1);
  return static_cast<double>(std::abs(Wide<T>(y) - exact) / unit);
}

// Where long double is double the reference itself is wrong by a unit.
template <class T>
constexpr double reference_error =
    std::numeric_limits<Wide<T>>::digits > std::numeric_limits<T>::digits ? 0 : 1;

TEST_CASE_TEMPLATE("vector math stays within its bounds in units in the last place", T, float,
                   double) {
  const std::vector<T> xs = arguments<T>();
  const Wide<T> smallest = std::numeric_limits<T>::min();
  for (const Function<T>& f : functions<T>()) {
    const std::vector<T> ys = evaluate(f, xs);
    double worst = 0;
    T worst_at = 0;
    std::size_t not_flushed = 0;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const Wide<T> exact = f.exact(xs[i]);
      if (f.flushes && exact < smallest * (1 + Wide<T>(1e-4))) {
        // At the very edge either side is right: the smallest normal number or zero.
        if (ys[i] != 0 && Wide<T>(ys[i]) < smallest) ++not_flushed;
        if (Wide<T>(ys[i]) > smallest * (1 + Wide<T>(2e-4))) ++not_flushed;
        continue;
      }
      const double error = error_in_units(ys[i], exact);
      if (error > worst) {
        worst = error;
        worst_at = xs[i];
      }
    }
    CAPTURE(f.name);
    CAPTURE(worst_at);
    CHECK(worst <= double(f.bound) + double(reference_error<T>));
    CHECK(not_flushed == 0);
  }
}

TEST_CASE_TEMPLATE("vector math passes NaN on", T, float, double) {
  for (const Function<T>& f : functions<T>()) {
    CAPTURE(f.name);
    CHECK(std::isnan(value<T>(f.name, std::numeric_limits<T>::quiet_NaN())));
    CHECK(std::isnan(value<T>(f.name, -std::numeric_limits<T>::quiet_NaN())));
  }
}

TEST_CASE_TEMPLATE("vector math reaches the limits at infinity and zero", T, float, double) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  constexpr T huge = std::numeric_limits<T>::max();
  for (const T x : {infinity, huge, T(1e6)}) {
    CAPTURE(x);
    CHECK(value<T>("exp", x) == infinity);
    CHECK(value<T>("exp", -x) == 0);
    CHECK(value<T>("expm1", x) == infinity);
    CHECK(value<T>("expm1", -x) == -1);
    CHECK(value<T>("tanh", x) == 1);
    CHECK(value<T>("tanh", -x) == -1);
    CHECK(value<T>("sigmoid", x) == 1);
    CHECK(value<T>("sigmoid", -x) == 0);
    CHECK(value<T>("softplus", x) == x);
    CHECK(value<T>("softplus", -x) == 0);
    CHECK(value<T>("erf", x) == 1);
    CHECK(value<T>("erf", -x) == -1);
    CHECK(value<T>("cumulative", x) == 1);
    CHECK(value<T>("cumulative", -x) == 0);
    CHECK(std::isnan(value<T>("log", -x)));
    CHECK(std::isnan(value<T>("log1p", -x)));
  }
  CHECK(value<T>("log", infinity) == infinity);
  CHECK(value<T>("log1p", infinity) == infinity);
  CHECK(value<T>("log", T(0)) == -infinity);
  CHECK(value<T>("log", -T(0)) == -infinity);
  CHECK(value<T>("log", T(1)) == 0);
  CHECK(value<T>("log1p", T(-1)) == -infinity);
  CHECK(value<T>("exp", T(0)) == 1);
  CHECK(value<T>("exp", -T(0)) == 1);
  CHECK(value<T>("sigmoid", T(0)) == T(0.5));
}

TEST_CASE_TEMPLATE("vector math keeps the sign of zero and subnormal arguments", T, float, double) {
  for (const char* name : {"expm1", "log1p", "tanh", "erf"}) {
    CAPTURE(name);
    CHECK(value<T>(name, T(0)) == 0);
    CHECK(!std::signbit(value<T>(name, T(0))));
    CHECK(value<T>(name, -T(0)) == 0);
    CHECK(std::signbit(value<T>(name, -T(0))));
  }
  for (const T x : {std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min() / 3}) {
    for (const char* name : {"expm1", "log1p", "tanh"}) {
      CAPTURE(name);
      CHECK(value<T>(name, x) == x);
      CHECK(value<T>(name, -x) == -x);
    }
  }
}

TEST_CASE_TEMPLATE("tanh and erf are odd and never leave [-1, 1]", T, float, double) {
  std::vector<T> xs = arguments<T>();
  std::vector<T> mirrored(xs);
  for (T& x : mirrored) x = -x;
  for (const Function<T>& f : functions<T>()) {
    if (std::string(f.name) != "tanh" && std::string(f.name) != "erf") continue;
    const std::vector<T> ys = evaluate(f, xs);
    const std::vector<T> opposite = evaluate(f, mirrored);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      wrong += !(std::abs(ys[i]) <= 1) || opposite[i] != -ys[i];
    }
    CAPTURE(f.name);
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("the normal density is exact up to where the tail vanishes", T, float, double) {
  const T limit = vector_math::detail::Format<T>::normal_limit;
  std::vector<T> xs = arguments<T>();
  xs.insert(xs.end(), {limit, -limit, T(0), std::nextafter(limit, T(100))});
  std::vector<T> ys(xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i)
    ys[i] = vector_math::normal_distribution(xs[i]).density;
  double worst = 0;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (std::abs(xs[i]) > limit)
      wrong += ys[i] != 0;
    else
      worst = std::max(worst, error_in_units(ys[i], exact_density(static_cast<Wide<T>>(xs[i]))));
  }
  CHECK(worst <= 2.5 + reference_error<T>);
  CHECK(wrong == 0);
}

// What a word stands for, as `normal_quantile` takes it.
template <class T>
struct Probability {
  explicit Probability(std::uint32_t word)
      : centre(static_cast<T>((static_cast<Wide<T>>(word) + Wide<T>(0.5)) * Wide<T>(0x1p-32) -
                              Wide<T>(0.5))),
        tail(static_cast<T>((static_cast<Wide<T>>(std::min(word, ~word)) + Wide<T>(0.5)) *
                            Wide<T>(0x1p-32))) {}
  T centre;
  T tail;
};

// Newton's method on erf next to 1/2 and on erfc beyond, from the value to be judged: it doubles
// the number of right digits each time, and two are enough.
long double exact_quantile(std::uint32_t word, long double x) {
  const long double centre = (static_cast<long double>(word) + 0.5L) * 0x1p-32L - 0.5L;
  const long double tail = 0.5L - std::abs(centre);
  const long double root_two = std::sqrt(2.0L);
  x = std::abs(x);
  for (int i = 0; i < 3; ++i) {
    const long double excess = tail > 0.25L ? std::erf(x / root_two) / 2 - std::abs(centre)
                                            : tail - std::erfc(x / root_two) / 2;
    x -= excess * std::sqrt(2 * std::acos(-1.0L)) * std::exp(x * x / 2);
  }
  return std::copysign(x, centre);
}

TEST_CASE_TEMPLATE("normal quantiles invert erf for every kind of word", T, float, double) {
  std::mt19937_64 engine(20240602);
  const auto draw = [&engine] { return static_cast<std::uint32_t>(engine()); };
  std::vector<std::uint32_t> words = {0, 1, 2, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001};
  for (int i = 0; i < 200000; ++i) {
    words.push_back(draw());
    words.push_back(draw() >> (i % 32));                  // the lower tail
    words.push_back(0x80000000U ^ (draw() >> (i % 32)));  // next to 1/2
  }
  // And where the two pieces meet, at 0.075.
  for (std::uint32_t i = 0; i < 10000; ++i) words.push_back(322122547U - 5000U + i);
  std::vector<T> centres;
  std::vector<T> tails;
  for (const std::uint32_t word : words) {
    centres.push_back(Probability<T>(word).centre);
    tails.push_back(Probability<T>(word).tail);
  }
  std::vector<T> xs(words.size());
  std::vector<T> mirrored(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    xs[i] = vector_math::normal_quantile(centres[i], tails[i]);
    mirrored[i] = vector_math::normal_quantile(-centres[i], tails[i]);
  }
  double worst = 0;
  std::size_t asymmetric = 0;
  std::uint32_t worst_at = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const double error = error_in_units<T>(
        xs[i], static_cast<Wide<T>>(exact_quantile(words[i], static_cast<long double>(xs[i]))));
    if (error > worst) {
      worst = error;
      worst_at = words[i];
    }
    asymmetric += xs[i] != -mirrored[i];
  }
  CAPTURE(worst_at);
  CHECK(worst <= (std::is_same_v<T, float> ? 5.75 : 6.25) + reference_error<T>);
  CHECK(asymmetric == 0);
  const T nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(std::isnan(vector_math::normal_quantile(nan, nan)));
}

}  // namespace
