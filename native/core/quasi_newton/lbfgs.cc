#include "core/quasi_newton/lbfgs.h"

#include <algorithm>
#include <stdexcept>

#include "core/quasi_newton/flat_vector.h"

namespace gemmnet {

template <typename T>
Lbfgs<T>::Lbfgs(std::size_t size, std::size_t history, double gradient_tolerance,
                std::size_t maximum_evaluations)
    : LineSearchMethod<T>(size, gradient_tolerance, maximum_evaluations), history_(history) {
  if (history == 0) throw std::invalid_argument("A history of 0 pairs is no quasi-Newton method");
  steps_ = AlignedBuffer<T>(history * size);
  changes_ = AlignedBuffer<T>(history * size);
  products_ = AlignedBuffer<double>(history);
  weights_ = AlignedBuffer<double>(history);
}

template <typename T>
std::size_t Lbfgs<T>::bytes() const {
  return this->shared_bytes() + steps_.bytes() + changes_.bytes() + products_.bytes() +
         weights_.bytes();
}

template <typename T>
void Lbfgs<T>::forget() {
  counts_ = {};
}

template <typename T>
void Lbfgs<T>::visit_state(StateVisitor& visitor) {
  visitor.visit("steps", std::span(steps_.data(), steps_.size()));
  visitor.visit("changes", std::span(changes_.data(), changes_.size()));
  visitor.visit("products", std::span(products_.data(), products_.size()));
  visitor.visit("scale", std::span(&scale_, 1));
  visitor.visit("pairs", std::span(&counts_.pairs, 1));
  visitor.visit("next", std::span(&counts_.next, 1));
}

template <typename T>
void Lbfgs<T>::apply_inverse_hessian(std::span<double> vector) {
  const auto add = [vector](double factor, std::span<const T> row) {
    for (std::size_t i = 0; i < vector.size(); ++i)
      vector[i] += factor * static_cast<double>(row[i]);
  };
  for (std::size_t age = 0; age < counts_.pairs; ++age) {
    const std::size_t k = slot(age);
    weights_[k] = dot(row(steps_, k), vector) / products_[k];
    add(-weights_[k], row(changes_, k));
  }
  for (double& value : vector) value *= scale_;
  for (std::size_t age = counts_.pairs; age-- > 0;) {
    const std::size_t k = slot(age);
    add(weights_[k] - dot(row(changes_, k), vector) / products_[k], row(steps_, k));
  }
}

template <typename T>
void Lbfgs<T>::learn(std::span<const T> from, std::span<const T> to,
                     std::span<const T> gradient_from, std::span<const T> gradient_to) {
  const auto pair = this->pair(from, to, gradient_from, gradient_to);
  if (!pair.is_usable()) return;
  const std::size_t k = counts_.next;
  std::ranges::transform(to, from, row(steps_, k).begin(), std::minus<>());
  std::ranges::transform(gradient_to, gradient_from, row(changes_, k).begin(), std::minus<>());
  products_[k] = pair.sy;
  scale_ = pair.sy / pair.yy;
  counts_.next = (k + 1) % history_;
  counts_.pairs = std::min<std::uint64_t>(counts_.pairs + 1, history_);
}

template <typename T>
std::span<T> Lbfgs<T>::row(AlignedBuffer<T>& pairs, std::size_t index) {
  const std::size_t size = pairs.size() / history_;
  return {pairs.data() + index * size, size};
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace gemmnet
