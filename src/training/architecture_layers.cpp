// Layers without weights.
#include <algorithm>
#include <variant>

#include "core/limits.h"
#include "formats/keras/activation.h"
#include "formats/keras/window.h"
#include "training/architecture_builder.h"

namespace tinysplit::training {
namespace {

using keras::Json;
using keras::LayerOptions;
using Pair = LayerOptions::Pair;

// Kinds that have a derivative here.
bool is_trained(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kClip:
    case ActivationKind::kThresholdRelu:
    case ActivationKind::kSigmoid:
    case ActivationKind::kTanh:
    case ActivationKind::kElu:
    case ActivationKind::kSelu:
    case ActivationKind::kGeluErf:
    case ActivationKind::kSwish:
    case ActivationKind::kHardSigmoid:
    case ActivationKind::kHardSwish:
    case ActivationKind::kSoftplus:
    case ActivationKind::kExp:
    case ActivationKind::kSoftsign:
    case ActivationKind::kLinear:
      return true;
    default:
      return false;
  }
}

Result<std::size_t> apply(ArchitectureBuilder& builder, std::size_t x,
                          const keras::Activation& activation) {
  if (const auto* op = std::get_if<ActivationOp>(&activation)) {
    if (!is_trained(op->kind)) return unimplemented("this activation cannot be trained");
    return builder.add_like(*op, {x});
  }
  if (const auto* softmax = std::get_if<SoftmaxOp>(&activation)) {
    const bool last = softmax->axis == -1 || softmax->axis == builder.shape(x).rank() - 1;
    if (!last) return unimplemented("softmax over another axis than the last cannot be trained");
    if (softmax->logarithm) return unimplemented("log_softmax cannot be trained");
    return builder.add_like(SoftmaxOp{builder.shape(x).rank() - 1}, {x});
  }
  return x;
}

Result<std::size_t> add_activation_layer(ArchitectureBuilder& builder, const char* class_name,
                                         const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  TINYSPLIT_ASSIGN_OR_RETURN(
      const keras::Activation activation,
      keras::parse_activation_layer(class_name, options, builder.shape(x).rank()));
  return apply(builder, x, activation);
}

Result<std::size_t> add_pooling(ArchitectureBuilder& builder, const LayerOptions& options,
                                PoolKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input(4));
  const Shape in = builder.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, options.pair("pool_size", 2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d at, keras::parse_window(options, in, 2, size, size));
  std::vector<std::int64_t> dims{1, 0, 0, in[3]};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t room =
        in[static_cast<int>(axis) + 1] + at.pad_before[axis] + at.pad_after[axis];
    dims[axis + 1] = room < size[axis] ? 0 : (room - size[axis]) / at.stride[axis] + 1;
  }
  return builder.add(Pool2dOp{kind, size, at}, {x}, dims);
}

Result<std::size_t> add_global_pooling(ArchitectureBuilder& builder, const LayerOptions& options,
                                       PoolKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input(4));
  const std::int64_t channels = builder.shape(x)[3];
  TINYSPLIT_ASSIGN_OR_RETURN(const bool keep, options.flag("keepdims", false));
  std::vector<std::int64_t> dims{1, channels};
  if (keep) dims = {1, 1, 1, channels};
  return builder.add(GlobalPoolOp{kind}, {x}, dims);
}

Status same_shapes(const ArchitectureBuilder& builder) {
  const auto& inputs = builder.inputs();
  if (inputs.size() < 2) return invalid_argument("it takes two tensors or more");
  for (const std::size_t input : inputs) {
    if (builder.shape(input) == builder.shape(inputs.front())) continue;
    return unimplemented("its inputs have shapes " + builder.shape(inputs.front()).to_string() +
                         " and " + builder.shape(input).to_string() +
                         "; only inputs of one shape can be trained");
  }
  return ok_status();
}

// One number for all, or a list with one for each channel.
Result<std::vector<float>> numbers(const LayerOptions& options, const char* key, float fallback,
                                   std::int64_t channels) {
  const Json& json = options.at(key);
  if (!json.is_array()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const float number, options.number(key, fallback));
    return std::vector<float>{number};
  }
  std::vector<float> values;
  for (const Json& item : json) {
    if (item.is_number()) values.push_back(static_cast<float>(item.get<double>()));
  }
  const auto fits = [&](std::size_t count) { return count == static_cast<std::size_t>(channels); };
  if (values.size() != json.size() || (values.size() != 1 && !fits(values.size()))) {
    return options.wrong(key, "one number or " + std::to_string(channels));
  }
  return values;
}

}  // namespace

Result<std::size_t> add_activation(ArchitectureBuilder& builder, std::size_t x,
                                   const Json& activation) {
  TINYSPLIT_ASSIGN_OR_RETURN(
      const keras::Activation parsed,
      keras::parse_activation(activation, builder.keras_major(), builder.shape(x).rank()));
  Result<std::size_t> y = apply(builder, x, parsed);
  if (!y.ok()) {
    return y.status().with_context("option activation = " + keras::brief(activation));
  }
  return y;
}

Result<std::size_t> read_activation(ArchitectureBuilder& builder, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  return add_activation(builder, x, options.at("activation"));
}

Result<std::size_t> read_relu(ArchitectureBuilder& builder, const LayerOptions& options) {
  return add_activation_layer(builder, "ReLU", options);
}

