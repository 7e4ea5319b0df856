#include "engine/native/native_kernels.h"

namespace tinysplit {
namespace native {
namespace {

class NativeRun final : public BoundKernel {
 public:
  NativeRun(std::shared_ptr<const Body> body, std::span<const std::byte* const> inputs,
            std::byte* output)
      : body_(std::move(body)), output_(reinterpret_cast<float*>(output)) {
    for (const std::byte* input : inputs) inputs_.push_back(reinterpret_cast<const float*>(input));
  }

  Status run() override {
    (*body_)(inputs_, output_);
    return ok_status();
  }

 private:
  std::shared_ptr<const Body> body_;
  std::vector<const float*> inputs_;
  float* output_;
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

std::shared_ptr<const Kernel> make_kernel(Body body) {
  return std::make_shared<NativeKernel>(std::move(body));
}

}  // namespace native

Result<std::shared_ptr<const Kernel>> make_native_kernel(const KernelSpec& spec) {
  for (const auto body_of : {native::elementwise_body, native::broadcast_body,
                             native::movement_body, native::resize_body, native::reduction_body}) {
    if (native::Body body = body_of(spec)) return native::make_kernel(std::move(body));
  }
  return unimplemented("there is no native " + std::string(op_name(*spec.op)));
}

}  // namespace tinysplit
