#include "kernels/native_kernels.h"

#include <algorithm>
#include <array>

#include "kernels/native_bodies.h"
#include "kernels/quantized_kernels.h"

namespace tinysplit {
namespace native {
namespace {

class NativeRun final : public BoundKernel {
 public:
  NativeRun(std::shared_ptr<const ScratchBody> body, Inputs inputs, std::byte* output)
      : body_(std::move(body)),
        inputs_(inputs.begin(), inputs.end()),
        output_(output),
        scratch_(DType::kInt8, Shape{static_cast<std::int64_t>(body_->scratch_bytes)}) {}

  Status run() override { return body_->run(inputs_, output_, scratch_.data()); }

 private:
  std::shared_ptr<const ScratchBody> body_;
  std::vector<const std::byte*> inputs_;
  std::byte* output_;
  Tensor scratch_;
};

class NativeKernel final : public Kernel {
 public:
  explicit NativeKernel(ScratchBody body)
      : body_(std::make_shared<const ScratchBody>(std::move(body))) {}

  Result<std::unique_ptr<BoundKernel>> bind(Inputs inputs, std::byte* output) const override {
    return std::unique_ptr<BoundKernel>(new NativeRun(body_, inputs, output));
  }
  std::string_view backend() const override { return "native"; }

 private:
  std::shared_ptr<const ScratchBody> body_;
};

ScratchBody without_scratch(Body body) {
  return {[body = std::move(body)](Inputs inputs, std::byte* output, std::byte*) {
    return body(inputs, output);
  }};
}

using Made = Result<std::shared_ptr<const Kernel>>;

Made kernel_of(ScratchBody body) {
  return std::shared_ptr<const Kernel>(std::make_shared<NativeKernel>(std::move(body)));
}

}  // namespace

Body body_of(FloatBody body) {
  if (!body) return {};
  return [body = std::move(body)](std::span<const std::byte* const> inputs, std::byte* output) {
    std::array<const float*, 4> floats{};
    const std::size_t count = std::min(inputs.size(), floats.size());
    for (std::size_t i = 0; i < count; ++i) floats[i] = reinterpret_cast<const float*>(inputs[i]);
    body({floats.data(), count}, reinterpret_cast<float*>(output));
    return ok_status();
  };
}

}  // namespace native

namespace {

Result<std::shared_ptr<const Kernel>> missing(const KernelSpec& spec) {
  return unimplemented("there is no native " + std::string(op_name(*spec.op)));
}

}  // namespace

Result<std::shared_ptr<const Kernel>> make_native_kernel(const KernelSpec& spec) {
  using namespace native;
  if (is_quantized(spec)) {
    if (ScratchBody body = quantized_body(spec)) return kernel_of(std::move(body));
  }
  for (const auto make :
       {own_activation_body, channel_affine_body, binary_arithmetic_body, binary_logic_body,
        unary_body, select_body, cast_body, movement_body, gather_body, pad_body, resize_body,
        reduction_body, scan_body, integer_matmul_body}) {
    if (Body body = make(spec)) return kernel_of(without_scratch(std::move(body)));
  }
  for (const auto make : {reduce_body, matmul_body, normalize_body, log_softmax_body,
                          recurrent_body, volume_convolution_body}) {
    if (ScratchBody body = make(spec)) return kernel_of(std::move(body));
  }
  return missing(spec);
}

Result<std::shared_ptr<const Kernel>> make_native_fallback(const KernelSpec& spec) {
  using namespace native;
  for (const auto make : {activation_body, pool_body}) {
    if (Body body = make(spec)) return kernel_of(without_scratch(std::move(body)));
  }
  for (const auto make : {softmax_body, dense_body, convolution_body, conv_transpose_body}) {
    if (ScratchBody body = make(spec)) return kernel_of(std::move(body));
  }
  return missing(spec);
}

}  // namespace tinysplit
