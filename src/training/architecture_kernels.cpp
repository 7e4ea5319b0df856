// Layers with weights.
#include <cmath>
#include <map>

#include "formats/keras/window.h"
#include "training/architecture_builder.h"

namespace tinysplit::training {
namespace {

using keras::Json;
using keras::LayerOptions;
using keras::member;
using keras::text_of;
using Pair = LayerOptions::Pair;

constexpr std::int64_t kMost = LayerOptions::kMaxOption;
constexpr Pair kOne{1, 1};

const Initializer kGlorotUniform{Initializer::Kind::kVarianceScaling, 0.0f, 0.0f, 1.0f};
const Initializer kZeros{};
const Initializer kOnes{Initializer::Kind::kConstant, 1.0f};

// Names of Keras' initialisers, without their underscores and capitals, with their defaults.
const Initializer* find_initializer(const std::string& name) {
  using Kind = Initializer::Kind;
  using Fan = Initializer::Fan;
  using enum Initializer::Distribution;
  constexpr auto kScaled = Kind::kVarianceScaling;
  static const std::map<std::string, Initializer, std::less<>> kKnown = {
      {"zeros", {}},
      {"ones", {Kind::kConstant, 1.0f}},
      {"constant", {}},
      {"randomuniform", {Kind::kUniform, -0.05f, 0.05f}},
      {"randomnormal", {Kind::kNormal, 0.0f, 0.05f}},
      {"truncatednormal", {Kind::kTruncatedNormal, 0.0f, 0.05f}},
      {"variancescaling", {kScaled, 0.0f, 0.0f, 1.0f, Fan::kIn, kTruncatedNormal}},
      {"glorotuniform", {kScaled, 0.0f, 0.0f, 1.0f, Fan::kAverage, kUniform}},
      {"glorotnormal", {kScaled, 0.0f, 0.0f, 1.0f, Fan::kAverage, kTruncatedNormal}},
      {"heuniform", {kScaled, 0.0f, 0.0f, 2.0f, Fan::kIn, kUniform}},
      {"henormal", {kScaled, 0.0f, 0.0f, 2.0f, Fan::kIn, kTruncatedNormal}},
      {"lecununiform", {kScaled, 0.0f, 0.0f, 1.0f, Fan::kIn, kUniform}},
      {"lecunnormal", {kScaled, 0.0f, 0.0f, 1.0f, Fan::kIn, kTruncatedNormal}},
  };
  std::string plain;
  for (const char c : name) {
    if (c != '_') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const auto found = kKnown.find(plain);
  return found == kKnown.end() ? nullptr : &found->second;
}

Status read_scaling(const LayerOptions& options, Initializer& initializer) {
  TINYSPLIT_ASSIGN_OR_RETURN(initializer.scale, options.number("scale", initializer.scale));
  if (initializer.scale <= 0.0f) return options.wrong("scale", "above 0");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode,
                             options.word("mode", {"fan_in", "fan_out", "fan_avg"}, ""));
  if (mode == "fan_in") initializer.fan = Initializer::Fan::kIn;
  if (mode == "fan_out") initializer.fan = Initializer::Fan::kOut;
  if (mode == "fan_avg") initializer.fan = Initializer::Fan::kAverage;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::string distribution,
      options.word("distribution", {"uniform", "normal", "truncated_normal", "untruncated_normal"},
                   ""));
  using Distribution = Initializer::Distribution;
  if (distribution == "uniform") initializer.distribution = Distribution::kUniform;
  if (distribution == "untruncated_normal") initializer.distribution = Distribution::kNormal;
  // Keras draws a "normal" one from the truncated distribution too.
  if (distribution == "normal" || distribution == "truncated_normal") {
    initializer.distribution = Distribution::kTruncatedNormal;
  }
  return ok_status();
}

Status read_initializer_options(const LayerOptions& options, Initializer& initializer) {
  switch (initializer.kind) {
    case Initializer::Kind::kConstant: {
      TINYSPLIT_ASSIGN_OR_RETURN(initializer.first, options.number("value", initializer.first));
      return ok_status();
    }
    case Initializer::Kind::kUniform: {
      TINYSPLIT_ASSIGN_OR_RETURN(initializer.first, options.number("minval", initializer.first));
      TINYSPLIT_ASSIGN_OR_RETURN(initializer.second, options.number("maxval", initializer.second));
      return ok_status();
    }
    case Initializer::Kind::kNormal:
    case Initializer::Kind::kTruncatedNormal: {
      TINYSPLIT_ASSIGN_OR_RETURN(initializer.first, options.number("mean", initializer.first));
      TINYSPLIT_ASSIGN_OR_RETURN(initializer.second, options.number("stddev", initializer.second));
      return ok_status();
    }
    case Initializer::Kind::kVarianceScaling:
      return read_scaling(options, initializer);
  }
  return ok_status();
}

// Penalties of the forms {"class_name": "L2", "config": {"l2": 0.01}} of Keras 3 and of Keras 2,
// where all are "L1L2".
Status read_regularizer(const LayerOptions& options, const std::string& key, ParameterSpec& spec) {
  const Json& json = options.at(key.c_str());
  if (json.is_null()) return ok_status();
  const std::string name = text_of(member(json, "class_name"));
  const Json& config = member(json, "config");
  if ((name != "L1" && name != "L2" && name != "L1L2") || !config.is_object()) {
    return options.unsupported(key.c_str());
  }
  const LayerOptions penalties(config);
  TINYSPLIT_ASSIGN_OR_RETURN(spec.l1, penalties.number("l1", 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(spec.l2, penalties.number("l2", 0.0f));
  if (spec.l1 < 0.0f || spec.l2 < 0.0f) return options.wrong(key.c_str(), "of 0 or more");
  return ok_status();
}

Status refuse(const LayerOptions& options, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (!options.at(key).is_null()) return options.unsupported(key);
  }
  return ok_status();
}

// What all layers with a kernel end with: x through `op`, a bias if there is one, an activation.
Result<std::size_t> add_with_bias(ArchitectureBuilder& builder, const LayerOptions& options,
                                  TrainingOp op, std::size_t x, std::size_t kernel,
                                  const std::vector<std::int64_t>& dims) {
  TINYSPLIT_RETURN_IF_ERROR(
      refuse(options, {"activity_regularizer", "quantization_config", "lora_rank"}));
  std::vector<std::size_t> parameters{kernel};
  TINYSPLIT_ASSIGN_OR_RETURN(const bool use_bias, options.flag("use_bias", true));
  if (use_bias) {
    TINYSPLIT_ASSIGN_OR_RETURN(ParameterSpec bias, parse_parameter(options, "bias", Role::kBias,
                                                                   Shape{dims.back()}, kZeros));
    parameters.push_back(builder.add_parameter(std::move(bias)));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t y,
                             builder.add(std::move(op), {x}, dims, std::move(parameters)));
  return add_activation(builder, y, options.at("activation"));
}

// Where a window fits on an axis; below 1 if it does not.
std::int64_t places(std::int64_t extent, std::int64_t size, const Spatial2d& at, std::size_t axis) {
  const std::int64_t room = extent + at.pad_before[axis] + at.pad_after[axis];
  const std::int64_t reach = (size - 1) * at.dilation[axis] + 1;
  return room < reach ? 0 : (room - reach) / at.stride[axis] + 1;
}

std::vector<std::int64_t> image_dims(const Shape& in, const Pair& size, const Spatial2d& at,
                                     std::int64_t filters) {
  return {1, places(in[1], size[0], at, 0), places(in[2], size[1], at, 1), filters};
}

struct Depthwise {
  std::size_t kernel = 0;
  Conv2dOp op;
  std::vector<std::int64_t> dims;
};

Result<Depthwise> parse_depthwise(ArchitectureBuilder& builder, const LayerOptions& options,
                                  std::size_t x) {
  const Shape in = builder.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, options.pair("kernel_size", 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d at, keras::parse_window(options, in, 2, size, kOne));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t multiplier,
                             options.integer("depth_multiplier", 1, kMost, 1));
  const std::array<std::int64_t, 4> dims{size[0], size[1], in[3], multiplier};
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(
      ParameterSpec kernel,
      parse_parameter(options, "depthwise", Role::kDepthwiseKernel, shape, kGlorotUniform));
  return Depthwise{builder.add_parameter(std::move(kernel)), Conv2dOp{at, in[3]},
                   image_dims(in, size, at, in[3] * multiplier)};
}

}  // namespace

