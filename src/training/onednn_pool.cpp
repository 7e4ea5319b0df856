#include "training/gradient_sum.h"
#include "training/onednn_primitive.h"
#include "training/step.h"

namespace tinysplit::training {
namespace {

using dnnl::algorithm;
using dnnl::memory;

// The largest or the mean of a window; means count only cells inside the image, as Keras does.
class PoolStep final : public Step {
 public:
  PoolStep(const FusedOperation& fused, PlanContext& context)
      : fused_(fused),
        op_(op_of<Pool2dOp>(fused)),
        x_shape_(context.values[fused.operation->inputs[0]].shape),
        y_shape_(context.values[fused.output].shape) {
    const auto made = describe();
    workspace_ = memory(made.workspace_desc(), cpu_engine());
    forward_ = BoundPrimitive(dnnl::pooling_v2_forward(made));
    forward_.bind(DNNL_ARG_SRC, made.src_desc(), context.values[fused.operation->inputs[0]].data);
    forward_.bind(DNNL_ARG_DST, made.dst_desc(), context.values[fused.output].data);
    if (workspace_.get_desc().get_size() > 0) {
      forward_.bind(DNNL_ARG_WORKSPACE, workspace_.get_desc(), workspace_.get_data_handle());
    }
  }

  Status plan_backward(PlanContext& context) override {
    if (!gradient_.plan(context, fused_.output, fused_.clip)) return ok_status();
    PlanValue& input = context.values[fused_.operation->inputs[0]];
    if (input.needs_gradient) {
      const Block block = context.gradients.take(input.size());
      try {
        bind_backward(block.get());
      } catch (const dnnl::error& error) {
        return onednn_error(error);
      }
      input.gradient.push_back(block);
    }
    gradient_.release();
    return ok_status();
  }

  Status forward(Pass) override { return forward_.run(); }

  Status backward() override {
    if (!backward_) return ok_status();
    gradient_.run();
    return backward_.run();
  }

 private:
  memory::dims window() const { return {op_.window[0], op_.window[1]}; }
  memory::dims strides() const { return {op_.spatial.stride[0], op_.spatial.stride[1]}; }
  memory::dims pad_before() const { return {op_.spatial.pad_before[0], op_.spatial.pad_before[1]}; }
  memory::dims pad_after() const { return {op_.spatial.pad_after[0], op_.spatial.pad_after[1]}; }
  algorithm kind() const {
    return op_.kind == PoolKind::kMax ? algorithm::pooling_max
                                      : algorithm::pooling_avg_exclude_padding;
  }

  dnnl::pooling_v2_forward::primitive_desc describe() const {
    return {dnnl::pooling_v2_forward::desc(dnnl::prop_kind::forward_training, kind(),
                                           image_desc(x_shape_), image_desc(y_shape_), strides(),
                                           window(), {0, 0}, pad_before(), pad_after()),
            cpu_engine()};
  }

  void bind_backward(float* input_gradient) {
    const dnnl::pooling_v2_backward::primitive_desc made(
        dnnl::pooling_v2_backward::desc(kind(), image_desc(x_shape_), image_desc(y_shape_),
                                        strides(), window(), {0, 0}, pad_before(), pad_after()),
        cpu_engine(), describe());
    backward_ = BoundPrimitive(dnnl::pooling_v2_backward(made));
    backward_.bind(DNNL_ARG_DIFF_DST, made.diff_dst_desc(), gradient_.data());
    backward_.bind(DNNL_ARG_DIFF_SRC, made.diff_src_desc(), input_gradient);
    if (workspace_.get_desc().get_size() > 0) {
      backward_.bind(DNNL_ARG_WORKSPACE, workspace_.get_desc(), workspace_.get_data_handle());
    }
  }

  const FusedOperation fused_;
  const Pool2dOp op_;
  const Shape x_shape_, y_shape_;
  memory workspace_;  // which cell of each window was the largest
  BoundPrimitive forward_, backward_;
  GradientSum gradient_;
};

}  // namespace

StepResult make_pool_step(const FusedOperation& fused, PlanContext& context) {
  try {
    return std::unique_ptr<Step>(new PoolStep(fused, context));
  } catch (const dnnl::error& error) {
    return onednn_error(error);
  }
}

}  // namespace tinysplit::training
