#include "kernels/native_kernels.h"

#include <algorithm>
#include <array>

#include "kernels/native_bodies.h"

namespace tinysplit {
namespace native {
namespace {

class NativeRun final : public BoundKernel {
 public:
  NativeRun(std::shared_ptr<const Body> body, std::span<const std::byte* const> inputs,
            std::byte* output)
      : body_(std::move(body)), inputs_(inputs.begin(), inputs.end()), output_(output) {}

  Status run() override { return (*body_)(inputs_, output_); }

 private:
  std::shared_ptr<const Body> body_;
  std::vector<const std::byte*> inputs_;
  std::byte* output_;
};

class NativeKernel final : public Kernel {
 public:
  explicit NativeKernel(Body body) : body_(std::make_shared<const Body>(std::move(body))) {}

  Result<std::unique_ptr<BoundKernel>> bind(std::span<const std::byte* const> inputs,
                                            std::byte* output) const override {
    return std::unique_ptr<BoundKernel>(new NativeRun(body_, inputs, output));
  }
  std::string_view backend() const override { return "native"; }

 private:
  std::shared_ptr<const Body> body_;
};

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

bool is_float(const KernelSpec& spec) {
  return spec.output->dtype == DType::kFloat32 &&
         std::ranges::all_of(spec.inputs,
                             [](const Value* v) { return v->dtype == DType::kFloat32; });
}

}  // namespace native

Result<std::shared_ptr<const Kernel>> make_native_kernel(const KernelSpec& spec) {
  for (const auto body_of :
       {native::elementwise_body, native::broadcast_body, native::movement_body, native::pad_body,
        native::resize_body, native::reduction_body}) {
    if (native::Body body = body_of(spec)) {
      return std::shared_ptr<const Kernel>(std::make_shared<native::NativeKernel>(std::move(body)));
    }
  }
  return unimplemented("there is no native " + std::string(op_name(*spec.op)));
}

}  // namespace tinysplit
