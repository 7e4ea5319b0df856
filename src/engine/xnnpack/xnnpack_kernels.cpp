#include <xnnpack.h>

#include <limits>
#include <mutex>
#include <string>

#include "core/numeric.h"
#include "engine/backends.h"

namespace tinysplit {
namespace {

using OperatorPtr =
    std::unique_ptr<std::remove_pointer_t<xnn_operator_t>, xnn_status (*)(xnn_operator_t)>;

bool xnnpack_ready() {
  static const bool ready = xnn_initialize(nullptr) == xnn_status_success;
  return ready;
}

// What one operation needs to be created and set up. Everything that XNNPACK keeps is in the
// operator, which packs its own copy of the weights.
struct Recipe {
  Op op;
  Shape input;
  std::shared_ptr<const PreparedWeights> weights;
  Tensor kernel;  // reordered for transposed convolutions and grouped ones; else empty
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

std::uint32_t u32(std::int64_t value) { return static_cast<std::uint32_t>(value); }
bool is_depthwise(const Conv2dOp& op, const Recipe& recipe) {
  return op.groups > 1 && op.groups == recipe.input[3];
}

xnn_status create_conv(const Conv2dOp& op, const Recipe& recipe, xnn_operator_t* made) {
  const Shape& kernel = recipe.weights->kernel.shape();
  const Spatial2d& at = op.spatial;
  const bool depthwise = is_depthwise(op, recipe);
  const float* weights =
      depthwise ? recipe.weights->kernel.as<float>().data() : recipe.kernel.as<float>().data();
  return xnn_create_convolution2d_nhwc_f32(
      u32(at.pad_before[0]), u32(at.pad_after[1]), u32(at.pad_after[0]), u32(at.pad_before[1]),
      u32(kernel[0]), u32(kernel[1]), u32(at.stride[0]), u32(at.stride[1]), u32(at.dilation[0]),
      u32(at.dilation[1]), u32(op.groups), usize(recipe.input[3] / op.groups),
      usize(kernel[3] / op.groups), usize(recipe.input[3]), usize(kernel[3]), weights,
      recipe.weights->bias.as<float>().data(), recipe.low, recipe.high,
      depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0, made);
}

xnn_status create_deconv(const ConvTranspose2dOp& op, const Recipe& recipe, xnn_operator_t* made) {
  const Shape& kernel = recipe.weights->kernel.shape();
  const Spatial2d& at = op.spatial;
  return xnn_create_deconvolution2d_nhwc_f32(
      u32(at.pad_before[0]), u32(at.pad_after[1]), u32(at.pad_after[0]), u32(at.pad_before[1]),
      u32(kernel[0]), u32(kernel[1]), u32(at.stride[0]), u32(at.stride[1]), u32(at.dilation[0]),
      u32(at.dilation[1]), u32(op.groups), usize(kernel[3] / op.groups), usize(kernel[2]),
      usize(kernel[3]), usize(kernel[2] * op.groups), recipe.kernel.as<float>().data(),
      recipe.weights->bias.as<float>().data(), recipe.low, recipe.high, 0, made);
}

xnn_status create_dense(const Recipe& recipe, xnn_operator_t* made) {
  const Shape& kernel = recipe.weights->kernel.shape();
  return xnn_create_fully_connected_nc_f32(
      usize(kernel[0]), usize(kernel[1]), usize(kernel[0]), usize(kernel[1]),
      recipe.weights->kernel.as<float>().data(), recipe.weights->bias.as<float>().data(),
      recipe.low, recipe.high, XNN_FLAG_TRANSPOSE_WEIGHTS, made);
}

xnn_status create_pool(const Pool2dOp& op, const Recipe& recipe, xnn_operator_t* made) {
  const Spatial2d& at = op.spatial;
  const std::size_t channels = usize(recipe.input[3]);
  if (op.kind == PoolKind::kMax) {
    return xnn_create_max_pooling2d_nhwc_f32(
        u32(at.pad_before[0]), u32(at.pad_after[1]), u32(at.pad_after[0]), u32(at.pad_before[1]),
        u32(op.window[0]), u32(op.window[1]), u32(at.stride[0]), u32(at.stride[1]),
        u32(at.dilation[0]), u32(at.dilation[1]), channels, channels, channels, recipe.low,
        recipe.high, 0, made);
  }
  if (at.dilation[0] != 1 || at.dilation[1] != 1 || op.count_padding)
    return xnn_status_unsupported_parameter;
  return xnn_create_average_pooling2d_nhwc_f32(
      u32(at.pad_before[0]), u32(at.pad_after[1]), u32(at.pad_after[0]), u32(at.pad_before[1]),
      u32(op.window[0]), u32(op.window[1]), u32(at.stride[0]), u32(at.stride[1]), channels,
      channels, channels, recipe.low, recipe.high, 0, made);
}

xnn_status create_operator(const Recipe& recipe, xnn_operator_t* made) {
  if (const auto* conv = std::get_if<Conv2dOp>(&recipe.op)) return create_conv(*conv, recipe, made);
  if (const auto* deconv = std::get_if<ConvTranspose2dOp>(&recipe.op)) {
    return create_deconv(*deconv, recipe, made);
  }
  if (std::holds_alternative<DenseOp>(recipe.op)) return create_dense(recipe, made);
  if (const auto* pool = std::get_if<Pool2dOp>(&recipe.op)) return create_pool(*pool, recipe, made);
  return xnn_status_unsupported_parameter;
}

xnn_status set_up(const Recipe& recipe, xnn_operator_t op, const float* input, float* output) {
  const std::size_t batch = usize(recipe.input[0]);
  const auto height = [&] { return usize(recipe.input[1]); };
  const auto width = [&] { return usize(recipe.input[2]); };
  if (std::holds_alternative<Conv2dOp>(recipe.op)) {
    return xnn_setup_convolution2d_nhwc_f32(op, batch, height(), width(), input, output, nullptr);
  }
  if (const auto* deconv = std::get_if<ConvTranspose2dOp>(&recipe.op)) {
    return xnn_setup_deconvolution2d_nhwc_f32(
        op, batch, height(), width(), u32(deconv->output_padding[0]),
        u32(deconv->output_padding[1]), input, output, nullptr);
  }
  if (const auto* pool = std::get_if<Pool2dOp>(&recipe.op)) {
    return pool->kind == PoolKind::kMax ? xnn_setup_max_pooling2d_nhwc_f32(
                                              op, batch, height(), width(), input, output, nullptr)
                                        : xnn_setup_average_pooling2d_nhwc_f32(
                                              op, batch, height(), width(), input, output, nullptr);
  }
  const std::int64_t rows = recipe.input.num_elements() / recipe.weights->kernel.shape()[0];
  return xnn_setup_fully_connected_nc_f32(op, usize(rows), input, output, nullptr);
}

// An XNNPACK operator holds the pointers of its run, so each running thread leases one. There are
// as many copies of the packed weights as threads that have ever run this kernel at the same
// moment.
class XnnpackKernel final : public Kernel, public std::enable_shared_from_this<XnnpackKernel> {
 public:
  explicit XnnpackKernel(Recipe recipe) : recipe_(std::move(recipe)) {}

