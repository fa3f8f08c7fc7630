// The gemm calls of a training step and nothing else: what a step would cost if all the rest were
// free. Or those of a prediction. The threads are BLAS's own.

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/gemm.h"

using namespace gemmnet;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

Matrix<float> filled(std::size_t rows, std::size_t columns) {
  Matrix<float> matrix(rows, columns);
  for (std::size_t i = 0; i < rows * columns; ++i)
    matrix.view().data[i] = static_cast<float>(i % 13) * 0.01F;
  return matrix;
}

/// c = op(a) op(b): one call, as BLAS has it, without what core/gemm.h knows of small products.
void multiply(CBLAS_TRANSPOSE transpose_a, const Matrix<float>& a, CBLAS_TRANSPOSE transpose_b,
              const Matrix<float>& b, Matrix<float>& c) {
  const auto size = [](std::size_t value) { return static_cast<blasint>(value); };
  const MatrixView<float> to = c.view();
  const std::size_t depth = transpose_a == CblasTrans ? a.view().rows : a.view().columns;
  cblas_sgemm(CblasRowMajor, transpose_a, transpose_b, size(to.rows), size(to.columns), size(depth),
              1, a.view().data, size(a.view().stride), b.view().data, size(b.view().stride), 0,
              to.data, size(to.stride));
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> task;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t place = word.find('=');
    if (place != std::string::npos) task[word.substr(0, place)] = word.substr(place + 1);
  }
  initialize_blas();
  if (argc == 2 && std::string(argv[1]) == "probe") {
    // Its name and version, without the options it was built with.
    const std::string library = blas_info().library;
    std::printf(R"({"version": "%s", "threads": "given", "kinds": ["step", "predict"]})",
                library.substr(0, library.find(' ', library.find(' ') + 1)).c_str());
    return 0;
  }
  std::vector<std::size_t> widths;
  std::istringstream list(task["widths"]);
  for (std::string width; std::getline(list, width, ',');) widths.push_back(std::stoul(width));
  const std::size_t batch = std::stoul(task["batch"]);
  const double budget = std::stod(task["seconds"]);
  const bool backward = task["kind"] == "step";
  if (!task["threads"].empty()) set_blas_threads(std::stoi(task["threads"]));

  std::vector<Matrix<float>> outputs;  // of each layer, the input's first
  std::vector<Matrix<float>> errors;   // dC/dz of the same
  std::vector<Matrix<float>> kernels;
  std::vector<Matrix<float>> gradients;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    outputs.push_back(filled(batch, widths[i]));
    errors.push_back(filled(batch, widths[i]));
    if (i == 0) continue;
    kernels.push_back(filled(widths[i - 1], widths[i]));
    gradients.push_back(filled(widths[i - 1], widths[i]));
  }
  const auto step = [&] {
    const std::size_t layers = kernels.size();
    for (std::size_t l = 0; l < layers; ++l)
      multiply(CblasNoTrans, outputs[l], CblasNoTrans, kernels[l], outputs[l + 1]);
    if (!backward) return;
    for (std::size_t l = layers; l-- > 1;)
      multiply(CblasNoTrans, errors[l + 1], CblasTrans, kernels[l], errors[l]);
    for (std::size_t l = 0; l < layers; ++l)
      multiply(CblasTrans, outputs[l], CblasNoTrans, errors[l + 1], gradients[l]);
  };

  // Stretches of about 5 ms, the first dropped.
  const auto warm = Clock::now();
  std::size_t count = 0;
  while (seconds_since(warm) < 0.005 || count < 2) {
    step();
    ++count;
  }
  std::vector<double> times;
  for (const auto began = Clock::now(); seconds_since(began) < budget || times.size() < 3;) {
    const auto stretch = Clock::now();
    for (std::size_t i = 0; i < count; ++i) step();
    times.push_back(seconds_since(stretch) / static_cast<double>(count));
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                   times.end());
  std::printf("{\"value\": %.9f}\n", times[times.size() / 2]);
}
