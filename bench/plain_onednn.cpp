#include "plain_onednn.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>

#include "engine/backends.h"
#include "engine/steps.h"
#include "graph/fusion.h"
#include "kernels/native_kernels.h"

extern "C" void omp_set_num_threads(int);

namespace tinysplit::bench {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Tag = memory::format_tag;

constexpr auto kF32 = memory::data_type::f32;
constexpr auto kInference = dnnl::prop_kind::forward_inference;

struct Operation {
  int layer = 0;
  dnnl::primitive primitive;
  std::vector<memory> memories;
  std::vector<dnnl_exec_arg_t> arguments;
  std::unique_ptr<BoundKernel> loop;  // where oneDNN has no such operation
};

memory::desc image(const Shape& shape) {
  return {{shape[0], shape[3], shape[1], shape[2]}, kF32, Tag::nhwc};
}

dnnl::primitive_attr with_clip(const std::optional<Clip>& clip) {
  dnnl::primitive_attr attributes;
  if (!clip) return attributes;
  dnnl::post_ops operations;
  if (std::isinf(clip->high)) {
    operations.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
  } else {
    operations.append_eltwise(1.0f, algorithm::eltwise_clip_v2, clip->low, clip->high);
  }
  attributes.set_post_ops(operations);
  return attributes;
}

std::optional<algorithm> eltwise_of(const ActivationOp& op) {
  switch (op.kind) {
    case ActivationKind::kClip:
      if (op.alpha == 0.0f && std::isinf(op.beta)) return algorithm::eltwise_relu;
      return algorithm::eltwise_clip_v2;
    case ActivationKind::kSigmoid:
      return algorithm::eltwise_logistic;
    case ActivationKind::kTanh:
      return algorithm::eltwise_tanh;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct PlainOneDnn::Program {
  std::shared_ptr<const Graph> graph;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<Tensor> buffers;
  std::vector<std::byte*> at;  // by value
  std::vector<std::shared_ptr<const Kernel>> loops;
  std::vector<Operation> operations;

  memory bound(const memory::desc& desc, std::byte* data) const { return {desc, engine, data}; }

  void place_values() {
    at.resize(graph->values().size());
    for (std::size_t id = 0; id < at.size(); ++id) {
      const Value& value = graph->values()[id];
      if (value.is_constant()) {
        at[id] = const_cast<std::byte*>(value.data->data());
        continue;
      }
      const int producer = graph->producer(static_cast<ValueId>(id));
      const bool renamed = producer >= 0 && std::holds_alternative<ReshapeOp>(
                                                graph->nodes()[std::size_t(producer)].op);
      if (renamed) {
        at[id] = at[std::size_t(graph->nodes()[std::size_t(producer)].inputs[0])];
        continue;
      }
      buffers.emplace_back(value.dtype, value.shape);
      at[id] = buffers.back().data();
    }
  }

  std::byte* of(ValueId id) const { return at[static_cast<std::size_t>(id)]; }
  const Shape& shape_of(ValueId id) const { return graph->value(id).shape; }

  void add(int layer, const dnnl::primitive& primitive,
           const std::vector<std::pair<int, memory>>& bindings) {
    Operation operation;
    operation.layer = layer;
    operation.primitive = primitive;
    for (const auto& [argument, bound_memory] : bindings) {
      operation.memories.push_back(bound_memory);
      operation.arguments.push_back({argument, bound_memory.get()});
    }
    operations.push_back(std::move(operation));
  }

  // Weights in the layout that the primitive asks for, and the bias.
  std::vector<std::pair<int, memory>> packed(PreparedWeights& weights, const memory::desc& plain,
                                             const memory::desc& wanted) {
    memory source = bound(plain, weights.kernel.data());
    memory kernel(wanted, engine);
    dnnl::reorder(source, kernel).execute(stream, source, kernel);
    stream.wait();
    memory bias(memory::desc({weights.bias.shape()[0]}, kF32, Tag::a), engine);
    std::memcpy(bias.get_data_handle(), weights.bias.data(), weights.bias.num_bytes());
    return {{DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_BIAS, bias}};
  }

  void add_conv(const Conv2dOp& op, const Step& step, const Node& node, int layer) {
    PreparedWeights weights = prepare_weights(*graph, step);
    const Shape& k = weights.kernel.shape();
    const Spatial2d& s = op.spatial;
    const bool grouped = op.groups > 1;
    const memory::dims dims = grouped ? memory::dims{op.groups, k[3] / op.groups, k[2], k[0], k[1]}
                                      : memory::dims{k[3], k[2], k[0], k[1]};
    const memory::desc src = image(shape_of(node.inputs[0])), dst = image(shape_of(step.output));
    const dnnl::convolution_forward::desc description(
        kInference, algorithm::convolution_direct, src, memory::desc(dims, kF32, Tag::any),
        memory::desc({k[3]}, kF32, Tag::a), dst, {s.stride[0], s.stride[1]},
        {s.dilation[0] - 1, s.dilation[1] - 1}, {s.pad_before[0], s.pad_before[1]},
        {s.pad_after[0], s.pad_after[1]});
    const dnnl::convolution_forward::primitive_desc made(description,
                                                         with_clip(clip_of(*graph, step)), engine);
    auto bindings = packed(weights, memory::desc(dims, kF32, grouped ? Tag::hwigo : Tag::hwio),
                           made.weights_desc());
    bindings.push_back({DNNL_ARG_SRC, bound(src, of(node.inputs[0]))});
    bindings.push_back({DNNL_ARG_DST, bound(dst, of(step.output))});
    add(layer, dnnl::convolution_forward(made), bindings);
  }

  void add_dense(const Step& step, const Node& node, int layer) {
    PreparedWeights weights = prepare_weights(*graph, step);
    const Shape& k = weights.kernel.shape();
    const std::int64_t rows = shape_of(node.inputs[0]).num_elements() / k[0];
    const memory::desc src({rows, k[0]}, kF32, Tag::ab), dst({rows, k[1]}, kF32, Tag::ab);
    const dnnl::inner_product_forward::desc description(kInference, src,
                                                        memory::desc({k[1], k[0]}, kF32, Tag::any),
                                                        memory::desc({k[1]}, kF32, Tag::a), dst);
    const dnnl::inner_product_forward::primitive_desc made(
        description, with_clip(clip_of(*graph, step)), engine);
    auto bindings = packed(weights, memory::desc({k[1], k[0]}, kF32, Tag::ba), made.weights_desc());
    bindings.push_back({DNNL_ARG_SRC, bound(src, of(node.inputs[0]))});
    bindings.push_back({DNNL_ARG_DST, bound(dst, of(step.output))});
    add(layer, dnnl::inner_product_forward(made), bindings);
  }

  void add_pool(PoolKind kind, const Spatial2d& s, std::array<std::int64_t, 2> window,
                const Node& node, int layer) {
    const Shape& from = shape_of(node.inputs[0]);
    const Shape& to = shape_of(node.output);
    const memory::desc src = image(from);
    const memory::desc dst =
        to.rank() == 4 ? image(to) : memory::desc({to[0], to[1], 1, 1}, kF32, Tag::nhwc);
    const dnnl::pooling_v2_forward::desc description(
        kInference,
        kind == PoolKind::kMax ? algorithm::pooling_max : algorithm::pooling_avg_exclude_padding,
        src, dst, {s.stride[0], s.stride[1]}, {window[0], window[1]},
        {s.dilation[0] - 1, s.dilation[1] - 1}, {s.pad_before[0], s.pad_before[1]},
        {s.pad_after[0], s.pad_after[1]});
    add(layer, dnnl::pooling_v2_forward({description, engine}),
        {{DNNL_ARG_SRC, bound(src, of(node.inputs[0]))},
         {DNNL_ARG_DST, bound(dst, of(node.output))}});
  }

  void add_binary(algorithm kind, const Node& node, int layer) {
    const memory::desc flat({shape_of(node.output).num_elements()}, kF32, Tag::a);
    const dnnl::binary::desc description(kind, flat, flat, flat);
    add(layer, dnnl::binary({description, engine}),
        {{DNNL_ARG_SRC_0, bound(flat, of(node.inputs[0]))},
         {DNNL_ARG_SRC_1, bound(flat, of(node.inputs[1]))},
         {DNNL_ARG_DST, bound(flat, of(node.output))}});
  }

  void add_eltwise(algorithm kind, float alpha, float beta, const Node& node, int layer) {
    const memory::desc flat({shape_of(node.output).num_elements()}, kF32, Tag::a);
    const dnnl::eltwise_forward::desc description(kInference, kind, flat, alpha, beta);
    add(layer, dnnl::eltwise_forward({description, engine}),
        {{DNNL_ARG_SRC, bound(flat, of(node.inputs[0]))},
         {DNNL_ARG_DST, bound(flat, of(node.output))}});
  }

  void add_softmax(const SoftmaxOp& op, const Node& node, int layer) {
    const Shape& shape = shape_of(node.output);
    std::int64_t outer = 1, inner = 1;
    for (int i = 0; i < op.axis; ++i) outer *= shape[i];
    for (int i = op.axis + 1; i < shape.rank(); ++i) inner *= shape[i];
    const memory::desc dims({outer, shape[op.axis], inner}, kF32, Tag::abc);
    const dnnl::softmax_forward::desc description(kInference, dims, 1);
    add(layer, dnnl::softmax_forward({description, engine}),
        {{DNNL_ARG_SRC, bound(dims, of(node.inputs[0]))},
         {DNNL_ARG_DST, bound(dims, of(node.output))}});
  }

  // True if every channel has the scale and shift of the first.
  bool is_uniform(const Node& node) const {
    for (const std::size_t i : {1, 2}) {
      const auto values = graph->value(node.inputs[i]).data->as<float>();
      if (std::ranges::any_of(values, [&](float v) { return v != values[0]; })) return false;
    }
    return true;
  }

  Status add_loop(const Node& node, int layer) {
    KernelSpec spec;
    spec.op = &node.op;
    std::vector<const std::byte*> inputs;
    for (const ValueId id : node.inputs) {
      spec.inputs.push_back(&graph->value(id));
      inputs.push_back(of(id));
    }
    spec.output = &graph->value(node.output);
    TINYSPLIT_ASSIGN_OR_RETURN(auto kernel, make_native_kernel(spec));
    Operation operation;
    operation.layer = layer;
    TINYSPLIT_ASSIGN_OR_RETURN(operation.loop, kernel->bind(inputs, of(node.output)));
    loops.push_back(std::move(kernel));
    operations.push_back(std::move(operation));
    return ok_status();
  }

  Status add_step(const Step& step) {
    const Node& node = graph->nodes()[static_cast<std::size_t>(step.root)];
    const int layer = graph->layer_of_node(step.root);
    if (const auto* conv = std::get_if<Conv2dOp>(&node.op)) {
      add_conv(*conv, step, node, layer);
    } else if (std::holds_alternative<DenseOp>(node.op)) {
      add_dense(step, node, layer);
    } else if (const auto* pool = std::get_if<Pool2dOp>(&node.op)) {
      add_pool(pool->kind, pool->spatial, pool->window, node, layer);
    } else if (const auto* global = std::get_if<GlobalPoolOp>(&node.op)) {
      const Shape& from = shape_of(node.inputs[0]);
      add_pool(global->kind, Spatial2d{}, {from[1], from[2]}, node, layer);
    } else if (const auto* softmax = std::get_if<SoftmaxOp>(&node.op)) {
      add_softmax(*softmax, node, layer);
    } else if (const auto* binary = std::get_if<BinaryOp>(&node.op);
               binary != nullptr && binary->kind == BinaryKind::kAdd &&
               shape_of(node.inputs[0]) == shape_of(node.inputs[1])) {
      add_binary(algorithm::binary_add, node, layer);
    } else if (const auto* act = std::get_if<ActivationOp>(&node.op);
               act != nullptr && eltwise_of(*act)) {
      add_eltwise(*eltwise_of(*act), act->alpha, act->beta, node, layer);
    } else if (std::holds_alternative<ChannelAffineOp>(node.op) && is_uniform(node)) {
      add_eltwise(algorithm::eltwise_linear, graph->value(node.inputs[1]).data->as<float>()[0],
                  graph->value(node.inputs[2]).data->as<float>()[0], node, layer);
    } else {
      return add_loop(node, layer);
    }
    return ok_status();
  }

  void execute(const Operation& operation) {
    if (operation.loop) {
      if (operation.loop->run().ok()) return;
    } else if (dnnl_primitive_execute(operation.primitive.get(), stream.get(),
                                      static_cast<int>(operation.arguments.size()),
                                      operation.arguments.data()) == dnnl_success) {
      return;
    }
    std::fprintf(stderr, "plain oneDNN failed in layer %d\n", operation.layer);
    std::exit(1);
  }
};

PlainOneDnn::PlainOneDnn() = default;
PlainOneDnn::~PlainOneDnn() = default;

Result<std::unique_ptr<PlainOneDnn>> PlainOneDnn::create(std::shared_ptr<const Graph> graph) {
  omp_set_num_threads(1);
  std::unique_ptr<PlainOneDnn> plain(new PlainOneDnn());
  plain->program_ = std::make_unique<Program>();
  Program& program = *plain->program_;
  program.graph = std::move(graph);
  program.place_values();
  try {
    const Graph& model = *program.graph;
    for (const Step& step : plan_steps(model, find_fusion_roots(model), 0, model.num_layers())) {
      TINYSPLIT_RETURN_IF_ERROR(program.add_step(step));
    }
  } catch (const dnnl::error& error) {
    return unimplemented(std::string("plain oneDNN: ") + error.what());
  }
  return plain;
}

std::span<float> PlainOneDnn::input(std::size_t i) {
  const ValueId id = program_->graph->inputs()[i];
  return {reinterpret_cast<float*>(program_->of(id)),
          std::size_t(program_->shape_of(id).num_elements())};
}

std::span<const float> PlainOneDnn::output(std::size_t i) const {
  const ValueId id = program_->graph->outputs()[i];
  return {reinterpret_cast<const float*>(program_->of(id)),
          std::size_t(program_->shape_of(id).num_elements())};
}

void PlainOneDnn::run() {
  for (const Operation& operation : program_->operations) program_->execute(operation);
}

void PlainOneDnn::run_timed(std::span<double> layer_seconds) {
  auto before = std::chrono::steady_clock::now();
  for (const Operation& operation : program_->operations) {
    program_->execute(operation);
    const auto after = std::chrono::steady_clock::now();
    layer_seconds[static_cast<std::size_t>(operation.layer)] +=
        std::chrono::duration<double>(after - before).count();
    before = after;
  }
}

}  // namespace tinysplit::bench
