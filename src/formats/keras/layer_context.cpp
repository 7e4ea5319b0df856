#include "formats/keras/layer_context.h"

#include "core/limits.h"

namespace tinysplit::keras {

Result<ValueId> LayerContext::single_input() const {
  if (inputs.size() == 1) return inputs.front();
  return invalid_argument("it is called on " + std::to_string(inputs.size()) +
                          " tensors, it takes one");
}

Result<ValueId> LayerContext::image_input() const {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, single_input());
  if (shape(x).rank() == 4) return x;
  return invalid_argument("its input has shape " + shape(x).to_string() +
                          ", it takes images [N,H,W,C]");
}

Status LayerContext::spend_constants(std::int64_t elements) {
  constants_left_ -= elements;
  if (constants_left_ >= 0) return ok_status();
  return resource_exhausted("the configuration of the model asks for more than " +
                            std::to_string(limits::kMaxConfigConstants) + " constants");
}

Result<ValueId> LayerContext::add_affine(ValueId x, const std::function<double(std::size_t)>& scale,
                                         const std::function<double(std::size_t)>& shift) {
  const Shape channels{shape(x)[shape(x).rank() - 1]};
  TINYSPLIT_RETURN_IF_ERROR(spend_constants(2 * channels[0]));
  Tensor scales(DType::kFloat32, channels);
  Tensor shifts(DType::kFloat32, channels);
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels[0]); ++c) {
    scales.as<float>()[c] = static_cast<float>(scale(c));
    shifts.as<float>()[c] = static_cast<float>(shift(c));
  }
  const ValueId scale_id = constant(std::move(scales));
  const ValueId shift_id = constant(std::move(shifts));
  return add(ChannelAffineOp{}, {x, scale_id, shift_id});
}

Result<ValueId> LayerContext::reshape(ValueId x, const Shape& to) {
  if (shape(x) == to) return x;
  return add(ReshapeOp{to}, {x});
}

}  // namespace tinysplit::keras
