#include "core/gemm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <tuple>

#include "core/random.h"

using namespace gemmnet;

namespace {

template <typename T>
Matrix<T> random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Matrix<T> matrix(rows, columns);
  const Philox random(seed, Stream::initial_weights, 0);
  for (std::size_t i = 0; i < rows * columns; ++i)
    matrix.view().data[i] = static_cast<T>(2 * random.uniform(i) - 1);
  return matrix;
}

/// The largest difference to a plain triple loop in float64.
template <typename T>
double error_of(Transpose transpose_a, Transpose transpose_b, std::size_t m, std::size_t n,
                std::size_t k, T beta) {
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  const auto a = random_matrix<T>(ta ? k : m, ta ? m : k, 1);
  const auto b = random_matrix<T>(tb ? n : k, tb ? k : n, 2);
  auto c = random_matrix<T>(m, n, 3);
  const auto before = c;
  gemm<T>(transpose_a, a.view(), transpose_b, b.view(), beta, c.view());
  double largest = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = static_cast<double>(beta) * static_cast<double>(before.view().row(i)[j]);
      for (std::size_t l = 0; l < k; ++l)
        sum += static_cast<double>(ta ? a.view().row(l)[i] : a.view().row(i)[l]) *
               static_cast<double>(tb ? b.view().row(j)[l] : b.view().row(l)[j]);
      largest = std::max(largest, std::abs(sum - static_cast<double>(c.view().row(i)[j])));
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("parts of a product have the same bits, whichever are asked for together") {
  const PartSize part = joinable_parts<float>();
  if (part.rows == 0) return;
  // Part sides times something, and less; a depth of one panel, and of several.
  const std::tuple<std::size_t, std::size_t, std::size_t> shapes[] = {
      {4 * part.rows, 3 * part.columns, 777},
      {3 * part.rows + 5, 2 * part.columns + 3, 300},
      {2 * part.rows + 40, 10, 256},
      {5 * part.rows, 50, 100},
      {3 * part.rows + 33, 200, 16},
      {130, 130, 12207},
      {2 * part.rows, 10, 2048}};
  for (const auto& [m, n, k] : shapes) {
    for (const Transpose transpose : {Transpose::no, Transpose::yes}) {
      const bool transposed = transpose == Transpose::yes;
      const auto a = random_matrix<float>(m, k, 1);
      const auto b = random_matrix<float>(transposed ? n : k, transposed ? k : n, 2);
      const auto columns_of_b = [&](Range columns) {
        return transposed ? b.view().row_block(columns)
                          : b.view().block({0, b.view().rows}, columns);
      };
      Matrix<float> whole(m, n);
      Matrix<float> cut(m, n);
      const auto same = [&] {
        return std::equal(whole.view().data, whole.view().data + m * n, cut.view().data);
      };
      gemm<float>(Transpose::no, a.view(), transpose, b.view(), 0, whole.view());
      for (std::size_t row = 0; row < m; row += part.rows) {
        // Of a last part that is small gemm knows nothing: a plan adds it to the one before.
        const bool ends = m < row + 2 * part.rows && m - row - part.rows < part.rows / 2;
        const Range rows{row, ends ? m : std::min(m, row + part.rows)};
        gemm<float>(Transpose::no, a.view().row_block(rows), transpose, b.view(), 0,
                    cut.view().row_block(rows));
        if (ends) break;
      }
      CHECK(same());
      gemm_of_parts<float>(Transpose::no, a.view(), transpose, b.view(), 0, whole.view());
      for (std::size_t row = 0; row < m; row += part.rows)
        for (std::size_t column = 0; column < n; column += part.columns) {
          const Range rows{row, std::min(m, row + part.rows)};
          const Range columns{column, std::min(n, column + part.columns)};
          gemm_of_parts<float>(Transpose::no, a.view().row_block(rows), transpose,
                               columns_of_b(columns), 0, cut.view().block(rows, columns));
        }
      CHECK(same());
    }
  }
}

TEST_CASE("gemm equals the sum of products, transposed or not, added or not") {
  // The last three are cut into several products without packing where the machine has them.
  const std::tuple<std::size_t, std::size_t, std::size_t> shapes[] = {
      {1, 1, 1},      {3, 5, 7},      {50, 10, 100},   {64, 100, 64},
      {32, 128, 784}, {25, 333, 513}, {130, 140, 300}, {100, 130, 12207}};
  for (const auto& [m, n, k] : shapes) {
    for (const Transpose a : {Transpose::no, Transpose::yes}) {
      for (const Transpose b : {Transpose::no, Transpose::yes}) {
        for (const int beta : {0, 1}) {
          CHECK(error_of<float>(a, b, m, n, k, static_cast<float>(beta)) < 1e-6 * double(k));
          CHECK(error_of<double>(a, b, m, n, k, beta) < 1e-14 * double(k));
        }
      }
    }
  }
}

TEST_CASE("a beta of 0 overwrites what is not a number, also where there is nothing to add up") {
  for (const std::size_t size : {2, 40, 100, 130}) {
    for (const std::size_t depth : {std::size_t{0}, size}) {
      for (const Transpose transpose : {Transpose::no, Transpose::yes}) {
        const bool transposed = transpose == Transpose::yes;
        Matrix<float> a(size, depth, size);
        Matrix<float> b(transposed ? size : depth, transposed ? depth : size, size);
        Matrix<float> c(size, size);
        std::fill_n(c.view().data, size * size, NAN);
        gemm<float>(Transpose::no, a.view(), transpose, b.view(), 0, c.view());
        CHECK(std::all_of(c.view().data, c.view().data + size * size,
                          [](float value) { return value == 0; }));
      }
    }
  }
}

TEST_CASE_TEMPLATE("gemm reads and writes blocks of wider matrices, and nothing beside them", T,
                   float, double) {
  const Range shift{3, 8};  // rows and columns beside the blocks
  // Of the sides of parts, one less and one more; of small depths and that of a panel.
  for (const std::size_t m : {1, 23, 24, 63, 65, 127, 129})
    for (const std::size_t n : {1, 127, 129, 513})
      for (const std::size_t k : {1, 15, 17, 122, 123, 250})
        for (const Transpose transpose_a : {Transpose::no, Transpose::yes})
          for (const Transpose transpose_b : {Transpose::no, Transpose::yes}) {
            const bool ta = transpose_a == Transpose::yes;
            const bool tb = transpose_b == Transpose::yes;
            const auto block_in = [&](Matrix<T>& matrix, std::size_t rows, std::size_t columns) {
              return matrix.view().block({shift.begin, shift.begin + rows},
                                         {shift.end, shift.end + columns});
            };
            const auto around = [&](std::size_t rows, std::size_t columns, std::uint64_t seed) {
              return random_matrix<T>(rows + shift.size(), columns + shift.size() + shift.end,
                                      seed);
            };
            auto a = around(ta ? k : m, ta ? m : k, 1);
            auto b = around(tb ? n : k, tb ? k : n, 2);
            auto c = around(m, n, 3);
            auto expected = c;
            const MatrixView<T> block = block_in(c, m, n);
            const MatrixView<const T> of_a = block_in(a, ta ? k : m, ta ? m : k);
            const MatrixView<const T> of_b = block_in(b, tb ? n : k, tb ? k : n);
            gemm<T>(transpose_a, of_a, transpose_b, of_b, T{1}, block);
            // Of every fifth element the value; of all that is beside the block that it is as it
            // was.
            REQUIRE((of_a.data != nullptr && of_b.data != nullptr));
            double largest = 0;
            for (std::size_t i = 0; i < m; ++i)
              for (std::size_t j = i % 5; j < n; j += 5) {
                double sum = static_cast<double>(block_in(expected, m, n).row(i)[j]);
                for (std::size_t l = 0; l < k; ++l)
                  sum += static_cast<double>(ta ? of_a.row(l)[i] : of_a.row(i)[l]) *
                         static_cast<double>(tb ? of_b.row(j)[l] : of_b.row(l)[j]);
                largest = std::max(largest, std::abs(sum - static_cast<double>(block.row(i)[j])));
              }
            CHECK(largest < (std::is_same_v<T, float> ? 1e-6 : 1e-14) * double(k + 10));
            for (std::size_t i = 0; i < m; ++i)
              std::copy_n(block_in(expected, m, n).row(i), n, block.row(i));
            CHECK(std::equal(c.view().data, c.view().data + c.view().rows * c.view().stride,
                             expected.view().data));
          }
}

TEST_CASE("a serial BLAS is refused with a message that says what to install") {
  CHECK_NOTHROW(require_thread_safe_blas(blas_info()));
  CHECK_THROWS_WITH_AS(require_thread_safe_blas({"OpenBLAS 0", "Zen", false}),
                       doctest::Contains("libopenblas0-pthread"), std::runtime_error);
}
