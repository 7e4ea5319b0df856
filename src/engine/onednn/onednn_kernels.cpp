#include <cstring>
#include <limits>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "engine/backends.h"

// oneDNN runs OpenMP threads; the number is set per calling thread before making and running.
extern "C" void omp_set_num_threads(int);

namespace tinysplit {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Dims = memory::dims;
using Tag = memory::format_tag;

dnnl::engine& cpu_engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& cpu_stream() {
  static thread_local dnnl::stream stream(cpu_engine());
  return stream;
}

// A made primitive with its packed constants.
struct Prepared {
  dnnl::primitive primitive;
  memory::desc src;
  memory::desc dst;
  memory::desc scratchpad;
  std::vector<std::pair<int, memory>> constants;  // weights and bias, by DNNL_ARG_*
  std::string algorithm;
  int threads = 1;
};

class OneDnnRun final : public BoundKernel {
 public:
  OneDnnRun(std::shared_ptr<const Prepared> prepared, const std::byte* src, std::byte* dst)
      : prepared_(std::move(prepared)),
        scratchpad_(DType::kInt8,
                    Shape{static_cast<std::int64_t>(prepared_->scratchpad.get_size())}),
        src_(prepared_->src, cpu_engine(), const_cast<std::byte*>(src)),
        dst_(prepared_->dst, cpu_engine(), dst),
        scratchpad_memory_(prepared_->scratchpad, cpu_engine(), scratchpad_.data()) {
    arguments_.push_back({DNNL_ARG_SRC, src_.get()});
    arguments_.push_back({DNNL_ARG_DST, dst_.get()});
    // Most primitives need none, and oneDNN takes time over every argument of every call.
    if (scratchpad_.num_bytes() > 0) {
      arguments_.push_back({DNNL_ARG_SCRATCHPAD, scratchpad_memory_.get()});
    }
    for (const auto& [argument, constant] : prepared_->constants) {
      arguments_.push_back({argument, constant.get()});
    }
  }

  Status run() override {
    omp_set_num_threads(prepared_->threads);
    // The C call, because the C++ one builds a map of arguments for every execution.
    const dnnl_status_t status =
        dnnl_primitive_execute(prepared_->primitive.get(), cpu_stream().get(),
                               static_cast<int>(arguments_.size()), arguments_.data());
    if (status == dnnl_success) return ok_status();
    return internal_error("oneDNN failed with status " + std::to_string(status));
  }

 private:
  std::shared_ptr<const Prepared> prepared_;
  Tensor scratchpad_;
  memory src_;
  memory dst_;
  memory scratchpad_memory_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

class OneDnnKernel final : public Kernel {
 public:
  explicit OneDnnKernel(std::shared_ptr<const Prepared> prepared)
      : prepared_(std::move(prepared)), name_("onednn " + prepared_->algorithm) {}

  Result<std::unique_ptr<BoundKernel>> bind(std::span<const std::byte* const> inputs,
                                            std::byte* output) const override {
    try {
      return std::unique_ptr<BoundKernel>(new OneDnnRun(prepared_, inputs[0], output));
    } catch (const dnnl::error& error) {
      return internal_error(std::string("oneDNN: ") + error.what());
    }
  }

  std::string_view backend() const override { return name_; }

