#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "core/matrix.h"

namespace gemmnet {

enum class ElementType : std::uint8_t { float32, float64, uint8 };

/// That of a network's numbers.
template <typename T>
constexpr ElementType element_type =
    std::is_same_v<T, float> ? ElementType::float32 : ElementType::float64;

/// A matrix in the type it came in, not owned: value (r, c) is `scale * data[r * columns + c]`.
struct StoredMatrix {
  ElementType type = ElementType::float32;
  const void* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  double scale = 1;

  /// Copies the rows at `places`, converted to T, into the rows of `into`.
  template <typename T>
  void gather(std::span<const std::uint32_t> places, MatrixView<T> into) const;

  /// Has a row fetched into the cache.
  void prefetch(std::uint32_t place) const;

  /// The rows as they lie, if they need no conversion to T.
  template <typename T>
  [[nodiscard]] std::optional<MatrixView<const T>> as_is() const;

  [[nodiscard]] double value(std::size_t row, std::size_t column) const;

  /// Row-major position of the first NaN or infinity, if any.
  [[nodiscard]] std::optional<std::size_t> first_non_finite() const;

  [[nodiscard]] std::size_t bytes() const;
};

/// All rows of a data set, immutable, shared by its views.
struct Rows {
  StoredMatrix features;
  StoredMatrix targets;              // no columns where the rows have class labels, or nothing
  std::vector<std::int32_t> labels;  // class indices, or empty
  std::size_t classes = 0;           // with labels: how many
  std::vector<double> weights;       // sample weights, or empty
  /// Keeps the memory of `features` and `targets`: whatever the binding needs for that.
  std::shared_ptr<const void> features_owner;
  std::shared_ptr<const void> targets_owner;
};

/// A view of rows: all of them, or those that an index list names. Copying it copies no row.
class Dataset {
 public:
  explicit Dataset(std::shared_ptr<const Rows> rows);

  [[nodiscard]] std::size_t size() const { return index_ ? index_->size() : rows_->features.rows; }
  [[nodiscard]] const Rows& rows() const { return *rows_; }
  [[nodiscard]] bool is_whole() const { return index_ == nullptr; }
  /// Where row `position` of the view stands among all rows.
  [[nodiscard]] std::uint32_t place(std::size_t position) const {
    return index_ ? (*index_)[position] : static_cast<std::uint32_t>(position);
  }

  [[nodiscard]] bool is_same(const Dataset& other) const {
    return rows_ == other.rows_ && index_ == other.index_;
  }

  /// The rows at these positions of this view, in this order.
  [[nodiscard]] Dataset subset(std::span<const std::uint32_t> positions) const;

  /// For each row of the view a number, from 0 in the order they come, that copies of one row
  /// share; empty if no row comes twice.
  [[nodiscard]] std::vector<std::int32_t> copies() const;

  [[nodiscard]] std::size_t index_bytes() const {
    return index_ ? index_->size() * sizeof(std::uint32_t) : 0;
  }

 private:
  Dataset(std::shared_ptr<const Rows> rows, std::vector<std::uint32_t> index);

  std::shared_ptr<const Rows> rows_;
  std::shared_ptr<const std::vector<std::uint32_t>> index_;  // null: all rows in order
};

}  // namespace gemmnet