  Result<OperatorPtr> lease() const {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        OperatorPtr op = std::move(idle_.back());
        idle_.pop_back();
        return op;
      }
    }
    xnn_operator_t made = nullptr;
    const xnn_status status = create_operator(recipe_, &made);
    if (status == xnn_status_success) return OperatorPtr(made, xnn_delete_operator);
    const std::string reason = "XNNPACK cannot make " + std::string(op_name(recipe_.op)) +
                               " (status " + std::to_string(status) + ")";
    return status == xnn_status_out_of_memory ? resource_exhausted(reason) : unimplemented(reason);
  }

  void give_back(OperatorPtr op) const {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(op));
  }

  Status run(const float* input, float* output) const {
    Result<OperatorPtr> op = lease();
    if (!op.ok()) return op.status();
    xnn_status status = set_up(recipe_, op->get(), input, output);
    if (status == xnn_status_success) status = xnn_run_operator(op->get(), nullptr);
    give_back(std::move(*op));
    if (status == xnn_status_success) return ok_status();
    return internal_error("XNNPACK failed with status " + std::to_string(status));
  }

  Result<std::unique_ptr<BoundKernel>> bind(std::span<const std::byte* const> inputs,
                                            std::byte* output) const override;
  std::string_view backend() const override { return "xnnpack"; }

