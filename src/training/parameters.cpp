#include "training/parameters.h"

#include <cmath>

#include "core/random.h"

namespace tinysplit::training {

Parameters::Parameters(const Architecture& architecture, std::uint64_t seed) {
  std::int64_t trained = 0, others = 0;
  for (const ParameterSpec& spec : architecture.parameters) {
    (spec.trainable ? trained : others) += spec.shape.num_elements();
  }
  weights_ = Tensor(DType::kFloat32, Shape{trained});
  gradients_ = Tensor(DType::kFloat32, Shape{trained});
  others_ = Tensor(DType::kFloat32, Shape{others});
  std::size_t weight = 0, other = 0;
  for (const ParameterSpec& spec : architecture.parameters) {
    const auto count = static_cast<std::size_t>(spec.shape.num_elements());
    Parameter parameter;
    parameter.shape = spec.shape;
    std::size_t& offset = spec.trainable ? weight : other;
    parameter.values = (spec.trainable ? weights_ : others_).as<float>().data() + offset;
    if (spec.trainable) parameter.gradient = gradients_.as<float>().data() + offset;
    offset += count;
    // A stream of its own, so that no parameter depends on the size of another.
    Random random = Random::of({seed, parameters_.size()});
    initialize(spec.initializer, spec.shape, random, {parameter.values, count});
    parameters_.push_back(parameter);
  }
}

double Parameters::penalize(const Architecture& architecture) {
  double penalty = 0.0;
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    const ParameterSpec& spec = architecture.parameters[p];
    if (spec.l1 == 0.0f && spec.l2 == 0.0f) continue;
    const Parameter& parameter = parameters_[p];
    const auto count = static_cast<std::size_t>(parameter.shape.num_elements());
    double magnitudes = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      const float w = parameter.values[i];
      magnitudes += std::fabs(w);
      squares += double{w} * double{w};
      if (parameter.gradient == nullptr) continue;
      const float sign = w > 0.0f ? 1.0f : (w < 0.0f ? -1.0f : 0.0f);
      parameter.gradient[i] += spec.l1 * sign + 2.0f * spec.l2 * w;
    }
    penalty += double{spec.l1} * magnitudes + double{spec.l2} * squares;
  }
  return penalty;
}

}  // namespace tinysplit::training
