#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/keras/layer_options.h"
#include "formats/keras/model_config.h"
#include "formats/keras/weights.h"
#include "graph/graph_builder.h"

namespace tinysplit::keras {

// What a translator works with: one layer of the source model, already opened in the builder.
// To support another class: write a Translator in one of the layers_*.cpp, declare it in layers.h,
// name it in layer_table.cpp. A translator adds the layer's operations and returns its output;
// errors need not name the layer.
class LayerContext {
 public:
  LayerContext(const LayerConfig& layer, int major_version, std::vector<ValueId> sources,
               LayerWeights& own_weights, std::int64_t& constants_left, GraphBuilder& builder)
      : options(layer.options),
        weights(own_weights),
        inputs(std::move(sources)),
        keras_major(major_version),
        constants_left_(constants_left),
        builder_(builder) {}

  LayerOptions options;
  LayerWeights& weights;
  std::vector<ValueId> inputs;
  int keras_major;  // of the version that wrote the file

  // The input of a layer that takes one. Errors: INVALID_ARGUMENT.
  Result<ValueId> single_input() const;
  // The same, which must be an image, [1,H,W,C].
  Result<ValueId> image_input() const;

  const Shape& shape(ValueId value) const { return builder_.value(value).shape; }

  Result<ValueId> add(Op op, std::vector<ValueId> operands) {
    return builder_.add_op(std::move(op), std::move(operands));
  }
  ValueId constant(Tensor tensor) { return builder_.add_constant(std::move(tensor)); }

  // y = x * scale(c) + shift(c) for every index c of the last axis.
  // Errors: RESOURCE_EXHAUSTED (limits::kMaxConfigConstants).
  Result<ValueId> add_affine(ValueId x, const std::function<double(std::size_t)>& scale,
                             const std::function<double(std::size_t)>& shift);

  // Before making constants of a size that the file's weights do not back.
  Status spend_constants(std::int64_t elements);

  // x under another shape; x itself if that is its shape.
  Result<ValueId> reshape(ValueId x, const Shape& to);

  // The activation that option `activation` of Keras means, applied to x; null is none.
  // Errors: UNIMPLEMENTED (unknown), those of its options.
  Result<ValueId> add_activation(ValueId x, const Json& activation);

 private:
  std::int64_t& constants_left_;
  GraphBuilder& builder_;
};

using Translator = Result<ValueId> (*)(LayerContext&);

// The translator of a class of Keras layer; null if there is none.
Translator find_translator(std::string_view class_name);

}  // namespace tinysplit::keras
