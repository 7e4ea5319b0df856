#pragma once

#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/status.h"
#include "core/tensor.h"
#include "formats/keras/layer_options.h"
#include "formats/keras/masks.h"
#include "formats/keras/model_config.h"
#include "formats/keras/weights.h"
#include "graph/graph_builder.h"

namespace tinysplit::keras {

// What all layers of a file share while it is translated.
struct TranslationState {
  GraphBuilder& builder;
  std::int64_t constants_left = limits::kMaxConfigConstants;
  std::size_t calls_left = limits::kMaxNodes;
  std::map<const Tensor*, ValueId> weights;  // those that are in the graph already
  Masks masks;
};

// What a layer is called on.
struct CallInputs {
  std::vector<ValueId> inputs;
  std::map<std::string, std::vector<ValueId>> named;  // tensors given by keyword
  std::map<std::string, Json> arguments;              // other keywords
  std::vector<Json> operands;                         // of operations, see CallConfig
};

// What a translator works with: one call of a layer of the source model, already opened in the
// builder. To support another class: write a Translator in one of the layers_*.cpp, declare it in
// layers.h, name it in layer_table.cpp. A translator adds the layer's operations and returns its
// output; errors need not name the layer.
class LayerContext {
 public:
  LayerContext(const Json& layer_options, int major_version, CallInputs call,
               LayerWeights& own_weights, TranslationState& state)
      : options(layer_options),
        weights(own_weights),
        inputs(std::move(call.inputs)),
        call_operands(std::move(call.operands)),
        arguments(std::move(call.arguments)),
        keras_major(major_version),
        named_(std::move(call.named)),
        state_(state) {}

  LayerOptions options;
  LayerWeights& weights;
  std::vector<ValueId> inputs;
  std::vector<Json> call_operands;        // of operations, see CallConfig::operands
  std::map<std::string, Json> arguments;  // keywords that are no tensors, until they are taken
  int keras_major;                        // of the version that wrote the file
  std::vector<ValueId> more_outputs;      // that the layer hands on after the one returned

  // The input of a layer that takes one. Errors: INVALID_ARGUMENT.
  Result<ValueId> single_input() const;
  // The same of a layer with `axes` spatial axes: [N,W,C], [N,H,W,C] or [N,D,H,W,C].
  Result<ValueId> spatial_input(int axes) const;
  // The same, but with one spatial axis as an image [N,1,W,C].
  Result<ValueId> image_input(int axes);
  // The way back from such an image; all else stays as it is.
  Result<ValueId> from_image(ValueId image, int axes);

  // The mask of the first input, [N,T] of bool, given by keyword or handed on; none without one.
  // Keras 3 hands none on to a call that is given other tensors than that input (`only_input`).
  // Errors: UNIMPLEMENTED.
  Result<std::optional<ValueId>> take_mask(bool only_input = true);

  // Tensors and other arguments given by keyword; none if they were not. What nobody asks for is an
  // error of the call.
  std::vector<ValueId> take_named(const std::string& key);
  std::optional<Json> take_argument(const std::string& key);
  // Errors: UNIMPLEMENTED, for arguments that nobody took.
  Status expect_no_more_arguments() const;

  const Value& value(ValueId id) const { return state_.builder.value(id); }
  const Shape& shape(ValueId id) const { return value(id).shape; }

  Result<ValueId> add(Op op, std::vector<ValueId> operands) {
    return state_.builder.add_op(std::move(op), std::move(operands));
  }
  ValueId constant(Tensor tensor) { return state_.builder.add_constant(std::move(tensor)); }

  // The same as add(), but computed at once where all operands are constants.
  // Errors: also RESOURCE_EXHAUSTED (limits::kMaxConfigConstants, limits::kMaxFoldedMacs).
  Result<ValueId> compute(Op op, std::vector<ValueId> operands);

  // The next weight of the layer as a constant of the graph, see LayerWeights::take().
  Result<ValueId> weight(const Shape& shape, const char* what, const std::optional<Shape>& as = {});

  // A float32 constant all of whose elements are `number`.
  // Errors: RESOURCE_EXHAUSTED (limits::kMaxConfigConstants).
  Result<ValueId> filled(const Shape& shape, float number);

  // y = x * scale(c) + shift(c) for every index c of the last axis.
  // Errors: RESOURCE_EXHAUSTED (limits::kMaxConfigConstants).
  Result<ValueId> add_affine(ValueId x, const std::function<double(std::size_t)>& scale,
                             const std::function<double(std::size_t)>& shift);

  // Before making constants of a size that the file's weights do not back.
  Status spend_constants(std::int64_t elements);

  // x under another shape; x itself if that is its shape.
  Result<ValueId> reshape(ValueId x, const Shape& to);
  Result<ValueId> reshape_dims(ValueId x, const std::vector<std::int64_t>& dims);

  // The activation that option `activation` of Keras means, applied to x; null is none.
  // Errors: UNIMPLEMENTED (unknown), those of its options.
  Result<ValueId> add_activation(ValueId x, const Json& activation);

  // The activation that option `key` of `owner` means; null is none, absence `fallback`. One that
  // works element by element, for operations that apply it inside.
  // Errors: UNIMPLEMENTED (any other).
  Result<ActivationOp> parse_activation(const LayerOptions& owner, const char* key,
                                        const char* fallback) const;

 private:
  std::map<std::string, std::vector<ValueId>> named_;
  TranslationState& state_;
};

using Translator = Result<ValueId> (*)(LayerContext&);

}  // namespace tinysplit::keras
