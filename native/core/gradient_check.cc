#include "core/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/step.h"

namespace gemmnet {

namespace {

double norm(const std::vector<double>& a) {
  return std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0));
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference(a.size());
  std::transform(a.begin(), a.end(), b.begin(), difference.begin(), std::minus<>());
  return norm(difference);
}

/// a / b, where 0 / 0 is 0.
double ratio(double a, double b) { return a / std::max(b, std::numeric_limits<double>::min()); }

/// The norm below which differences of a tensor of `size` weights have less than seven digits: each
/// has the rounding of two costs, some units in the last place for all layers together, over twice
/// `epsilon`.
double least_norm(std::size_t size, double cost, double epsilon) {
  constexpr double units = 64;
  constexpr double digits = 1e7;
  return digits * units * std::numeric_limits<double>::epsilon() * std::abs(cost) / (2 * epsilon) *
         std::sqrt(static_cast<double>(size));
}

/// A Step that is only asked for costs and gradients of all of `data`.
template <typename T>
class Differentiation {
 public:
  Differentiation(const Network<T>& network, const ObjectiveSettings& settings, const Dataset& data)
      : network_(network),
        data_(data),
        objective_(network, settings),
        step_(network, objective_, {{"gradientDescent", {}}, 0, true, {}, {}}, state_, nullptr,
              nullptr, {data.size(), piece_rows(network, data.size())}, 1) {
    for (std::size_t i = 0; i < data.size(); ++i) places_.push_back(data.place(i));
    step_.load(*network.parameters());
  }

  double cost_with(std::size_t index, T value) {
    const T before = step_.parameters()[index];
    step_.set_parameter(index, value);
    const double cost = step_.cost(data_.rows(), places_, team_, scores_);
    step_.set_parameter(index, before);
    return cost;
  }

  /// One vector per tensor. Afterwards, `cost()` is the cost here.
  std::vector<std::vector<double>> gradient() {
    cost_ = step_.differentiate(data_.rows(), places_, team_, scores_);
    if (!std::isfinite(cost_)) throw std::domain_error("The cost of these rows is not finite");
    std::vector<std::vector<double>> tensors;
    for (const auto& place : network_.tensors()) {
      if (!network_.learns(place)) {
        tensors.emplace_back();
        continue;
      }
      const T* const first = step_.gradient().data() + place.shape.offset;
      tensors.emplace_back(first, first + place.shape.size());
    }
    return tensors;
  }

  [[nodiscard]] double cost() const { return cost_; }

 private:
  const Network<T>& network_;
  const Dataset& data_;
  Objective<T> objective_;
  OptimizerState<T> state_;
  Step<T> step_;
  Scores scores_;
  ThreadTeam team_{1};
  std::vector<std::uint32_t> places_;
  double cost_ = 0;
};

}  // namespace

template <typename T>
std::vector<GradientError> check_gradients(const Network<T>& network,
                                           const ObjectiveSettings& settings, const Dataset& data,
                                           double epsilon) {
  Network<double> exact(network.inputs(), network.settings(), 0);
  {
    const auto from = network.parameters();
    AlignedBuffer<double> block(exact.block_size());
    for (std::size_t i = 0; i < exact.tensors().size(); ++i)
      std::copy_n(from->data() + network.tensors()[i].shape.offset,
                  network.tensors()[i].shape.size(),
                  block.data() + exact.tensors()[i].shape.offset);
    exact.publish(block);
  }
  for (std::size_t l = 0; l < network.layers().size(); ++l)
    exact.set_trainable(l, network.is_trainable(l));
  Differentiation<T> own(network, settings, data);
  Differentiation<double> reference(exact, settings, data);
  const auto own_gradient = own.gradient();
  const auto gradient = reference.gradient();
  const auto weights = exact.parameters();

  double size = 0;
  std::size_t weight_count = 0;
  for (const auto& tensor : gradient) {
    size = std::hypot(size, norm(tensor));
    weight_count += tensor.size();
  }
  size = std::max(size, least_norm(weight_count, reference.cost(), epsilon));

  std::vector<GradientError> errors;
  for (std::size_t i = 0; i < exact.tensors().size(); ++i) {
    const auto& place = exact.tensors()[i];
    if (!exact.learns(place)) continue;
    std::vector<double> differences;
    for (std::size_t index = place.shape.offset; index < place.shape.end(); ++index) {
      const double weight = (*weights)[index];
      const double above = weight + epsilon * std::max(1.0, std::abs(weight));
      const double below = weight - epsilon * std::max(1.0, std::abs(weight));
      differences.push_back(
          (reference.cost_with(index, above) - reference.cost_with(index, below)) /
          (above - below));
    }
    errors.push_back({place.layer, place.shape.name,
                      ratio(distance(gradient[i], differences),
                            std::max(norm(gradient[i]) + norm(differences),
                                     least_norm(differences.size(), reference.cost(), epsilon))),
                      ratio(distance(own_gradient[i], gradient[i]), size)});
  }
  return errors;
}
template std::vector<GradientError> check_gradients(const Network<float>&, const ObjectiveSettings&,
                                                    const Dataset&, double);
template std::vector<GradientError> check_gradients(const Network<double>&,
                                                    const ObjectiveSettings&, const Dataset&,
                                                    double);

}  // namespace gemmnet