 private:
  std::shared_ptr<const Prepared> prepared_;
  std::string name_;
};

dnnl::primitive_attr attributes_with(const std::optional<Clip>& clip) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (clip) {
    dnnl::post_ops operations;
    const bool relu = clip->high == std::numeric_limits<float>::infinity();
    if (relu) {
      operations.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
    } else {
      operations.append_eltwise(1.0f, algorithm::eltwise_clip_v2, clip->low, clip->high);
    }
    attributes.set_post_ops(operations);
  }
  return attributes;
}

// [N,H,W,C] as oneDNN's logical N,C,H,W laid out channels last.
memory::desc image(const Shape& shape) {
  return {{shape[0], shape[3], shape[1], shape[2]}, memory::data_type::f32, Tag::nhwc};
}

template <typename Descriptor>
void finish(Prepared& prepared, const Descriptor& descriptor) {
  prepared.primitive = dnnl::primitive(descriptor);
  prepared.src = descriptor.src_desc();
  prepared.dst = descriptor.dst_desc();
  prepared.scratchpad = descriptor.scratchpad_desc();
  prepared.algorithm = descriptor.impl_info_str();
}

// Packs the weights into the layout that the primitive chose.
void pack(Prepared& prepared, const KernelSpec& spec, const memory::desc& plain,
          const memory::desc& wanted, const memory::desc& bias) {
  Tensor& kernel = const_cast<Tensor&>(spec.weights->kernel);
  memory source(plain, cpu_engine(), kernel.data());
  memory packed(wanted, cpu_engine());
  dnnl::reorder(source, packed).execute(cpu_stream(), source, packed);
  cpu_stream().wait();
  memory bias_memory(bias, cpu_engine());
  std::memcpy(bias_memory.get_data_handle(), spec.weights->bias.data(),
              spec.weights->bias.num_bytes());
  prepared.constants = {{DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_BIAS, bias_memory}};
}

using PreparedPtr = std::shared_ptr<Prepared>;

PreparedPtr prepare_conv(const Conv2dOp& op, const KernelSpec& spec) {
  const Shape& kernel = spec.weights->kernel.shape();
  const std::int64_t height = kernel[0], width = kernel[1], channels = kernel[2];
  const std::int64_t filters = kernel[3], groups = op.groups;
  const bool grouped = groups > 1;
  const Dims dims = grouped ? Dims{groups, filters / groups, channels, height, width}
                            : Dims{filters, channels, height, width};
  const auto f32 = memory::data_type::f32;
  const Spatial2d& at = op.spatial;
  const memory::desc bias({filters}, f32, Tag::a);
  const dnnl::convolution_forward::desc description(
      dnnl::prop_kind::forward_inference, algorithm::convolution_direct,
      image(spec.inputs[0]->shape), memory::desc(dims, f32, Tag::any), bias,
      image(spec.output->shape), {at.stride[0], at.stride[1]},
      {at.dilation[0] - 1, at.dilation[1] - 1}, {at.pad_before[0], at.pad_before[1]},
      {at.pad_after[0], at.pad_after[1]});
  const dnnl::convolution_forward::primitive_desc descriptor(
      description, attributes_with(spec.clip), cpu_engine());
  auto prepared = std::make_shared<Prepared>();
  finish(*prepared, descriptor);
  pack(*prepared, spec, memory::desc(dims, f32, grouped ? Tag::hwigo : Tag::hwio),
       descriptor.weights_desc(), bias);
  return prepared;
}

PreparedPtr prepare_dense(const KernelSpec& spec) {
  const Shape& kernel = spec.weights->kernel.shape();
  const std::int64_t rows = spec.inputs[0]->shape.num_elements() / kernel[0];
  const auto f32 = memory::data_type::f32;
  const memory::desc bias({kernel[1]}, f32, Tag::a);
  const dnnl::inner_product_forward::desc description(
      dnnl::prop_kind::forward_inference, memory::desc({rows, kernel[0]}, f32, Tag::ab),
      memory::desc({kernel[1], kernel[0]}, f32, Tag::any), bias,
      memory::desc({rows, kernel[1]}, f32, Tag::ab));
  const dnnl::inner_product_forward::primitive_desc descriptor(
      description, attributes_with(spec.clip), cpu_engine());
  auto prepared = std::make_shared<Prepared>();
  finish(*prepared, descriptor);
  pack(*prepared, spec, memory::desc({kernel[1], kernel[0]}, f32, Tag::ba),
       descriptor.weights_desc(), bias);
  return prepared;
}

PreparedPtr prepare_pool(const Pool2dOp& op, const KernelSpec& spec) {
  const Spatial2d& at = op.spatial;
  const auto average = op.count_padding ? algorithm::pooling_avg_include_padding
                                        : algorithm::pooling_avg_exclude_padding;
  const auto kind = op.kind == PoolKind::kMax ? algorithm::pooling_max : average;
  const dnnl::pooling_v2_forward::desc description(
      dnnl::prop_kind::forward_inference, kind, image(spec.inputs[0]->shape),
      image(spec.output->shape), {at.stride[0], at.stride[1]}, {op.window[0], op.window[1]},
      {at.dilation[0] - 1, at.dilation[1] - 1}, {at.pad_before[0], at.pad_before[1]},
      {at.pad_after[0], at.pad_after[1]});
  auto prepared = std::make_shared<Prepared>();
  finish(*prepared, dnnl::pooling_v2_forward::primitive_desc(
                        description, attributes_with(std::nullopt), cpu_engine()));
  return prepared;
}

std::optional<algorithm> eltwise_of(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kSigmoid:
      return algorithm::eltwise_logistic;
    case ActivationKind::kTanh:
      return algorithm::eltwise_tanh;
    case ActivationKind::kElu:
      return algorithm::eltwise_elu;
    case ActivationKind::kGeluErf:
      return algorithm::eltwise_gelu_erf;
    case ActivationKind::kGeluTanh:
      return algorithm::eltwise_gelu_tanh;
    case ActivationKind::kSwish:
      return algorithm::eltwise_swish;
    case ActivationKind::kSoftplus:
      return algorithm::eltwise_soft_relu;
    case ActivationKind::kExp:
      return algorithm::eltwise_exp;
    default:
      return std::nullopt;
  }
}