Result<Initializer> parse_initializer(const LayerOptions& options, const char* key,
                                      const Initializer& fallback) {
  const Json& json = options.at(key);
  if (json.is_null()) return fallback;
  const std::string name = json.is_string() ? text_of(json) : text_of(member(json, "class_name"));
  const Initializer* known = find_initializer(name);
  if (known == nullptr) return options.unsupported(key);
  Initializer initializer = *known;
  const Json& config = member(json, "config");
  if (!config.is_object()) return initializer;
  const Status status = read_initializer_options(LayerOptions(config), initializer);
  if (!status.ok()) return status.with_context("option " + std::string(key));
  return initializer;
}

Result<ParameterSpec> parse_parameter(const LayerOptions& options, const std::string& prefix,
                                      Role role, const Shape& shape, const Initializer& fallback) {
  ParameterSpec spec;
  spec.role = role;
  spec.shape = shape;
  TINYSPLIT_ASSIGN_OR_RETURN(spec.trainable, options.flag("trainable", true));
  TINYSPLIT_ASSIGN_OR_RETURN(
      spec.initializer, parse_initializer(options, (prefix + "_initializer").c_str(), fallback));
  TINYSPLIT_RETURN_IF_ERROR(refuse(options, {(prefix + "_constraint").c_str()}));
  TINYSPLIT_RETURN_IF_ERROR(read_regularizer(options, prefix + "_regularizer", spec));
  return spec;
}

