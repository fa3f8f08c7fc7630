#include "core/quasi_newton/methods.h"

#include <iterator>

#include "core/quasi_newton/bfgs.h"
#include "core/quasi_newton/lbfgs.h"
#include "core/quasi_newton/levenberg_marquardt.h"

namespace gemmnet {

namespace {

template <typename T>
using Made = std::unique_ptr<QuasiNewton<T>>;

std::size_t count(double option) { return static_cast<std::size_t>(option); }

enum BfgsOption : std::size_t { bfgs_gradient_tolerance, bfgs_maximum_evaluations };
constexpr const char* bfgs_options[] = {"gradientTolerance", "maximumEvaluations"};

template <typename T>
Made<T> make_bfgs(const double* options, std::size_t size) {
  return std::make_unique<Bfgs<T>>(size, options[bfgs_gradient_tolerance],
                                   count(options[bfgs_maximum_evaluations]));
}

enum LbfgsOption : std::size_t {
  lbfgs_history,
  lbfgs_gradient_tolerance,
  lbfgs_maximum_evaluations
};
constexpr const char* lbfgs_options[] = {"history", "gradientTolerance", "maximumEvaluations"};

template <typename T>
Made<T> make_lbfgs(const double* options, std::size_t size) {
  return std::make_unique<Lbfgs<T>>(size, count(options[lbfgs_history]),
                                    options[lbfgs_gradient_tolerance],
                                    count(options[lbfgs_maximum_evaluations]));
}

enum LevenbergMarquardtOption : std::size_t {
  mu,
  mu_increase,
  mu_decrease,
  maximum_mu,
  levenberg_marquardt_gradient_tolerance
};
constexpr const char* levenberg_marquardt_options[] = {"mu", "muIncrease", "muDecrease",
                                                       "maximumMu", "gradientTolerance"};

template <typename T>
Made<T> make_levenberg_marquardt(const double* options, std::size_t size) {
  return std::make_unique<LevenbergMarquardt<T>>(
      size,
      DampingSettings{options[mu], options[mu_increase], options[mu_decrease], options[maximum_mu]},
      options[levenberg_marquardt_gradient_tolerance]);
}

template <typename T>
constexpr QuasiNewtonMethod<T> rows[] = {
    {"bfgs", {bfgs_options, std::size(bfgs_options)}, false, Bfgs<T>::maximum_size, make_bfgs<T>},
    {"lbfgs", {lbfgs_options, std::size(lbfgs_options)}, false, 0, make_lbfgs<T>},
    {"levenbergMarquardt",
     {levenberg_marquardt_options, std::size(levenberg_marquardt_options)},
     true,
     LevenbergMarquardt<T>::maximum_size,
     make_levenberg_marquardt<T>},
};

}  // namespace

template <typename T>
Table<QuasiNewtonMethod<T>> quasi_newton_methods() {
  return {rows<T>, std::size(rows<T>)};
}

template Table<QuasiNewtonMethod<float>> quasi_newton_methods();
template Table<QuasiNewtonMethod<double>> quasi_newton_methods();

}  // namespace gemmnet
