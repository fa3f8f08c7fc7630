#include "core/kernels/loops.h"

namespace gemmnet::GEMMNET_INSTRUCTION_SET {

namespace {

/// Columns that are worked on together, their factors on the stack.
constexpr std::size_t block = 64;

/// Calls `work(first, size)` for blocks of columns.
template <typename Work>
void for_blocks(std::size_t columns, const Work& work) {
  for (std::size_t first = 0; first < columns; first += block)
    work(first, columns - first < block ? columns - first : block);
}

template <typename T>
void column_moments(const MatrixView<const T>& x, T* means, T* squares) {
  const T share = 1 / static_cast<T>(x.rows);
  for (std::size_t c = 0; c < x.columns; ++c) means[c] = squares[c] = 0;
  for (std::size_t r = 0; r < x.rows; ++r) {
    const T* const row = x.data + r * x.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < x.columns; ++c) means[c] += row[c];
  }
  GEMMNET_INDEPENDENT_ITERATIONS
  for (std::size_t c = 0; c < x.columns; ++c) means[c] *= share;
  for (std::size_t r = 0; r < x.rows; ++r) {
    const T* const row = x.data + r * x.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < x.columns; ++c)
      squares[c] += (row[c] - means[c]) * (row[c] - means[c]);
  }
}

template <typename T>
void normalize_columns(const MatrixView<const T>& x, const T* means, const T* variances, T epsilon,
                       const T* gamma, const T* beta, const MatrixView<T>& y) {
  for_blocks(x.columns, [=](std::size_t first, std::size_t size) {
    T factors[block];
    for (std::size_t c = 0; c < size; ++c)
      factors[c] = gamma[first + c] / square_root(variances[first + c] + epsilon);
    for (std::size_t r = 0; r < x.rows; ++r) {
      const T* const from = x.data + r * x.stride + first;
      T* const to = y.data + r * y.stride + first;
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < size; ++c)
        to[c] = (from[c] - means[first + c]) * factors[c] + beta[first + c];
    }
  });
}

template <typename T>
void column_gradient_sums(const MatrixView<const T>& x, const T* means, const T* variances,
                          T epsilon, const MatrixView<const T>& d, T* sums, T* products) {
  for_blocks(x.columns, [=](std::size_t first, std::size_t size) {
    T d_sums[block] = {};
    T d_products[block] = {};
    for (std::size_t r = 0; r < x.rows; ++r) {
      const T* const x_row = x.data + r * x.stride + first;
      const T* const d_row = d.data + r * d.stride + first;
      GEMMNET_INDEPENDENT_ITERATIONS
      for (std::size_t c = 0; c < size; ++c) {
        d_sums[c] += d_row[c];
        d_products[c] += d_row[c] * (x_row[c] - means[first + c]);
      }
    }
    for (std::size_t c = 0; c < size; ++c) {
      sums[first + c] = d_sums[c];
      products[first + c] = d_products[c] / square_root(variances[first + c] + epsilon);
    }
  });
}

template <typename T>
void normalize_columns_backward(const MatrixView<const T>& x, const T* means, const T* variances,
                                T epsilon, const T* gamma, const T* d_means, const T* d_products,
                                const MatrixView<const T>& d, const MatrixView<T>& dx) {
  for_blocks(x.columns, [=](std::size_t first, std::size_t size) {
    T inverses[block];
    for (std::size_t c = 0; c < size; ++c)
      inverses[c] = 1 / square_root(variances[first + c] + epsilon);
    for (std::size_t r = 0; r < x.rows; ++r) {
      const T* const x_row = x.data + r * x.stride + first;
      const T* const d_row = d.data + r * d.stride + first;
      T* const to = dx.data + r * dx.stride + first;
      if (d_means == nullptr) {
        GEMMNET_INDEPENDENT_ITERATIONS
        for (std::size_t c = 0; c < size; ++c) to[c] = gamma[first + c] * inverses[c] * d_row[c];
      } else {
        GEMMNET_INDEPENDENT_ITERATIONS
        for (std::size_t c = 0; c < size; ++c) {
          const T x_hat = (x_row[c] - means[first + c]) * inverses[c];
          to[c] = gamma[first + c] * inverses[c] *
                  (d_row[c] - d_means[first + c] - x_hat * d_products[first + c]);
        }
      }
    }
  });
}

template <typename T>
void normalize_rows(const MatrixView<const T>& x, T epsilon, const T* gamma, const T* beta,
                    const MatrixView<T>& kept, const MatrixView<T>& y) {
  const T share = 1 / static_cast<T>(x.columns);
  for (std::size_t r = 0; r < x.rows; ++r) {
    const T* const from = x.data + r * x.stride;
    T* const to = y.data + r * y.stride;
    const T mean = share * lane_sum<T>(x.columns, [=](std::size_t c) { return from[c]; });
    const T variance = share * lane_sum<T>(x.columns, [=](std::size_t c) {
                         return (from[c] - mean) * (from[c] - mean);
                       });
    const T inverse = 1 / square_root(variance + epsilon);
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < x.columns; ++c)
      to[c] = gamma[c] * ((from[c] - mean) * inverse) + beta[c];
    if (kept.data == nullptr) continue;
    T* const x_hat = kept.data + r * kept.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < x.columns; ++c) x_hat[c] = (from[c] - mean) * inverse;
    x_hat[x.columns] = inverse;
  }
}

template <typename T>
void normalize_rows_backward(const MatrixView<const T>& kept, const T* gamma,
                             const MatrixView<const T>& d, const MatrixView<T>& dx) {
  const T share = 1 / static_cast<T>(d.columns);
  for (std::size_t r = 0; r < d.rows; ++r) {
    const T* const x_hat = kept.data + r * kept.stride;
    const T* const d_row = d.data + r * d.stride;
    T* const to = dx.data + r * dx.stride;
    const T inverse = x_hat[d.columns];
    const T mean =
        share * lane_sum<T>(d.columns, [=](std::size_t c) { return gamma[c] * d_row[c]; });
    const T product = share * lane_sum<T>(d.columns, [=](std::size_t c) {
                        return gamma[c] * d_row[c] * x_hat[c];
                      });
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < d.columns; ++c)
      to[c] = inverse * (gamma[c] * d_row[c] - mean - x_hat[c] * product);
  }
}

template <typename T>
void column_products(const MatrixView<const T>& a, const MatrixView<const T>& b, T beta, T* sums) {
  for (std::size_t c = 0; c < a.columns; ++c) sums[c] = beta == 0 ? T{0} : beta * sums[c];
  for (std::size_t r = 0; r < a.rows; ++r) {
    const T* const a_row = a.data + r * a.stride;
    const T* const b_row = b.data + r * b.stride;
    GEMMNET_INDEPENDENT_ITERATIONS
    for (std::size_t c = 0; c < a.columns; ++c) sums[c] += a_row[c] * b_row[c];
  }
}

}  // namespace

template <typename T>
Normalization<T> normalization() {
  return {&column_moments<T>,       &normalize_columns<T>,
          &column_gradient_sums<T>, &normalize_columns_backward<T>,
          &normalize_rows<T>,       &normalize_rows_backward<T>,
          &column_products<T>};
}
template Normalization<float> normalization();
template Normalization<double> normalization();

}  // namespace gemmnet::GEMMNET_INSTRUCTION_SET
