#pragma once

#include <cstddef>
#include <cstdint>

#include "core/matrix.h"

// What the kernels offer, as tables of rows found by name. The rows are defined in activations.cc,
// losses.cc, optimizers.cc, elementwise.cc and normalization.cc, each compiled once per instruction
// set; callers get the tables of the set that this processor runs from core/instruction_sets.h.

namespace gemmnet {

/// The numbers a row takes, by name and in order; the caller passes values in the same order.
struct OptionNames {
  const char* const* names = nullptr;
  std::size_t count = 0;
};

/// One activation function f. Rows of a block are samples.
template <typename T>
struct Activation {
  const char* name;
  OptionNames options;
  bool whole_row;    // an output depends on all inputs of its row (softmax)
  bool reads_input;  // backward reads z: the caller must have kept it apart from a
  bool kinked;       // f has points without a derivative; gradient checks keep away from them

  /// z += bias, a = f(z). `bias` is one row, or null. `a` may be `z` unless `reads_input`.
  void (*forward)(const double* options, const MatrixView<T>& z, const T* bias,
                  const MatrixView<T>& a);
  /// d = dC/dz, from d = dC/da, in place.
  void (*backward)(const double* options, const MatrixView<const T>& z,
                   const MatrixView<const T>& a, const MatrixView<T>& d);
};

/// Some rows of a batch on their way through a loss.
template <typename T>
struct LossRows {
  MatrixView<const T> input;    // outputs of the network, or logits where the loss is fused
  MatrixView<T> outputs;        // fused: receives the activation's values; may be `input`
  MatrixView<const T> targets;  // dense targets, or no data where `labels` are given
  const std::int32_t* labels = nullptr;  // class indices, or null
  const T* weights = nullptr;            // one per row, or null
  T scale = 1;                           // what the gradient is multiplied with
  MatrixView<T> gradient;                // dC/dinput times scale; no data: the value only
};

/// What a loss is defined for; outputs beyond it are clipped.
enum class LossDomain : std::uint8_t { any, positive, probabilities };

/// One cost function. `value` and `fused_value` return the weighted sum of the rows' losses (not
/// scaled) and write the gradient.
template <typename T>
struct Loss {
  const char* name;
  OptionNames options;
  const char* fused_with;  // the output activation that the loss has a closed form with, or null
  bool averaged;           // the cost is the mean over rows; else their sum
  bool squared;            // sums of squares of outputs less targets, times a number
  bool reads_labels;       // takes class indices as they are; else they become dense targets
  LossDomain domain;
  bool kinked;

  double (*value)(const double* options, const LossRows<T>& rows);
  double (*fused_value)(const double* options, const LossRows<T>& rows);
};

/// A stretch of the parameter block on its way through an optimizer.
template <typename T>
struct ParameterSlice {
  T* weights;
  const T* gradient;
  T* const* slots;  // one stretch per state slot, zero at the first step
  std::size_t size;
  T decay;  // the penalties' gradient is decay * weight + lasso * sign(weight), sign(0) = 0
  T lasso;
  T shrink;  // decoupled decay: the update starts from shrink * weight
};

/// One update rule.
template <typename T>
struct Optimizer {
  static constexpr std::size_t maximum_coefficients = 12;
  static constexpr std::size_t maximum_slots = 4;
  static constexpr std::size_t maximum_scalars = 2;

  const char* name;
  OptionNames options;
  bool full_batch;  // a step takes the whole training set

