#include "core/dataset.h"

#include <utility>

#include "core/instruction_sets.h"

namespace gemmnet {

namespace {

/// Calls `visit` with a typed pointer to the first stored element.
template <typename Visit>
auto with_elements(const StoredMatrix& m, const Visit& visit) {
  switch (m.type) {
    case ElementType::uint8:
      return visit(static_cast<const std::uint8_t*>(m.data));
    case ElementType::float64:
      return visit(static_cast<const double*>(m.data));
    case ElementType::float32:
      break;
  }
  return visit(static_cast<const float*>(m.data));
}

/// The loop for elements of this type.
template <typename T>
auto gather_loop(const std::uint8_t* /*elements*/) {
  return kernels<T>().elementwise.gather_bytes;
}
template <typename T>
auto gather_loop(const float* /*elements*/) {
  return kernels<T>().elementwise.gather_floats;
}
template <typename T>
auto gather_loop(const double* /*elements*/) {
  return kernels<T>().elementwise.gather_doubles;
}

}  // namespace

template <typename T>
void StoredMatrix::gather(std::span<const std::uint32_t> places, MatrixView<T> into) const {
  with_elements(*this, [&](const auto* elements) {
    gather_loop<T>(elements)(elements, static_cast<T>(scale), places.data(),
                             into.row_block({0, places.size()}));
  });
}
template void StoredMatrix::gather(std::span<const std::uint32_t>, MatrixView<float>) const;
template void StoredMatrix::gather(std::span<const std::uint32_t>, MatrixView<double>) const;

template <typename T>
std::optional<MatrixView<const T>> StoredMatrix::as_is() const {
  if (type != element_type<T> || scale != 1) return std::nullopt;
  return MatrixView<const T>(static_cast<const T*>(data), rows, columns);
}
template std::optional<MatrixView<const float>> StoredMatrix::as_is() const;
template std::optional<MatrixView<const double>> StoredMatrix::as_is() const;

void StoredMatrix::prefetch(std::uint32_t place) const {
  with_elements(*this, [&](const auto* elements) {
    constexpr std::size_t line = 64;  // bytes
    const auto* const row = reinterpret_cast<const char*>(elements + place * columns);
    for (std::size_t i = 0; i < columns * sizeof(*elements); i += line) __builtin_prefetch(row + i);
  });
}

double StoredMatrix::value(std::size_t row, std::size_t column) const {
  return with_elements(*this, [&](const auto* elements) {
    return scale * static_cast<double>(elements[row * columns + column]);
  });
}

std::optional<std::size_t> StoredMatrix::first_non_finite() const {
  const std::size_t size = rows * columns;
  std::size_t first = size;
  if (type == ElementType::float32)
    first = kernels<float>().elementwise.first_non_finite(static_cast<const float*>(data), size);
  if (type == ElementType::float64)
    first = kernels<double>().elementwise.first_non_finite(static_cast<const double*>(data), size);
  return first == size ? std::nullopt : std::optional(first);
}

std::size_t StoredMatrix::bytes() const {
  return with_elements(*this,
                       [&](const auto* elements) { return rows * columns * sizeof(*elements); });
}

Dataset::Dataset(std::shared_ptr<const Rows> rows) : rows_(std::move(rows)) {}

Dataset::Dataset(std::shared_ptr<const Rows> rows, std::vector<std::uint32_t> index)
    : rows_(std::move(rows)),
      index_(std::make_shared<const std::vector<std::uint32_t>>(std::move(index))) {}

Dataset Dataset::subset(std::span<const std::uint32_t> positions) const {
  std::vector<std::uint32_t> index(positions.begin(), positions.end());
  for (std::uint32_t& entry : index) entry = place(entry);
  return {rows_, std::move(index)};
}

std::vector<std::int32_t> Dataset::copies() const {
  if (is_whole()) return {};
  std::vector<std::int32_t> number_of(rows_->features.rows, -1);
  std::vector<std::int32_t> numbers(size());
  std::int32_t count = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::int32_t& number = number_of[place(i)];
    if (number < 0) number = count++;
    numbers[i] = number;
  }
  if (static_cast<std::size_t>(count) == numbers.size()) numbers.clear();
  return numbers;
}

}  // namespace gemmnet
