#include "training/named_architectures.h"

#include <algorithm>
#include <array>

#include "core/limits.h"
#include "core/shape.h"
#include "training/layer_stack.h"

namespace tinysplit::training {
namespace {

using Conv = LayerStack::ConvOptions;

// What the reference models of MLPerf Tiny (mlcommons/tiny) regularise their kernels with.
constexpr double kMlperfL2 = 1e-4;

// Writes down a network: adds its layers behind `x`, the input, and returns the last one.
using Writer = Feature (*)(LayerStack& layers, const Feature& x, std::int64_t classes);

Feature write_original(LayerStack& layers, const Feature& input, std::int64_t classes) {
  Conv conv{.filters = 32, .same = false, .activation = "relu"};
  Feature x = layers.conv("conv", input, conv);
  x = layers.max_pool("pool", x, 2);
  x = layers.flatten("flatten", x);
  x = layers.dense("hidden", x, 64, "relu");
  return layers.dense("classes", x, classes, "sigmoid");
}

// fashion_resnet: convolution and batch normalisation, with a rectifier or not.
Feature conv_norm(LayerStack& layers, const std::string& name, const Feature& input, Conv conv,
                  bool relu = true) {
  conv.bias = false;
  const Feature x = layers.norm(name + "_norm", layers.conv(name + "_conv", input, conv), 0.98);
  return relu ? layers.relu(name + "_relu", x) : x;
}

Feature residual_block(LayerStack& layers, const std::string& name, const Feature& input,
                       std::int64_t filters, std::int64_t stride = 1) {
  Feature x = input;
  Feature y = conv_norm(layers, name + "_a", x, {.filters = filters, .stride = stride});
  y = conv_norm(layers, name + "_b", y, {.filters = filters}, false);
  if (stride != 1) {
    x = conv_norm(layers, name + "_skip", x,
                  {.filters = filters, .kernel = {1, 1}, .stride = stride}, false);
  }
  return layers.relu(name + "_relu", layers.add(name + "_add", y, x));
}

Feature write_fashion_resnet(LayerStack& layers, const Feature& input, std::int64_t classes) {
  Feature x = layers.rescale("rescaling", input);
  x = conv_norm(layers, "stem", x, {.filters = 16});
  x = layers.max_pool("stem_pool", x, 2);
  x = residual_block(layers, "block1", x, 16);
  x = residual_block(layers, "block2", x, 16);
  x = residual_block(layers, "block3", x, 36, 2);
  x = residual_block(layers, "block4", x, 36);
  x = conv_norm(layers, "squeeze", x, {.filters = 8, .kernel = {1, 1}});
  x = conv_norm(layers, "expand", x, {.filters = 40});
  x = residual_block(layers, "block5", x, 40);
  x = layers.global_average("pool", x);
  return layers.dense("classes", x, classes, "softmax");
}

Feature write_resnet8(LayerStack& layers, const Feature& input, std::int64_t classes) {
  const auto conv = [&](const std::string& name, const Feature& x, std::int64_t filters,
                        std::int64_t size, std::int64_t stride) {
    return layers.conv(name, x,
                       {.filters = filters,
                        .kernel = {size, size},
                        .stride = stride,
                        .l2 = kMlperfL2,
                        .he = true});
  };
  Feature x = layers.rescale("rescaling", input);
  x = layers.relu("stem_relu", layers.norm("stem_norm", conv("stem_conv", x, 16, 3, 1)));
  for (const int stack : {1, 2, 3}) {
    const std::string name = "stack" + std::to_string(stack);
    const std::int64_t filters = std::int64_t{8} << stack;
    const std::int64_t stride = stack == 1 ? 1 : 2;
    const Feature skip = stack == 1 ? x : conv(name + "_skip_conv", x, filters, 1, stride);
    Feature y = conv(name + "_a_conv", x, filters, 3, stride);
    y = layers.relu(name + "_a_relu", layers.norm(name + "_a_norm", y));
    y = layers.norm(name + "_b_norm", conv(name + "_b_conv", y, filters, 3, 1));
    x = layers.relu(name + "_relu", layers.add(name + "_add", skip, y));
  }
  x = layers.flatten("flatten", layers.average_all("pool", x));
  return layers.dense("classes", x, classes, "softmax", true);
}

// A depthwise and a pointwise convolution, each normalised and rectified.
Feature separable_block(LayerStack& layers, const std::string& name, const Feature& input,
                        std::int64_t stride, const Conv& pointwise) {
  Feature x = layers.norm(name + "_dw_norm", layers.depthwise(name + "_dw", input, stride));
  x = layers.relu(name + "_dw_relu", x);
  x = layers.norm(name + "_pw_norm", layers.conv(name + "_pw", x, pointwise));
  return layers.relu(name + "_pw_relu", x);
}

Feature write_mobilenet(LayerStack& layers, const Feature& input, std::int64_t classes) {
  struct Block {
    std::int64_t filters;
    std::int64_t stride;
  };
  constexpr std::array<Block, 13> kBlocks{{{16, 1},
                                           {32, 2},
                                           {32, 1},
                                           {64, 2},
                                           {64, 1},
                                           {128, 2},
                                           {128, 1},
                                           {128, 1},
                                           {128, 1},
                                           {128, 1},
                                           {128, 1},
                                           {256, 2},
                                           {256, 1}}};
  const Conv stem{.filters = 8, .stride = 2, .l2 = kMlperfL2, .he = true};
  Feature x = layers.rescale("rescaling", input);
  x = layers.relu("stem_relu", layers.norm("stem_norm", layers.conv("stem_conv", x, stem)));
  for (std::size_t i = 0; i < kBlocks.size(); ++i) {
    const Conv pointwise{
        .filters = kBlocks[i].filters, .kernel = {1, 1}, .l2 = kMlperfL2, .he = true};
    x = separable_block(layers, "block" + std::to_string(i + 1), x, kBlocks[i].stride, pointwise);
  }
  x = layers.flatten("flatten", layers.average_all("pool", x));
  return layers.dense("classes", x, classes, "softmax");
}

Feature write_ds_cnn(LayerStack& layers, const Feature& input, std::int64_t classes) {
  const Conv stem{.filters = 64, .kernel = {10, 4}, .stride = 2, .l2 = kMlperfL2};
  Feature x = layers.rescale("rescaling", input);
  x = layers.relu("stem_relu", layers.norm("stem_norm", layers.conv("stem_conv", x, stem)));
  x = layers.dropout("stem_dropout", x, 0.2);
  for (const int i : {1, 2, 3, 4}) {
    x = separable_block(layers, "block" + std::to_string(i), x, 1,
                        {.filters = 64, .kernel = {1, 1}, .l2 = kMlperfL2});
  }
  x = layers.dropout("dropout", x, 0.4);
  x = layers.flatten("flatten", layers.average_all("pool", x));
  return layers.dense("classes", x, classes, "softmax");
}

Feature write_autoencoder(LayerStack& layers, const Feature& input, std::int64_t) {
  Feature x = input;
  if (x.shape.size() == 3) x = layers.flatten("flatten", layers.rescale("rescaling", x));
  const std::int64_t length = x.shape[0];
  for (int i = 1; i <= 9; ++i) {
    const std::string name = i < 5 ? "encoder" + std::to_string(i)
                                   : (i == 5 ? "code" : "decoder" + std::to_string(i - 5));
    x = layers.norm(name + "_norm", layers.dense(name, x, i == 5 ? 8 : 128));
    x = layers.relu(name + "_relu", x);
  }
  return layers.dense("output", x, length);
}

struct Entry {
  NamedArchitecture named;
  Writer write = nullptr;
  std::int64_t smallest_side = 1;
};

const std::array<Entry, 6>& entries() {
  static const std::array<Entry, 6> all{{
      {{"original", "the five layers of the tutorials, two sigmoids", {20, 20, 3}, 2},
       write_original,
       4},
      {{"fashion_resnet", "residual network with a narrow middle to cut at", {28, 28, 1}, 10},
       write_fashion_resnet,
       2},
      {{"resnet8", "MLPerf Tiny image classification", {32, 32, 3}, 10}, write_resnet8, 1},
      {{"mobilenet_v1_025", "MLPerf Tiny visual wake words", {96, 96, 3}, 2}, write_mobilenet, 1},
      {{"ds_cnn", "MLPerf Tiny keyword spotting", {49, 10, 1}, 12}, write_ds_cnn, 1},
      {{"autoencoder", "MLPerf Tiny anomaly detection: gives its input back", {640}, 0},
       write_autoencoder,
       1},
  }};
  return all;
}

const Entry* find_entry(std::string_view name) {
  const auto found =
      std::ranges::find_if(entries(), [&](const Entry& e) { return e.named.name == name; });
  return found == entries().end() ? nullptr : &*found;
}

Status check_input(const Entry& entry, std::span<const std::int64_t> input) {
  const std::string name(entry.named.name);
  const bool takes_vectors = entry.named.input.size() == 1;
  if (input.size() != 3 && !(takes_vectors && input.size() == 1)) {
    return invalid_argument(name + " takes an input of height, width and channels");
  }
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    const bool is_side = input.size() == 3 && axis < 2;
    if (input[axis] < (is_side ? entry.smallest_side : 1)) {
      return invalid_argument(name + " takes images of at least " +
                              std::to_string(entry.smallest_side) + " pixels a side");
    }
  }
  std::vector<std::int64_t> dims{1};
  dims.insert(dims.end(), input.begin(), input.end());
  return Shape::create(dims).status();
}

}  // namespace

