#include "evaluation/image_feed.h"

#include <algorithm>
#include <string>

namespace tinysplit {

Result<ImageSize> image_size_of(const Graph& graph) {
  if (graph.inputs().size() != 1) {
    return invalid_argument("the model takes " + std::to_string(graph.inputs().size()) +
                            " inputs, a data set of images fills one");
  }
  const Value& input = graph.value(graph.inputs()[0]);
  const Shape& shape = input.shape;
  const bool is_image = shape.rank() == 4 && shape[0] == 1 && (shape[3] == 1 || shape[3] == 3);
  const bool has_type =
      input.dtype == DType::kFloat32 || input.dtype == DType::kInt8 || input.dtype == DType::kUint8;
  if (!is_image || !has_type) {
    return invalid_argument("input \"" + input.name + "\" is " +
                            std::string(dtype_name(input.dtype)) + " " + shape.to_string() +
                            ", which no image can be: needs [1,height,width,1 or 3] of float32, "
                            "int8 or uint8");
  }
  return ImageSize{static_cast<std::size_t>(shape[1]), static_cast<std::size_t>(shape[2]),
                   static_cast<std::size_t>(shape[3])};
}

Result<ImageFeed> ImageFeed::create(const Graph& graph, const LabelledImages& images,
                                    const PixelScaling& scaling) {
  TINYSPLIT_RETURN_IF_ERROR(image_size_of(graph).status());
  const Value& input = graph.value(graph.inputs()[0]);
  Shape one = images.images.shape();
  if (one.rank() == 4) one[0] = 1;
  if (one != input.shape) {
    return invalid_argument("the images are of " + one.to_string() + ", the model takes " +
                            input.shape.to_string());
  }
  return ImageFeed(input.dtype, input.shape, images, scaling);
}

void ImageFeed::write(std::size_t i, std::span<std::byte> bytes) const {
  const std::size_t count = static_cast<std::size_t>(shape_.num_elements());
  const auto pixels = images_->images.as<std::uint8_t>().subspan(i * count, count);
  if (dtype_ == DType::kFloat32) {
    scale_pixels(pixels, scaling_, {reinterpret_cast<float*>(bytes.data()), count});
    return;
  }
  // Less 128 turns the highest bit.
  const std::uint8_t turned = dtype_ == DType::kInt8 ? 0x80 : 0;
  std::ranges::transform(pixels, bytes.begin(), [turned](std::uint8_t pixel) {
    return static_cast<std::byte>(pixel ^ turned);
  });
}

Tensor ImageFeed::tensor(std::size_t i) const {
  Tensor image(dtype_, shape_);
  write(i, image.bytes());
  return image;
}

}  // namespace tinysplit