 private:
  Recipe recipe_;
  mutable std::mutex mutex_;
  mutable std::vector<OperatorPtr> idle_;
};

class XnnpackRun final : public BoundKernel {
 public:
  XnnpackRun(std::shared_ptr<const XnnpackKernel> kernel, const std::byte* input, std::byte* output)
      : kernel_(std::move(kernel)),
        input_(reinterpret_cast<const float*>(input)),
        output_(reinterpret_cast<float*>(output)) {}
  Status run() override { return kernel_->run(input_, output_); }

 private:
  std::shared_ptr<const XnnpackKernel> kernel_;
  const float* input_;
  float* output_;
};

Result<std::unique_ptr<BoundKernel>> XnnpackKernel::bind(std::span<const std::byte* const> inputs,
                                                         std::byte* output) const {
  return std::unique_ptr<BoundKernel>(new XnnpackRun(shared_from_this(), inputs[0], output));
}

// [KH,KW,C/g,F] or, transposed, [KH,KW,F/g,C] to XNNPACK's [F,KH,KW,C/g].
Tensor filters_first(const Tensor& kernel, bool transposed, std::int64_t groups) {
  const Shape& from = kernel.shape();
  const std::int64_t cells = from[0] * from[1];
  const std::int64_t channels = transposed ? from[3] / groups : from[2];
  const std::int64_t filters = transposed ? from[2] * groups : from[3];
  Tensor out(DType::kFloat32, Shape{filters, from[0], from[1], channels});
  const auto source = kernel.as<float>();
  const auto target = out.as<float>();
  for (std::int64_t f = 0; f < filters; ++f) {
    for (std::int64_t cell = 0; cell < cells; ++cell) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t group = f / from[2];
        const std::int64_t at =
            transposed ? (cell * from[2] + f % from[2]) * from[3] + group * channels + c
                       : (cell * channels + c) * filters + f;
        target[usize((f * cells + cell) * channels + c)] = source[usize(at)];
      }
    }
  }
  return out;
}

// XNNPACK makes every stride-th cell of the output in turn, and reads beyond its tables where there
// are fewer cells than turns. It adds no more cells than one turn has.
bool transposes_in_turns(const ConvTranspose2dOp& op, const Shape& output) {
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t stride = op.spatial.stride[i];
    if (output[static_cast<int>(i) + 1] < stride || op.output_padding[i] >= stride) return false;
  }
  return true;
}

}  // namespace

Result<std::shared_ptr<const Kernel>> make_xnnpack_kernel(const KernelSpec& spec) {
  if (!xnnpack_ready()) return unimplemented("XNNPACK does not run on this CPU");
  Recipe recipe;
  recipe.op = *spec.op;
  recipe.input = spec.inputs[0]->shape;
  recipe.weights = spec.weights;
  if (spec.clip) {
    recipe.low = spec.clip->low;
    recipe.high = spec.clip->high;
  }
  if (const auto* conv = std::get_if<Conv2dOp>(spec.op)) {
    if (!is_depthwise(*conv, recipe))
      recipe.kernel = filters_first(spec.weights->kernel, false, conv->groups);
  } else if (const auto* transposed = std::get_if<ConvTranspose2dOp>(spec.op)) {
    if (!transposes_in_turns(*transposed, spec.output->shape)) {
      return unimplemented("XNNPACK takes no output or cells behind it of that size");
    }
    recipe.kernel = filters_first(spec.weights->kernel, true, transposed->groups);
  } else if (!std::holds_alternative<DenseOp>(*spec.op) &&
             !std::holds_alternative<Pool2dOp>(*spec.op)) {
    return unimplemented("XNNPACK is not used for " + std::string(op_name(*spec.op)));
  }
  const auto kernel = std::make_shared<const XnnpackKernel>(std::move(recipe));
  // The first operator shows whether the parameters are supported at all.
  Result<OperatorPtr> op = kernel->lease();
  if (!op.ok()) return op.status();
  kernel->give_back(std::move(*op));
  return std::shared_ptr<const Kernel>(kernel);
}

}  // namespace tinysplit
