#include "training/onednn_kernel_step.h"

#include <limits>

namespace tinysplit::training {

using dnnl::algorithm;
using dnnl::memory;

KernelStep::KernelStep(const FusedOperation& fused, PlanContext& context)
    : fused_(fused),
      x_shape_(context.values[fused.operation->inputs[0]].shape),
      y_shape_(context.values[fused.operation->output].shape),
      kernel_(context.parameters[fused.operation->parameters[0]]),
      parameters_(context.parameters) {
  if (fused.operation->parameters.size() > 1) {
    bias_ = context.parameters[fused.operation->parameters[1]];
  }
  if (context.ranges != nullptr) rounded_kernel_ = Tensor(DType::kFloat32, kernel_.shape);
}

const float* KernelStep::plain_kernel() const {
  return rounded_kernel_.data() ? rounded_kernel_.as<float>().data() : kernel_.values;
}

// The gradient goes to the kernel itself, as if nothing had been rounded.
void KernelStep::round_kernel() {
  if (rounded_kernel_.data() == nullptr) return;
  const auto columns = static_cast<std::size_t>(y_shape_[y_shape_.rank() - 1]);
  const auto size = static_cast<std::size_t>(kernel_.shape.num_elements());
  fake_quantize_weights(kernel_.values, size / columns, columns,
                        rounded_kernel_.as<float>().data());
}

memory::desc KernelStep::bias_desc() const {
  return {{y_shape_[y_shape_.rank() - 1]}, memory::data_type::f32, memory::format_tag::a};
}

dnnl::primitive_attr KernelStep::forward_attributes() const {
  dnnl::primitive_attr attributes = user_scratch();
  if (!fused_.clip) return attributes;
  dnnl::post_ops operations;
  if (fused_.clip->low == 0.0f && fused_.clip->high == std::numeric_limits<float>::infinity()) {
    operations.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
  } else {
    operations.append_eltwise(1.0f, algorithm::eltwise_clip_v2, fused_.clip->low,
                              fused_.clip->high);
  }
  attributes.set_post_ops(operations);
  return attributes;
}

void KernelStep::plan_forward(PlanContext& context) {
  const Made made = make_forward();
  forward_kernel_ = PackedWeights(plain_weights(), made.weights, plain_kernel());
  forward_ = BoundPrimitive(made.primitive);
  forward_.bind(DNNL_ARG_SRC, made.source, context.values[fused_.operation->inputs[0]].data);
  forward_.bind(DNNL_ARG_WEIGHTS, made.weights, forward_kernel_.data());
  if (has_bias()) forward_.bind(DNNL_ARG_BIAS, bias_desc(), bias_.values);
  forward_.bind(DNNL_ARG_DST, made.result, context.values[fused_.output].data);
  scratch_bytes_[0] = made.scratch_bytes;
  context.need_scratch(made.scratch_bytes);
}

void KernelStep::bind_backward_data(const Made& made, PlanValue& input, PlanContext& context) {
  backward_kernel_ = PackedWeights(plain_weights(), made.weights, plain_kernel());
  const Block block = context.gradients.take(input.size());
  backward_data_ = BoundPrimitive(made.primitive);
  backward_data_.bind(DNNL_ARG_DIFF_SRC, made.source, block.get());
  backward_data_.bind(DNNL_ARG_WEIGHTS, made.weights, backward_kernel_.data());
  backward_data_.bind(DNNL_ARG_DIFF_DST, made.result, gradient_.data());
  input.gradient.push_back(block);
  scratch_bytes_[1] = made.scratch_bytes;
  context.need_scratch(made.scratch_bytes);
}

void KernelStep::bind_backward_weights(const Made& made, const PlanValue& input,
                                       PlanContext& context) {
  kernel_gradient_ = PackedWeights(plain_weights(), made.weights, kernel_.gradient);
  backward_weights_ = BoundPrimitive(made.primitive);
  backward_weights_.bind(DNNL_ARG_SRC, made.source, input.data);
  backward_weights_.bind(DNNL_ARG_DIFF_DST, made.result, gradient_.data());
  backward_weights_.bind(DNNL_ARG_DIFF_WEIGHTS, made.weights, kernel_gradient_.data());
  if (has_bias()) backward_weights_.bind(DNNL_ARG_DIFF_BIAS, bias_desc(), bias_.gradient);
  scratch_bytes_[2] = made.scratch_bytes;
  context.need_scratch(made.scratch_bytes);
}

Status KernelStep::plan_backward(PlanContext& context) {
  has_gradient_ = gradient_.plan(context, fused_.output, fused_.clip);
  if (!has_gradient_) return ok_status();
  PlanValue& input = context.values[fused_.operation->inputs[0]];
  try {
    // All parameters of a layer are trained or none.
    if (kernel_.gradient) bind_backward_weights(make_backward_weights(), input, context);
    if (input.needs_gradient) bind_backward_data(make_backward_data(), input, context);
  } catch (const dnnl::error& error) {
    return onednn_error(error);
  }
  gradient_.release();
  return ok_status();
}

void KernelStep::bind_scratch(std::byte* scratch) {
  BoundPrimitive* const primitives[] = {&forward_, &backward_data_, &backward_weights_};
  for (std::size_t i = 0; i < 3; ++i) {
    if (scratch_bytes_[i] == 0) continue;
    const memory::desc desc({static_cast<memory::dim>(scratch_bytes_[i])}, memory::data_type::u8,
                            memory::format_tag::a);
    primitives[i]->bind(DNNL_ARG_SCRATCHPAD, desc, scratch);
  }
}

Status KernelStep::forward(Pass) {
  if (packed_version_ != parameters_.version()) {
    round_kernel();
    TINYSPLIT_RETURN_IF_ERROR(forward_kernel_.pack());
    packed_version_ = parameters_.version();
  }
  return forward_.run();
}

Status KernelStep::backward() {
  if (!has_gradient_) return ok_status();
  gradient_.run();
  if (backward_weights_) {
    TINYSPLIT_RETURN_IF_ERROR(backward_weights_.run());
    TINYSPLIT_RETURN_IF_ERROR(kernel_gradient_.unpack());
  }
  if (!backward_data_) return ok_status();
  TINYSPLIT_RETURN_IF_ERROR(backward_kernel_.pack());
  return backward_data_.run();
}

}  // namespace tinysplit::training
