#include "core/quasi_newton/bfgs.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "core/gemm.h"
#include "core/quasi_newton/flat_vector.h"

namespace gemmnet {

template <typename T>
Bfgs<T>::Bfgs(std::size_t size, double gradient_tolerance, std::size_t maximum_evaluations)
    : LineSearchMethod<T>(size <= maximum_size ? size : 0, gradient_tolerance,
                          maximum_evaluations) {
  if (size > maximum_size)
    throw std::invalid_argument("bfgs keeps a matrix of parameters times parameters and takes " +
                                std::to_string(maximum_size) + " of them at most, not " +
                                std::to_string(size) + "; lbfgs takes any number");
  inverse_hessian_ = AlignedBuffer<double>(size * size);
  step_ = AlignedBuffer<double>(size);
  change_ = AlignedBuffer<double>(size);
  product_ = AlignedBuffer<double>(size);
}

template <typename T>
std::size_t Bfgs<T>::bytes() const {
  return this->shared_bytes() + inverse_hessian_.bytes() + step_.bytes() + change_.bytes() +
         product_.bytes();
}

template <typename T>
void Bfgs<T>::visit_state(StateVisitor& visitor) {
  visitor.visit("inverseHessian", std::span(inverse_hessian_.data(), inverse_hessian_.size()));
  visitor.visit("updates", std::span(&updates_, 1));
}

template <typename T>
void Bfgs<T>::apply_inverse_hessian(std::span<double> vector) {
  multiply_symmetric(inverse_hessian(), vector.data(), product_.data());
  std::copy_n(product_.data(), product_.size(), vector.data());
}

template <typename T>
void Bfgs<T>::learn(std::span<const T> from, std::span<const T> to,
                    std::span<const T> gradient_from, std::span<const T> gradient_to) {
  const auto pair = this->pair(from, to, gradient_from, gradient_to);
  if (!pair.is_usable()) return;
  const std::size_t size = from.size();
  for (std::size_t i = 0; i < size; ++i) {
    step_[i] = static_cast<double>(to[i]) - static_cast<double>(from[i]);
    change_[i] = static_cast<double>(gradient_to[i]) - static_cast<double>(gradient_from[i]);
  }
  if (updates_ == 0) {
    std::fill_n(inverse_hessian_.data(), inverse_hessian_.size(), 0.0);
    for (std::size_t i = 0; i < size; ++i) inverse_hessian().row(i)[i] = pair.sy / pair.yy;
  }
  // With v = r H y - (1 + r y'H y) r / 2 s, the update is H - s v' - v s'.
  multiply_symmetric(inverse_hessian(), change_.data(), product_.data());
  const double r = 1 / pair.sy;
  const double yhy = dot(std::span(change_.data(), size), std::span(product_.data(), size));
  const double along_step = (1 + r * yhy) * r / 2;
  for (std::size_t i = 0; i < size; ++i) product_[i] = r * product_[i] - along_step * step_[i];
  add_symmetric_product(-1, step_.data(), product_.data(), inverse_hessian());
  ++updates_;
}

template class Bfgs<float>;
template class Bfgs<double>;

}  // namespace gemmnet
