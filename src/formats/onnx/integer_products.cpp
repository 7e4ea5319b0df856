#include "formats/onnx/integer_products.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tinysplit::onnx_format {
namespace {

bool is_byte(DType dtype) { return dtype == DType::kInt8 || dtype == DType::kUint8; }

double step_of(const IntegerProduct& product, std::size_t filter) {
  const std::vector<float>& scales = product.weights.scale;
  return double{product.x.quantization->scale[0]} * scales[scales.size() == 1 ? 0 : filter];
}

}  // namespace

bool fits_integers(const IntegerProduct& product) {
  constexpr std::int64_t kMostTerms = std::int64_t{1} << 14;  // times 2^17 for each
  const auto has_one_scale = [](const ElementType& type) {
    return is_byte(type.dtype) && type.quantization && type.quantization->axis < 0;
  };
  if (!has_one_scale(product.x) || !has_one_scale(product.y) || !is_byte(product.weight_dtype) ||
      product.x.dtype != product.y.dtype || product.terms > kMostTerms) {
    return false;
  }
  for (std::size_t f = 0; f < product.weights.scale.size(); ++f) {
    if (!(step_of(product, f) < product.y.quantization->scale[0])) return false;
  }
  return true;
}

Result<Operand> add_integer_product(GraphAssembly& graph, Op op, const IntegerProduct& product,
                                    const Operand& x, const Operand& kernel,
                                    const std::optional<std::vector<double>>& bias) {
  const int last = graph.shape(kernel).rank() - 1;
  const std::int64_t filters = graph.shape(kernel)[last];
  Quantization weights = product.weights;
  weights.axis = weights.scale.size() == 1 ? -1 : last;
  TINYSPLIT_RETURN_IF_ERROR(check_quantization(weights, graph.dtype(kernel), graph.shape(kernel)));
  std::vector<Operand> operands{x, {-1, kernel.constant, weights}};
  if (bias) {
    if (std::ssize(*bias) != filters) return invalid_argument("has a bias that does not fit");
    Quantization steps{{}, std::vector<std::int32_t>(bias->size(), 0), 0};
    Tensor stored(DType::kInt32, Shape{filters});
    for (std::size_t f = 0; f < bias->size(); ++f) {
      const double step = step_of(product, f);
      if (!std::isfinite((*bias)[f])) return invalid_argument("has a bias that is no number");
      steps.scale.push_back(static_cast<float>(step));
      constexpr double kMost = 1 << 30;  // far outside of what any output can hold
      stored.as<std::int32_t>()[f] =
          static_cast<std::int32_t>(std::llround(std::clamp((*bias)[f] / step, -kMost, kMost)));
    }
    operands.push_back(operand_of(std::move(stored), steps));
  }
  if (auto* conv = std::get_if<Conv2dOp>(&op)) conv->rounds_once = true;
  return graph.add(op, operands, product.y);
}

}  // namespace tinysplit::onnx_format