  std::size_t (*slots)(const double* options);
  /// What depends on the step (counted from 1) but not on the parameter, once per step. `scalars`
  /// are maximum_scalars numbers that the rule remembers beside the slots, zero at the first step.
  void (*prepare)(const double* options, double learning_rate, std::uint64_t step, double* scalars,
                  T* coefficients);
  void (*update)(const T* coefficients, const ParameterSlice<T>& slice);
};

/// Where the draws for one row of a batch are found: Philox 4x32-10 with this key and the counter
/// {low(block), high(block), epoch, stream}. Draw i is word i % 4 of block `first + i / 4`.
struct DrawRow {
  std::uint64_t seed;
  std::uint32_t stream;
  std::uint32_t epoch;
  std::uint64_t first;  // block
};

/// Loops that are rows of no table.
template <typename T>
struct Elementwise {
  /// sums[c] = beta sums[c] + sum over r of m(r, c); a beta of 0 overwrites
  void (*column_sums)(const MatrixView<const T>& m, T beta, T* sums);
  /// to(c, r) = from(r, c)
  void (*transpose)(const MatrixView<const T>& from, const MatrixView<T>& to);
  void (*add)(const T* from, T* to, std::size_t size);
  void (*multiply)(const T* a, const T* b, T* products, std::size_t size);
  void (*scale)(T factor, T* values, std::size_t size);
  /// values = values within [-limit, limit]; NaN stays.
  void (*clamp)(T limit, T* values, std::size_t size);
  /// gradient += decay weights + lasso sign(weights)
  void (*add_penalty_gradient)(T decay, T lasso, const T* weights, T* gradient, std::size_t size);
  double (*sum_of_squares)(const T* values, std::size_t size);
  double (*sum_of_magnitudes)(const T* values, std::size_t size);
  /// Position of the first NaN or infinity, or `size`.
  std::size_t (*first_non_finite)(const T* values, std::size_t size);
  /// The 64 words of the row's first 16 blocks.
  void (*draw_words)(const DrawRow& draws, std::uint32_t* words);
  /// factors[i] = 0 with probability `rate`, else 1 / (1 - rate); draw i of the row.
  void (*dropout)(const DrawRow& draws, double rate, T* factors, std::size_t size);
  /// values[i] = a draw from the standard normal distribution, draw i of the row.
  void (*normal)(const DrawRow& draws, T* values, std::size_t size);
  /// averages = momentum averages + (1 - momentum) values
  void (*average)(T momentum, const T* values, T* averages, std::size_t size);
  /// Multiplies each column of m with min(norm, limit) / (norm + epsilon), its Euclidean norm.
  void (*limit_column_norms)(const MatrixView<T>& m, T limit, T epsilon);
  /// to(i, :) = scale times row places[i] of a matrix of as many columns, one row after the other
  void (*gather_bytes)(const std::uint8_t* from, T scale, const std::uint32_t* places,
                       const MatrixView<T>& to);
  void (*gather_floats)(const float* from, T scale, const std::uint32_t* places,
                        const MatrixView<T>& to);
  void (*gather_doubles)(const double* from, T scale, const std::uint32_t* places,
                         const MatrixView<T>& to);
};

/// The loops of batch normalization, by columns, and of layer normalization, by rows.
template <typename T>
struct Normalization {
  /// Of each column the mean, and the sum of squares about it.
  void (*column_moments)(const MatrixView<const T>& x, T* means, T* squares);
  /// y = gamma x_hat + beta, x_hat = (x - mean) / sqrt(variance + epsilon).
  void (*normalize_columns)(const MatrixView<const T>& x, const T* means, const T* variances,
                            T epsilon, const T* gamma, const T* beta, const MatrixView<T>& y);
  /// The sums over the rows of d and of d x_hat: dC/dbeta and dC/dgamma.
  void (*column_gradient_sums)(const MatrixView<const T>& x, const T* means, const T* variances,
                               T epsilon, const MatrixView<const T>& d, T* sums, T* products);
  /// dx = gamma / sqrt(variance + epsilon) (d - d_mean - x_hat d_product), the means over the batch
  /// of d and d x_hat; null where mean and variance do not depend on x.
  void (*normalize_columns_backward)(const MatrixView<const T>& x, const T* means,
                                     const T* variances, T epsilon, const T* gamma,
                                     const T* d_means, const T* d_products,
                                     const MatrixView<const T>& d, const MatrixView<T>& dx);
  /// The same for the moments of each row. `kept`, if it has data, receives x_hat, and in one more
  /// column 1 / sqrt(variance + epsilon).
  void (*normalize_rows)(const MatrixView<const T>& x, T epsilon, const T* gamma, const T* beta,
                         const MatrixView<T>& kept, const MatrixView<T>& y);
  void (*normalize_rows_backward)(const MatrixView<const T>& kept, const T* gamma,
                                  const MatrixView<const T>& d, const MatrixView<T>& dx);
  /// sums[c] = beta sums[c] + sum over r of a(r, c) b(r, c); a beta of 0 overwrites
  void (*column_products)(const MatrixView<const T>& a, const MatrixView<const T>& b, T beta,
                          T* sums);
};

template <typename Row>
struct Table {
  const Row* rows;
  std::size_t size;

  const Row* begin() const { return rows; }
  const Row* end() const { return rows + size; }
};

template <typename T>
struct Kernels {
  Table<Activation<T>> activations;
  Table<Loss<T>> losses;
  Table<Optimizer<T>> optimizers;
  Elementwise<T> elementwise;
  Normalization<T> normalization;
};

}  // namespace gemmnet
