#include "core/initializers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/gemm.h"

namespace gemmnet {

namespace {

using Values = std::span<double>;

/// Uniform in the open interval (0, 1) and symmetric about 1/2: the midpoints of 2^52 intervals.
double open_uniform(const Philox& random, std::uint64_t index) {
  return (static_cast<double>(random.bits(index) >> 12) + 0.5) * 0x1p-52;
}

template <std::size_t Size>
double polynomial(const double (&coefficients)[Size], double x) {
  double sum = 0;
  for (const double coefficient : coefficients) sum = sum * x + coefficient;
  return sum;
}

void fill_constant(double value, Values values) { std::fill(values.begin(), values.end(), value); }

/// U(-bound, bound)
void fill_symmetric(const Philox& random, double bound, Values values) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = bound * (2 * random.uniform(i) - 1);
}

/// N(mean, deviation^2)
void fill_normal(const Philox& random, double mean, double deviation, Values values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = mean + deviation * normal_quantile(open_uniform(random, i));
}

/// N(mean, deviation^2) on the condition that a number is no more than 2 deviations from the mean.
/// By the quantiles, not by drawing again, so that one draw is one number.
void fill_truncated(const Philox& random, double mean, double deviation, Values values) {
  const double tail = std::erfc(std::sqrt(2.0)) / 2;  // probability below -2
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double p = tail + (1 - 2 * tail) * open_uniform(random, i);
    values[i] = mean + deviation * std::clamp(normal_quantile(p), -2.0, 2.0);
  }
}

/// What the variance of a weight is divided by.
enum class Fan : bool { inputs, average };

template <Fan Of>
double fan_size(std::size_t inputs, std::size_t outputs) {
  return Of == Fan::inputs ? static_cast<double>(inputs)
                           : static_cast<double>(inputs + outputs) / 2;
}

/// Of variance scale / fan: U(-b, b), b = sqrt(3 scale / fan).
template <Fan Of, int Scale>
void fill_scaled_uniform(const double* /*options*/, const Philox& random, std::size_t inputs,
                         std::size_t outputs, Values values) {
  fill_symmetric(random, std::sqrt(3.0 * Scale / fan_size<Of>(inputs, outputs)), values);
}

/// Of variance scale / fan: normal, truncated, with the deviation before truncation that gives this
/// after it (as Keras's VarianceScaling).
template <Fan Of, int Scale>
void fill_scaled_normal(const double* /*options*/, const Philox& random, std::size_t inputs,
                        std::size_t outputs, Values values) {
  constexpr double deviation_after_truncation = .87962566103423978;  // of N(0, 1) within +-2
  const double deviation = std::sqrt(Scale / fan_size<Of>(inputs, outputs));
  fill_truncated(random, 0, deviation / deviation_after_truncation, values);
}

/// Makes the rows of `v`, at most as many as it has columns, orthonormal, each a combination of
/// itself and those before it with a positive share of itself: Gram-Schmidt, every projection made
/// twice, which leaves rounding errors only (L. Giraud et al., Numerische Mathematik 101, 2005).
/// By blocks of rows, so that nearly all of the work is gemm's.
void orthonormalize_rows(MatrixView<double> v) {
  constexpr std::size_t block_rows = 32;
  std::vector<double> products(block_rows * v.rows);
  for (std::size_t begin = 0; begin < v.rows; begin += block_rows) {
    const MatrixView<double> done = v.row_block({0, begin});
    const MatrixView<double> block = v.row_block({begin, std::min(begin + block_rows, v.rows)});
    for (int time = 0; time < 2 && begin != 0; ++time) {
      const MatrixView<double> shares(products.data(), block.rows, begin);
      gemm<double>(Transpose::no, block, Transpose::yes, done, 0, shares);
      for (std::size_t i = 0; i < block.rows * begin; ++i) products[i] = -products[i];
      gemm<double>(Transpose::no, shares, Transpose::no, done, 1, block);
    }
    for (std::size_t r = 0; r < block.rows; ++r) {
      double* const row = block.row(r);
      for (int time = 0; time < 2; ++time) {
        for (std::size_t earlier = 0; earlier < r; ++earlier) {
          const double* const other = block.row(earlier);
          double product = 0;
          for (std::size_t c = 0; c < v.columns; ++c) product += row[c] * other[c];
          for (std::size_t c = 0; c < v.columns; ++c) row[c] -= product * other[c];
        }
      }
      double squares = 0;
      for (std::size_t c = 0; c < v.columns; ++c) squares += row[c] * row[c];
      const double length = std::sqrt(squares);
      for (std::size_t c = 0; c < v.columns; ++c) row[c] /= length;
    }
  }
}

/// Q of the QR factorization, with R's diagonal positive, of a matrix of normal numbers with at
/// least as many rows as columns, or its transpose: uniform over all such matrices. A. Saxe et al.,
/// ICLR 2014; the sign: F. Mezzadri, Notices of the AMS 54, 2007. Biases are a matrix of one row.
void fill_orthogonal(const double* options, const Philox& random, std::size_t /*inputs*/,
                     std::size_t outputs, Values values) {
  const double gain = options[0];
  const std::size_t rows = values.size() / outputs;
  const bool wide = rows < outputs;
  std::vector<double> transposed(values.size());
  const MatrixView<double> v(transposed.data(), wide ? rows : outputs, wide ? outputs : rows);
  fill_normal(random, 0, 1, transposed);
  orthonormalize_rows(v);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < outputs; ++c)
      values[r * outputs + c] = gain * (wide ? v.row(r)[c] : v.row(c)[r]);
}

