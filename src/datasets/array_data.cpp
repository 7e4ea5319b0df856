#include "datasets/array_data.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace tinysplit {
namespace {

using Dims = std::vector<std::int64_t>;

bool are_channels(std::int64_t count) { return count == 1 || count == 3; }

// Bytes as images, which are turned to [H,W,C] as they are loaded.
class PixelArrays final : public ImageSource {
 public:
  explicit PixelArrays(std::unique_ptr<ArraySource> arrays) : arrays_(std::move(arrays)) {
    classes_ = arrays_->classes();
    class_numbers_ = arrays_->class_numbers();
    notes_ = arrays_->notes();
    for (const Part part : kParts) labels_[std::size_t(part)] = arrays_->labels(part);
    const Dims dims = arrays_->dims();
    channels_first_ = dims.size() == 3 && !are_channels(dims[2]);
    const auto side = [&](std::size_t at) { return static_cast<std::size_t>(dims[at]); };
    size_ = channels_first_ ? ImageSize{side(1), side(2), side(0)}
                            : ImageSize{side(0), side(1), dims.size() == 3 ? side(2) : 1};
  }

  std::size_t count(Part part) const override { return arrays_->count(part); }
  std::vector<float> answer(Part part, std::size_t item) const override {
    return arrays_->answer(part, item);
  }
  Dims answer_dims() const override { return arrays_->answer_dims(); }
  Result<ImageSize> size_of(Part, std::size_t) override { return size_; }
  Status load(Part part, std::size_t item, const ImageSize& size,
              std::span<std::uint8_t> pixels) override {
    const std::span<const std::byte> bytes = arrays_->sample(part, item);
    std::span<const std::uint8_t> image(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                        bytes.size());
    std::vector<std::uint8_t> turned;
    if (channels_first_ && size_.channels > 1) {
      const std::size_t plane = size_.height * size_.width;
      turned.resize(image.size());
      for (std::size_t i = 0; i < turned.size(); ++i) {
        turned[i] = image[i % size_.channels * plane + i / size_.channels];
      }
      image = turned;
    }
    convert_image(image, size_, options_, size, pixels);
    return ok_status();
  }

 private:
  std::unique_ptr<ArraySource> arrays_;
  ImageSize size_;
  bool channels_first_ = false;
};

Dims without_ones(const Dims& dims) {
  Dims rest;
  std::ranges::copy_if(dims, std::back_inserter(rest), [](std::int64_t dim) { return dim != 1; });
  return rest;
}

std::int64_t product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

std::string text_of(const Dims& dims) {
  std::string text;
  for (const std::int64_t dim : dims) text += (text.empty() ? "" : ",") + std::to_string(dim);
  return "[" + text + "]";
}

// The shape of `count` samples of `dims`.
Result<Shape> shape_of(std::size_t count, const Dims& dims) {
  Dims all = {static_cast<std::int64_t>(count)};
  all.insert(all.end(), dims.begin(), dims.end());
  return Shape::create(all);
}

}  // namespace

Status put_answers(const DataSource& source, const std::vector<Item>& items, LabelledImages& data) {
  data.classes = source.classes();
  data.class_numbers = source.class_numbers();
  data.notes = source.notes();
  std::vector<float> targets;
  for (const auto& [part, index] : items) {
    if (!data.classes.empty()) data.labels.push_back(source.labels(part)[index]);
    const std::vector<float> answer = source.answer(part, index);
    targets.insert(targets.end(), answer.begin(), answer.end());
  }
  if (targets.empty()) return ok_status();
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, shape_of(items.size(), source.answer_dims()));
  data.targets = Tensor(DType::kFloat32, shape);
  std::ranges::copy(targets, data.targets.as<float>().begin());
  return ok_status();
}

void make_float32(LabelledImages& data) {
  if (data.are_pixels || data.images.dtype() == DType::kFloat32) return;
  Tensor floats(DType::kFloat32, data.images.shape());
  std::ranges::copy(floats_of(data.images.view()), floats.as<float>().begin());
  data.images = std::move(floats);
}

bool can_be_images(const ArraySource& arrays) {
  const Dims dims = arrays.dims();
  if (arrays.dtype() != DType::kUint8) return false;
  return dims.size() == 2 || (dims.size() == 3 && (are_channels(dims[2]) || are_channels(dims[0])));
}

std::unique_ptr<ImageSource> images_of_arrays(std::unique_ptr<ArraySource> arrays) {
  return std::make_unique<PixelArrays>(std::move(arrays));
}

Result<LabelledImages> gather(const ArraySource& arrays, const std::vector<Item>& items,
                              const Dims& dims) {
  const Dims own = arrays.dims();
  const bool is_flat =
      (own.size() == 1 || without_ones(dims).size() < 2) && product(own) == product(dims);
  if (!dims.empty() && !is_flat && without_ones(own) != without_ones(dims)) {
    return invalid_argument("its samples are " + text_of(own) + ", the model takes " +
                            text_of(dims));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, shape_of(items.size(), dims.empty() ? own : dims));
  LabelledImages data;
  data.are_pixels = false;
  data.images = Tensor(arrays.dtype(), shape);
  std::byte* to = data.images.data();
  for (const auto& [part, index] : items) {
    to = std::ranges::copy(arrays.sample(part, index), to).out;
  }
  TINYSPLIT_RETURN_IF_ERROR(put_answers(arrays, items, data));
  return data;
}

}  // namespace tinysplit