PreparedPtr prepare_activation(const ActivationOp& op, const KernelSpec& spec) {
  const auto kind = eltwise_of(op.kind);
  if (!kind) return nullptr;
  // Swish has a slope inside its sigmoid, which is 1 here.
  const float alpha = op.kind == ActivationKind::kSwish ? 1.0f : op.alpha;
  const memory::desc flat({spec.output->shape.num_elements()}, memory::data_type::f32, Tag::a);
  const dnnl::eltwise_forward::desc description(dnnl::prop_kind::forward_inference, *kind, flat,
                                                alpha, 0.0f);
  auto prepared = std::make_shared<Prepared>();
  finish(*prepared, dnnl::eltwise_forward::primitive_desc(
                        description, attributes_with(std::nullopt), cpu_engine()));
  return prepared;
}

PreparedPtr prepare_softmax(const SoftmaxOp& op, const KernelSpec& spec) {
  if (op.logarithm) return nullptr;
  std::int64_t outer = 1, inner = 1;
  const Shape& shape = spec.output->shape;
  for (int i = 0; i < op.axis; ++i) outer *= shape[i];
  for (int i = op.axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  const memory::desc dims({outer, shape[op.axis], inner}, memory::data_type::f32, Tag::abc);
  const dnnl::softmax_forward::desc description(dnnl::prop_kind::forward_inference, dims, 1);
  auto prepared = std::make_shared<Prepared>();
  finish(*prepared, dnnl::softmax_forward::primitive_desc(
                        description, attributes_with(std::nullopt), cpu_engine()));
  return prepared;
}

PreparedPtr prepare(const KernelSpec& spec) {
  if (const auto* conv = std::get_if<Conv2dOp>(spec.op)) return prepare_conv(*conv, spec);
  if (std::holds_alternative<DenseOp>(*spec.op)) return prepare_dense(spec);
  if (const auto* pool = std::get_if<Pool2dOp>(spec.op)) return prepare_pool(*pool, spec);
  if (const auto* act = std::get_if<ActivationOp>(spec.op)) return prepare_activation(*act, spec);
  if (const auto* softmax = std::get_if<SoftmaxOp>(spec.op)) return prepare_softmax(*softmax, spec);
  return nullptr;
}

}  // namespace

bool onednn_clips_exactly() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::all:
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
      return false;
    default:
      return true;
  }
}

Result<std::shared_ptr<const Kernel>> make_onednn_kernel(const KernelSpec& spec,
                                                         bool allow_reference) {
  try {
    omp_set_num_threads(spec.threads);
    const PreparedPtr prepared = prepare(spec);
    if (prepared == nullptr) {
      return unimplemented("oneDNN has no " + std::string(op_name(*spec.op)));
    }
    const bool reference = prepared->algorithm.find("ref") != std::string::npos;
    if (reference && !allow_reference) {
      return unimplemented("oneDNN has only reference code for " + std::string(op_name(*spec.op)));
    }
    prepared->threads = spec.threads;
    return std::shared_ptr<const Kernel>(std::make_shared<OneDnnKernel>(prepared));
  } catch (const dnnl::error& error) {
    return unimplemented(std::string("oneDNN: ") + error.what());
  }
}

}  // namespace tinysplit
