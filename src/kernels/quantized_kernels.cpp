#include "kernels/quantized_kernels.h"

#include <algorithm>

#include "kernels/quantized_tiles.h"

namespace tinysplit {
namespace {

quantized::Body body_of(const KernelSpec& spec) {
  using namespace quantized;
  for (const auto make : {flat_depthwise_body, depthwise_body, convolution_body, binary_body}) {
    if (Body body = make(spec, best_tiles())) return body;
  }
  for (const auto make : {plain_product_body, conv_transpose_body, matmul_body, pool_body,
                          reduce_body, activation_body, unary_body, prelu_body, softmax_body,
                          conversion_body, concat_body, resize_body, normalize_body, lstm_body}) {
    if (Body body = make(spec)) return body;
  }
  return {};
}

}  // namespace

bool is_quantized(const KernelSpec& spec) {
  return spec.output->quantization || std::ranges::any_of(spec.inputs, [](const Value* v) {
           return v->quantization.has_value();
         });
}

native::ScratchBody quantized_body(const KernelSpec& spec) {
  quantized::Body body = body_of(spec);
  if (!body) return {};
  return {
      [run = std::move(body.run)](native::Inputs inputs, std::byte* output, std::byte* scratch) {
        run(inputs, output, scratch);
        return ok_status();
      },
      body.scratch_bytes};
}

}  // namespace tinysplit