Result<std::size_t> read_conv2d(ArchitectureBuilder& builder, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input(4));
  const Shape in = builder.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters, options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups, options.integer("groups", 1, kMost, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, options.pair("kernel_size", 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d at, keras::parse_window(options, in, 2, size, kOne));
  if (in[3] % groups != 0 || filters % groups != 0) {
    return options.wrong("groups", "a divisor of " + std::to_string(in[3]) + " channels and " +
                                       std::to_string(filters) + " filters");
  }
  const std::array<std::int64_t, 4> dims{size[0], size[1], in[3] / groups, filters};
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(
      ParameterSpec spec, parse_parameter(options, "kernel", Role::kKernel, shape, kGlorotUniform));
  const std::size_t kernel = builder.add_parameter(std::move(spec));
  return add_with_bias(builder, options, Conv2dOp{at, groups}, x, kernel,
                       image_dims(in, size, at, filters));
}

Result<std::size_t> read_depthwise_conv2d(ArchitectureBuilder& builder,
                                          const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input(4));
  TINYSPLIT_ASSIGN_OR_RETURN(const Depthwise depthwise, parse_depthwise(builder, options, x));
  return add_with_bias(builder, options, depthwise.op, x, depthwise.kernel, depthwise.dims);
}

Result<std::size_t> read_separable_conv2d(ArchitectureBuilder& builder,
                                          const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input(4));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters, options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const Depthwise depthwise, parse_depthwise(builder, options, x));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t middle,
                             builder.add(depthwise.op, {x}, depthwise.dims, {depthwise.kernel}));
  const std::array<std::int64_t, 4> dims{1, 1, depthwise.dims[3], filters};
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(
      ParameterSpec spec,
      parse_parameter(options, "pointwise", Role::kPointwiseKernel, shape, kGlorotUniform));
  const std::size_t kernel = builder.add_parameter(std::move(spec));
  return add_with_bias(builder, options, Conv2dOp{}, middle, kernel,
                       {1, depthwise.dims[1], depthwise.dims[2], filters});
}

Result<std::size_t> read_dense(ArchitectureBuilder& builder, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  const Shape in = builder.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t units, options.integer("units", 1, kMost));
  const std::array<std::int64_t, 2> sizes{in[in.rank() - 1], units};
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(sizes));
  TINYSPLIT_ASSIGN_OR_RETURN(
      ParameterSpec spec, parse_parameter(options, "kernel", Role::kKernel, shape, kGlorotUniform));
  const std::size_t kernel = builder.add_parameter(std::move(spec));
  std::vector<std::int64_t> dims(in.dims().begin(), in.dims().end());
  dims.back() = units;
  return add_with_bias(builder, options, DenseOp{}, x, kernel, dims);
}

Result<std::size_t> read_batch_normalization(ArchitectureBuilder& builder,
                                             const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t x, builder.single_input());
  const int rank = builder.shape(x).rank();
  if (!options.at("axis").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> axes,
                               options.integers("axis", -rank, rank - 1));
    const bool last = axes.size() == 1 && (axes[0] == -1 || axes[0] == rank - 1);
    if (!last) return options.unsupported("axis");
  }
  for (const char* key : {"renorm", "synchronized"}) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool set, options.flag(key, false));
    if (set) return options.unsupported(key);
  }
  BatchNormOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.momentum, options.number("momentum", op.momentum));
  TINYSPLIT_ASSIGN_OR_RETURN(op.epsilon, options.number("epsilon", op.epsilon));
  if (op.momentum < 0.0f || op.momentum > 1.0f) return options.wrong("momentum", "in [0, 1]");
  if (op.epsilon <= 0.0f) return options.wrong("epsilon", "above 0");
  TINYSPLIT_ASSIGN_OR_RETURN(const bool trainable, options.flag("trainable", true));
  op.frozen = !trainable;
  TINYSPLIT_ASSIGN_OR_RETURN(const bool scale, options.flag("scale", true));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool center, options.flag("center", true));
  const Shape channels{builder.shape(x)[rank - 1]};
  std::vector<std::size_t> parameters;
  const auto take = [&](const char* prefix, Role role, const Initializer& first) -> Status {
    TINYSPLIT_ASSIGN_OR_RETURN(ParameterSpec spec,
                               parse_parameter(options, prefix, role, channels, first));
    if (role == Role::kMovingMean || role == Role::kMovingVariance) spec.trainable = false;
    parameters.push_back(builder.add_parameter(std::move(spec)));
    return ok_status();
  };
  if (scale) TINYSPLIT_RETURN_IF_ERROR(take("gamma", Role::kGamma, kOnes));
  if (center) TINYSPLIT_RETURN_IF_ERROR(take("beta", Role::kBeta, kZeros));
  TINYSPLIT_RETURN_IF_ERROR(take("moving_mean", Role::kMovingMean, kZeros));
  TINYSPLIT_RETURN_IF_ERROR(take("moving_variance", Role::kMovingVariance, kOnes));
  return builder.add_like(op, {x}, std::move(parameters));
}

}  // namespace tinysplit::training