constexpr const char* constant_options[] = {"value"};
constexpr const char* uniform_options[] = {"low", "high"};
constexpr const char* normal_options[] = {"mean", "stddev"};
constexpr const char* orthogonal_options[] = {"gain"};
constexpr const char* sklearn_options[] = {"factor"};

constexpr Initializer rows[] = {
    {"zeros",
     {},
     [](const double*, const Philox&, std::size_t, std::size_t, Values values) {
       fill_constant(0, values);
     }},
    {"ones",
     {},
     [](const double*, const Philox&, std::size_t, std::size_t, Values values) {
       fill_constant(1, values);
     }},
    {"constant",
     {constant_options, 1},
     [](const double* options, const Philox&, std::size_t, std::size_t, Values values) {
       fill_constant(options[0], values);
     }},
    {"uniform",
     {uniform_options, 2},
     [](const double* options, const Philox& random, std::size_t, std::size_t, Values values) {
       for (std::size_t i = 0; i < values.size(); ++i)
         values[i] = options[0] + (options[1] - options[0]) * random.uniform(i);
     }},
    {"normal",
     {normal_options, 2},
     [](const double* options, const Philox& random, std::size_t, std::size_t, Values values) {
       fill_normal(random, options[0], options[1], values);
     }},
    {"truncatedNormal",
     {normal_options, 2},
     [](const double* options, const Philox& random, std::size_t, std::size_t, Values values) {
       fill_truncated(random, options[0], options[1], values);
     }},
    // X. Glorot and Y. Bengio, AISTATS 2010.
    {"glorotUniform", {}, &fill_scaled_uniform<Fan::average, 1>},
    {"glorotNormal", {}, &fill_scaled_normal<Fan::average, 1>},
    // K. He et al., ICCV 2015.
    {"heUniform", {}, &fill_scaled_uniform<Fan::inputs, 2>},
    {"heNormal", {}, &fill_scaled_normal<Fan::inputs, 2>},
    // Y. LeCun et al., "Efficient BackProp", 1998.
    {"lecunUniform", {}, &fill_scaled_uniform<Fan::inputs, 1>},
    {"lecunNormal", {}, &fill_scaled_normal<Fan::inputs, 1>},
    {"orthogonal", {orthogonal_options, 1}, &fill_orthogonal},
    // What PyTorch's Linear does for its kernel and its biases.
    {"torchUniform",
     {},
     [](const double*, const Philox& random, std::size_t inputs, std::size_t, Values values) {
       fill_symmetric(random, 1 / std::sqrt(static_cast<double>(inputs)), values);
     }},
    // What scikit-learn's MLPs do for kernels and biases.
    {"sklearnUniform",
     {sklearn_options, 1},
     [](const double* options, const Philox& random, std::size_t inputs, std::size_t outputs,
        Values values) {
       fill_symmetric(random, std::sqrt(options[0] / static_cast<double>(inputs + outputs)),
                      values);
     }},
};

}  // namespace

Table<Initializer> initializers() { return {rows, std::size(rows)}; }

/// M. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
/// Statistics 37, 1988: three quotients of polynomials, coefficients from the highest power down.
double normal_quantile(double p) {
  static constexpr double center_above[] = {2.5090809287301226727e3, 3.3430575583588128105e4,
                                            6.7265770927008700853e4, 4.5921953931549871457e4,
                                            1.3731693765509461125e4, 1.9715909503065514427e3,
                                            1.3314166789178437745e2, 3.3871328727963666080};
  static constexpr double center_below[] = {5.2264952788528545610e3, 2.8729085735721942674e4,
                                            3.9307895800092710610e4, 2.1213794301586595867e4,
                                            5.3941960214247511077e3, 6.8718700749205790830e2,
                                            4.2313330701600911252e1, 1.0};
  static constexpr double middle_above[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2,
                                            2.41780725177450611770e-1, 1.27045825245236838258,
                                            3.64784832476320460504,    5.76949722146069140550,
                                            4.63033784615654529590,    1.42343711074968357734};
  static constexpr double middle_below[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4,
                                            1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                            6.89767334985100004550e-1, 1.67638483018380384940,
                                            2.05319162663775882187,    1.0};
  static constexpr double tail_above[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5,
                                          1.24266094738807843860e-3, 2.65321895265761230930e-2,
                                          2.96560571828504891230e-1, 1.78482653991729133580,
                                          5.46378491116411436990,    6.65790464350110377720};
  static constexpr double tail_below[] = {2.04426310338993978564e-15, 1.42151175831644588870e-7,
                                          1.84631831751005468180e-5,  7.86869131145613259100e-4,
                                          1.48753612908506148525e-2,  1.36929880922735805310e-1,
                                          5.99832206555887937690e-1,  1.0};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(center_above, r) / polynomial(center_below, r);
  }
  const double tail = q < 0 ? p : 1 - p;
  if (tail == 0) return std::copysign(std::numeric_limits<double>::infinity(), q);
  const double r = std::sqrt(-std::log(tail));
  const double z = r <= 5 ? polynomial(middle_above, r - 1.6) / polynomial(middle_below, r - 1.6)
                          : polynomial(tail_above, r - 5) / polynomial(tail_below, r - 5);
  return std::copysign(z, q);
}

}  // namespace gemmnet