Result<std::size_t> read_leaky_relu(ArchitectureBuilder& builder, const LayerOptions& options) {
  return add_activation_layer(builder, "LeakyReLU", options);
}

Result<std::size_t> read_elu(ArchitectureBuilder& builder, const LayerOptions& options) {
  return add_activation_layer(builder, "ELU", options);
}

Result<std::size_t> read_softmax(ArchitectureBuilder& builder, const LayerOptions& options) {
  return add_activation_layer(builder, "Softmax", options);
}

Result<std::size_t> read_max_pooling2d(ArchitectureBuilder& builder, const LayerOptions& options) {
  return add_pooling(builder, options, PoolKind::kMax);
}

Result<std::size_t> read_average_pooling2d(ArchitectureBuilder& builder,
                                           const LayerOptions& options) {
  return add_pooling(builder, options, PoolKind::kAverage);
}

Result<std::size_t> read_global_max_pooling2d(ArchitectureBuilder& builder,
                                              const LayerOptions& options) {
  return add_global_pooling(builder, options, PoolKind::kMax);
}

Result<std::size_t> read_global_average_pooling2d(ArchitectureBuilder& builder,
                                                  const LayerOptions& options) {
  return add_global_pooling(builder, options, PoolKind::kAverage);
}

Result<std::size_t> read_flatten(ArchitectureBuilder& builder, const LayerOptions&) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  const std::int64_t elements = builder.shape(x).num_elements();
  return builder.add(ReshapeOp{Shape{1, elements}}, {x}, {1, elements});
}

Result<std::size_t> read_reshape(ArchitectureBuilder& builder, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  const std::int64_t elements = builder.shape(x).num_elements();
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> dims,
                             options.integers("target_shape", -1, limits::kMaxElements));
  if (std::ranges::count(dims, -1) > 1 || std::ranges::count(dims, 0) > 0) {
    return options.wrong("target_shape", "sizes of 1 or more and at most one -1");
  }
  dims.insert(dims.begin(), 1);
  const auto open = std::ranges::find(dims, -1);
  if (open != dims.end()) {
    *open = 1;
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape known, Shape::create(dims));
    *open = elements / known.num_elements();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  if (to.num_elements() != elements) {
    return options.wrong("target_shape", "of " + std::to_string(elements) + " elements");
  }
  return builder.add(ReshapeOp{to}, {x}, dims);
}

Result<std::size_t> read_zero_padding2d(ArchitectureBuilder& builder, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input(4));
  TINYSPLIT_ASSIGN_OR_RETURN(const keras::Border border,
                             keras::parse_border(options, "padding", 2));
  const Shape in = builder.shape(x);
  std::vector<std::int64_t> dims(in.dims().begin(), in.dims().end());
  for (std::size_t i = 0; i < dims.size(); ++i) dims[i] += border.before[i] + border.after[i];
  return builder.add(PadOp{border.before, border.after}, {x}, dims);
}

Result<std::size_t> read_add(ArchitectureBuilder& builder, const LayerOptions&) {
  TINYSPLIT_RETURN_IF_ERROR(same_shapes(builder));
  return builder.add_like(AddOp{}, builder.inputs());
}

Result<std::size_t> read_concatenate(ArchitectureBuilder& builder, const LayerOptions& options) {
  const auto& inputs = builder.inputs();
  if (inputs.empty()) return invalid_argument("it is called on no tensors");
  const Shape first = builder.shape(inputs.front());
  const int rank = first.rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t listed,
                             options.integer("axis", -rank, rank - 1, -1));
  const int axis = static_cast<int>(listed < 0 ? listed + rank : listed);
  if (axis == 0) return options.unsupported("axis");
  std::vector<std::int64_t> dims(first.dims().begin(), first.dims().end());
  dims[static_cast<std::size_t>(axis)] = 0;
  for (const std::size_t input : inputs) {
    Shape other = builder.shape(input);
    if (other.rank() != rank) return invalid_argument("its inputs have unlike numbers of axes");
    dims[static_cast<std::size_t>(axis)] += other[axis];
    other[axis] = first[axis];
    if (!(other == first)) {
      return invalid_argument("its inputs have shapes " + first.to_string() + " and " +
                              builder.shape(input).to_string() +
                              ", which differ in another axis than " + std::to_string(axis));
    }
  }
  return builder.add(ConcatOp{axis}, inputs, dims);
}

Result<std::size_t> read_dropout(ArchitectureBuilder& builder, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  TINYSPLIT_ASSIGN_OR_RETURN(const float rate, options.number("rate"));
  if (rate < 0.0f || rate >= 1.0f) return options.wrong("rate", "in [0, 1)");
  if (!options.at("noise_shape").is_null()) return options.unsupported("noise_shape");
  return builder.add_like(DropoutOp{rate}, {x});
}

Result<std::size_t> read_rescaling(ArchitectureBuilder& builder, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  const Shape in = builder.shape(x);
  RescaleOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.scale, numbers(options, "scale", 1.0f, in[in.rank() - 1]));
  TINYSPLIT_ASSIGN_OR_RETURN(op.offset, numbers(options, "offset", 0.0f, in[in.rank() - 1]));
  return builder.add_like(std::move(op), {x});
}

}  // namespace tinysplit::training
