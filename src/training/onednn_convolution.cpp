#include "training/onednn_kernel_step.h"

namespace tinysplit::training {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Tag = memory::format_tag;

class ConvolutionStep final : public KernelStep {
 public:
  ConvolutionStep(const FusedOperation& fused, PlanContext& context)
      : KernelStep(fused, context),
        at_(op_of<Conv2dOp>(fused).spatial),
        groups_(op_of<Conv2dOp>(fused).groups) {
    plan_forward(context);
  }

 private:
  using Forward = dnnl::convolution_forward;
  using BackwardData = dnnl::convolution_backward_data;
  using BackwardWeights = dnnl::convolution_backward_weights;

  // A depthwise kernel [KH,KW,C,M] lies in memory as [KH,KW,1,C*M] does.
  memory::dims kernel_dims() const {
    const Shape& k = kernel_.shape;
    const std::int64_t inputs = x_shape_[3] / groups_;
    const std::int64_t filters = y_shape_[3];
    if (groups_ > 1) return {groups_, filters / groups_, inputs, k[0], k[1]};
    return {filters, inputs, k[0], k[1]};
  }

  memory::desc any_weights() const { return {kernel_dims(), memory::data_type::f32, Tag::any}; }

  memory::desc plain_weights() const override {
    return {kernel_dims(), memory::data_type::f32, groups_ > 1 ? Tag::hwigo : Tag::hwio};
  }

  memory::dims strides() const { return {at_.stride[0], at_.stride[1]}; }
  memory::dims dilates() const { return {at_.dilation[0] - 1, at_.dilation[1] - 1}; }
  memory::dims pad_before() const { return {at_.pad_before[0], at_.pad_before[1]}; }
  memory::dims pad_after() const { return {at_.pad_after[0], at_.pad_after[1]}; }

  // oneDNN wants to know the forward primitive; an empty bias is none.
  Forward::primitive_desc describe_forward(const dnnl::primitive_attr& attributes) const {
    const memory::desc bias = has_bias() ? bias_desc() : memory::desc();
    return {Forward::desc(dnnl::prop_kind::forward_training, algorithm::convolution_direct,
                          image_desc(x_shape_), any_weights(), bias, image_desc(y_shape_),
                          strides(), dilates(), pad_before(), pad_after()),
            attributes, cpu_engine()};
  }

  Made make_forward() override {
    const auto made = describe_forward(forward_attributes());
    return {Forward(made), made.src_desc(), made.weights_desc(), made.dst_desc(),
            made.scratchpad_desc().get_size()};
  }

  Made make_backward_data() override {
    const BackwardData::primitive_desc made(
        BackwardData::desc(algorithm::convolution_direct, image_desc(x_shape_), any_weights(),
                           image_desc(y_shape_), strides(), dilates(), pad_before(), pad_after()),
        user_scratch(), cpu_engine(), describe_forward(user_scratch()));
    return {BackwardData(made), made.diff_src_desc(), made.weights_desc(), made.diff_dst_desc(),
            made.scratchpad_desc().get_size()};
  }

  Made make_backward_weights() override {
    const memory::desc bias = has_bias() ? bias_desc() : memory::desc();
    const BackwardWeights::primitive_desc made(
        BackwardWeights::desc(algorithm::convolution_direct, image_desc(x_shape_), any_weights(),
                              bias, image_desc(y_shape_), strides(), dilates(), pad_before(),
                              pad_after()),
        user_scratch(), cpu_engine(), describe_forward(user_scratch()));
    return {BackwardWeights(made), made.src_desc(), made.diff_weights_desc(), made.diff_dst_desc(),
            made.scratchpad_desc().get_size()};
  }

  const Spatial2d at_;
  const std::int64_t groups_;
};

}  // namespace

StepResult make_convolution_step(const FusedOperation& fused, PlanContext& context) {
  try {
    return std::unique_ptr<Step>(new ConvolutionStep(fused, context));
  } catch (const dnnl::error& error) {
    return onednn_error(error);
  }
}

}  // namespace tinysplit::training
