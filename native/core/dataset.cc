#include "core/dataset.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/instruction_sets.h"
#include "core/random.h"

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

/// Has `size` elements fetched into the cache.
template <typename Element>
void prefetch(const Element* elements, std::size_t size) {
  constexpr std::size_t line = 64;  // bytes
  const auto* const bytes = reinterpret_cast<const char*>(elements);
  for (std::size_t i = 0; i < size * sizeof(Element); i += line) __builtin_prefetch(bytes + i);
}

template <typename T>
void convert(const std::uint8_t* from, double scale, T* to, std::size_t size) {
  kernels<T>().elementwise.from_bytes(from, static_cast<T>(scale), to, size);
}
template <typename T>
void convert(const float* from, double scale, T* to, std::size_t size) {
  kernels<T>().elementwise.from_float(from, static_cast<T>(scale), to, size);
}
template <typename T>
void convert(const double* from, double scale, T* to, std::size_t size) {
  kernels<T>().elementwise.from_double(from, static_cast<T>(scale), to, size);
}

/// Deals the rows of each class evenly over the whole order, so that any stretch of it holds of
/// each class's share to within two rows: the k-th of n rows of a class gets the key (k + u) / n,
/// with one u in [0, 1) per class, and rows are sorted by key.
void interleave_classes(std::span<const std::int32_t> labels, std::size_t classes,
                        const Philox& random, std::vector<std::uint32_t>& order) {
  std::vector<std::size_t> sizes(classes, 0);
  for (const std::uint32_t row : order) ++sizes[static_cast<std::size_t>(labels[row])];
  std::vector<std::size_t> seen(classes, 0);
  std::vector<std::pair<double, std::uint32_t>> keys;
  keys.reserve(order.size());
  for (const std::uint32_t row : order) {
    const auto label = static_cast<std::size_t>(labels[row]);
    const double offset = random.uniform(label);
    keys.emplace_back(
        (static_cast<double>(seen[label]++) + offset) / static_cast<double>(sizes[label]), row);
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(keys.begin(), keys.end(), order.begin(),
                 [](const auto& key) { return key.second; });
}

}  // namespace

template <typename T>
void StoredMatrix::gather(std::span<const std::uint32_t> places, MatrixView<T> into) const {
  with_elements(*this, [&](const auto* elements) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      // The rows of a shuffled batch lie anywhere: ask for the next while this one is copied.
      if (i + 1 < places.size()) gemmnet::prefetch(elements + places[i + 1] * columns, columns);
      convert(elements + places[i] * columns, scale, into.row(i), columns);
    }
  });
}
template void StoredMatrix::gather(std::span<const std::uint32_t>, MatrixView<float>) const;
template void StoredMatrix::gather(std::span<const std::uint32_t>, MatrixView<double>) const;

template <typename T>
std::optional<MatrixView<const T>> StoredMatrix::as_is() const {
  constexpr ElementType same =
      std::is_same_v<T, float> ? ElementType::float32 : ElementType::float64;
  if (type != same || scale != 1) return std::nullopt;
  return MatrixView<const T>(static_cast<const T*>(data), rows, columns);
}
template std::optional<MatrixView<const float>> StoredMatrix::as_is() const;
template std::optional<MatrixView<const double>> StoredMatrix::as_is() const;

void StoredMatrix::prefetch(std::uint32_t place) const {
  with_elements(
      *this, [&](const auto* elements) { gemmnet::prefetch(elements + place * columns, columns); });
}

double StoredMatrix::value(std::size_t row, std::size_t column) const {
  const std::size_t index = row * columns + column;
  switch (type) {
    case ElementType::float32:
      return scale * static_cast<double>(static_cast<const float*>(data)[index]);
    case ElementType::float64:
      return scale * static_cast<const double*>(data)[index];
    case ElementType::uint8:
      break;
  }
  return scale * static_cast<const std::uint8_t*>(data)[index];
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

std::vector<Dataset> Dataset::split(std::span<const std::size_t> sizes, std::uint64_t seed,
                                    bool stratify) const {
  std::vector<std::uint32_t> order(size());
  std::iota(order.begin(), order.end(), 0U);
  shuffle(order, Philox(seed, Stream::split, 0));
  for (std::uint32_t& position : order) position = place(position);
  if (stratify)
    interleave_classes(rows_->labels, rows_->classes, Philox(seed, Stream::split, 1), order);

  std::vector<Dataset> views;
  auto begin = order.begin();
  for (const std::size_t size : sizes) {
    const auto end = begin + static_cast<std::ptrdiff_t>(size);
    views.push_back(Dataset(rows_, {begin, end}));
    begin = end;
  }
  return views;
}

}  // namespace gemmnet
