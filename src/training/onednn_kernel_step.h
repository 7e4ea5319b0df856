#pragma once

#include "training/gradient_sum.h"
#include "training/onednn_primitive.h"
#include "training/step.h"

namespace tinysplit::training {

// A convolution or a dense layer: three primitives, for the output, for the gradient of the input
// and for that of the weights. A clip of the output runs inside of the first.
class KernelStep : public Step {
 public:
  Status plan_backward(PlanContext& context) override;
  void bind_scratch(std::byte* scratch) override;
  Status forward(Pass pass) override;
  Status backward() override;

 protected:
  // A primitive as a subclass makes it: with what its layouts are.
  struct Made {
    dnnl::primitive primitive;
    dnnl::memory::desc source;  // as [rows, channels] or [N,H,W,C], gradients alike
    dnnl::memory::desc weights;
    dnnl::memory::desc result;
    std::size_t scratch_bytes = 0;
  };

  KernelStep(const FusedOperation& fused, PlanContext& context);
  // To be called by subclasses once they are made. Throws dnnl::error.
  void plan_forward(PlanContext& context);

  virtual Made make_forward() = 0;
  virtual Made make_backward_data() = 0;
  virtual Made make_backward_weights() = 0;
  // The layout of the kernel as Keras keeps it.
  virtual dnnl::memory::desc plain_weights() const = 0;

  bool has_bias() const { return bias_.values != nullptr; }
  dnnl::memory::desc bias_desc() const;
  dnnl::primitive_attr forward_attributes() const;

  const FusedOperation fused_;
  Shape x_shape_;
  Shape y_shape_;
  Parameter kernel_;
  Parameter bias_;

 private:
  void bind_forward(const Made& made, PlanContext& context);
  void bind_backward_data(const Made& made, PlanValue& input, PlanContext& context);
  void bind_backward_weights(const Made& made, const PlanValue& input, PlanContext& context);

  // What it computes with.
  const float* plain_kernel() const;
  void round_kernel();

  Parameters& parameters_;
  Tensor rounded_kernel_;  // of a quantisation-aware network
  std::uint64_t packed_version_ = 0;
  BoundPrimitive forward_, backward_data_, backward_weights_;
  PackedWeights forward_kernel_, backward_kernel_, kernel_gradient_;
  std::size_t scratch_bytes_[3] = {0, 0, 0};  // forward, backward data, backward weights
  std::vector<float> bias_gradient_;          // where only the kernel is trained
  GradientSum gradient_;
  bool has_gradient_ = false;
};

}  // namespace tinysplit::training