std::span<const NamedArchitecture> named_architectures() {
  static const std::vector<NamedArchitecture> all = [] {
    std::vector<NamedArchitecture> list;
    for (const Entry& entry : entries()) list.push_back(entry.named);
    return list;
  }();
  return all;
}

bool is_named_architecture(std::string_view name) { return find_entry(name) != nullptr; }

Result<std::string> named_architecture(std::string_view name, std::span<const std::int64_t> input,
                                       std::int64_t classes, std::string_view model_name) {
  const Entry* const entry = find_entry(name);
  if (entry == nullptr) {
    std::string names;
    for (const Entry& e : entries())
      names += (names.empty() ? "" : ", ") + std::string(e.named.name);
    return not_found("there is no architecture \"" + std::string(name) + "\", only " + names);
  }
  if (input.empty()) input = entry->named.input;
  if (classes == 0) classes = entry->named.classes;
  TINYSPLIT_RETURN_IF_ERROR(check_input(*entry, input));
  if (classes < 0 || std::size_t(classes) > limits::kMaxDatasetClasses) {
    return invalid_argument("a network has from 1 to " +
                            std::to_string(limits::kMaxDatasetClasses) + " classes");
  }
  KerasConfig config{std::string(model_name.empty() ? name : model_name)};
  LayerStack layers(config);
  const Feature x = config.add_input("image", {input.begin(), input.end()});
  const Feature output = entry->write(layers, x, classes);
  return entry->write == write_original ? config.sequential() : config.functional(output);
}

}  // namespace tinysplit::training
