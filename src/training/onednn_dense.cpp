#include "training/onednn_kernel_step.h"

namespace tinysplit::training {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

// [...,C] times [C,F]; all axes but the last are rows.
class DenseStep final : public KernelStep {
 public:
  DenseStep(const FusedOperation& fused, PlanContext& context)
      : KernelStep(fused, context),
        inputs_(kernel_.shape[0]),
        units_(kernel_.shape[1]),
        rows_(x_shape_.num_elements() / inputs_) {
    plan_forward(context);
  }

 private:
  using Forward = dnnl::inner_product_forward;
  using BackwardData = dnnl::inner_product_backward_data;
  using BackwardWeights = dnnl::inner_product_backward_weights;

  static memory::desc matrix(std::int64_t rows, std::int64_t columns, Tag tag) {
    return {{rows, columns}, memory::data_type::f32, tag};
  }
  memory::desc source() const { return matrix(rows_, inputs_, Tag::ab); }
  memory::desc result() const { return matrix(rows_, units_, Tag::ab); }
  memory::desc any_weights() const { return matrix(units_, inputs_, Tag::any); }
  memory::desc plain_weights() const override { return matrix(units_, inputs_, Tag::ba); }

  Forward::primitive_desc describe_forward(const dnnl::primitive_attr& attributes) const {
    const memory::desc bias = has_bias() ? bias_desc() : memory::desc();
    return {
        Forward::desc(dnnl::prop_kind::forward_training, source(), any_weights(), bias, result()),
        attributes, cpu_engine()};
  }

  Made make_forward() override {
    const auto made = describe_forward(forward_attributes());
    return {Forward(made), made.src_desc(), made.weights_desc(), made.dst_desc(),
            made.scratchpad_desc().get_size()};
  }

  Made make_backward_data() override {
    const BackwardData::primitive_desc made(BackwardData::desc(source(), any_weights(), result()),
                                            user_scratch(), cpu_engine(),
                                            describe_forward(user_scratch()));
    return {BackwardData(made), made.diff_src_desc(), made.weights_desc(), made.diff_dst_desc(),
            made.scratchpad_desc().get_size()};
  }

  Made make_backward_weights() override {
    const memory::desc bias = has_bias() ? bias_desc() : memory::desc();
    const BackwardWeights::primitive_desc made(
        BackwardWeights::desc(source(), any_weights(), bias, result()), user_scratch(),
        cpu_engine(), describe_forward(user_scratch()));
    return {BackwardWeights(made), made.src_desc(), made.diff_weights_desc(), made.diff_dst_desc(),
            made.scratchpad_desc().get_size()};
  }

  const std::int64_t inputs_, units_, rows_;
};

}  // namespace

StepResult make_dense_step(const FusedOperation& fused, PlanContext& context) {
  try {
    return std::unique_ptr<Step>(new DenseStep(fused, context));
  } catch (const dnnl::error& error) {
    return onednn_error(error);
  }
}

}  // namespace tinysplit::training
