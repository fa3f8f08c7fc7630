#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gemmnet {

/// Half-open interval of rows or columns.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// A row-major block that somebody else owns: element (r, c) is `data[r * stride + c]`.
/// The kernels, which are compiled once per instruction set, use its fields only (see
/// kernels/loops.h). They and gemm take it by reference: to copy one whose fields have just been
/// written waits for the stores, which a small step would notice.
template <typename T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;

  MatrixView() = default;
  MatrixView(T* first, std::size_t row_count, std::size_t column_count)
      : MatrixView(first, row_count, column_count, column_count) {}
  MatrixView(T* first, std::size_t row_count, std::size_t column_count, std::size_t row_stride)
      : data(first), rows(row_count), columns(column_count), stride(row_stride) {}

  /// A view of mutable elements is a view of elements.
  operator MatrixView<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, rows, columns, stride};
  }

  [[nodiscard]] T* row(std::size_t index) const { return data + index * stride; }

  [[nodiscard]] MatrixView block(Range of_rows, Range of_columns) const {
    return {data + of_rows.begin * stride + of_columns.begin, of_rows.size(), of_columns.size(),
            stride};
  }
  [[nodiscard]] MatrixView row_block(Range of_rows) const { return block(of_rows, {0, columns}); }
};

/// Zero-filled memory that begins on a cache line and ends on one, so that two buffers never share
/// a line between threads. Large buffers ask for huge pages.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t alignment = 64;  // bytes

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_(size) {
    if (size == 0) return;
    constexpr std::size_t huge_page = std::size_t{2} << 20;
    const std::size_t bytes = (size * sizeof(T) + alignment - 1) / alignment * alignment;
    const bool huge = bytes >= 2 * huge_page;
    // A size whose bytes wrap around would be granted.
    if (size < std::numeric_limits<std::size_t>::max() / 2 / sizeof(T))
      data_ = static_cast<T*>(
          ::operator new(bytes, std::align_val_t{huge ? huge_page : alignment}, std::nothrow));
    if (data_ == nullptr)
      throw std::runtime_error("Out of memory: no room for " + std::to_string(size) + " numbers");
    huge_ = huge;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (huge) madvise(data_, bytes / huge_page * huge_page, MADV_HUGEPAGE);
#endif
    std::memset(static_cast<void*>(data_), 0, bytes);
  }
  AlignedBuffer(const AlignedBuffer& other) : AlignedBuffer(other.size_) {
    if (size_ != 0) std::memcpy(data_, other.data_, size_ * sizeof(T));
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept { swap(other); }
  AlignedBuffer& operator=(AlignedBuffer other) noexcept {
    swap(other);
    return *this;
  }
  ~AlignedBuffer() {
    if (data_ != nullptr) {
      constexpr std::size_t huge_page = std::size_t{2} << 20;
      ::operator delete(data_, std::align_val_t{huge_ ? huge_page : alignment});
    }
  }

  [[nodiscard]] T* data() { return data_; }
  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return size_ * sizeof(T); }

  T& operator[](std::size_t index) { return data_[index]; }
  const T& operator[](std::size_t index) const { return data_[index]; }

 private:
  void swap(AlignedBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(huge_, other.huge_);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  bool huge_ = false;
};

/// The matrix that one allocation holds.
template <typename T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t columns) : Matrix(rows, columns, columns) {}
  Matrix(std::size_t rows, std::size_t columns, std::size_t stride)
      : buffer_(rows * stride), rows_(rows), columns_(columns), stride_(stride) {}

  [[nodiscard]] MatrixView<T> view() { return {buffer_.data(), rows_, columns_, stride_}; }
  [[nodiscard]] MatrixView<const T> view() const {
    return {buffer_.data(), rows_, columns_, stride_};
  }
  [[nodiscard]] std::size_t bytes() const { return buffer_.bytes(); }

 private:
  AlignedBuffer<T> buffer_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::size_t stride_ = 0;
};

}  // namespace gemmnet
