#include "evaluation/sample_feed.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "datasets/array_block.h"
#include "engine/value_conversion.h"

namespace tinysplit {
namespace {

bool is_integer(DType dtype) {
  return dtype != DType::kFloat32 && dtype != DType::kFloat16 && dtype != DType::kBool;
}

template <typename To>
Result<Tensor> narrowed(const Tensor& from, DType dtype) {
  Tensor to(dtype, from.shape());
  const auto numbers = to.as<To>();
  const auto put = [&](std::size_t i, std::int64_t number) {
    numbers[i] = static_cast<To>(number);
    return number >= std::numeric_limits<To>::min() && number <= std::numeric_limits<To>::max();
  };
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool fits = from.dtype() == DType::kInt64
                          ? put(i, from.as<std::int64_t>()[i])
                          : put(i, static_cast<std::int64_t>(floats_of(from.view())[i]));
    if (!fits) {
      return invalid_argument("a sample has a number that " + std::string(dtype_name(dtype)) +
                              " cannot hold");
    }
  }
  return to;
}

// Numbers of any type as the input has them.
Result<Tensor> converted(Tensor sample, const Value& value) {
  if (sample.dtype() == value.dtype) return sample;
  const bool is_plain = !value.quantization;
  if (is_plain && is_integer(sample.dtype()) && value.dtype == DType::kInt32) {
    return narrowed<std::int32_t>(sample, value.dtype);
  }
  if (is_plain && is_integer(sample.dtype()) && value.dtype == DType::kInt64) {
    return narrowed<std::int64_t>(sample, value.dtype);
  }
  if (sample.dtype() != DType::kFloat32) {
    Tensor floats(DType::kFloat32, sample.shape());
    std::ranges::copy(floats_of(sample.view()), floats.as<float>().begin());
    sample = std::move(floats);
  }
  return convert_for(std::move(sample), value);
}

Status other_size(const Shape& samples, const Shape& taken) {
  return invalid_argument("the samples are of " + samples.to_string() + ", the model takes " +
                          taken.to_string());
}

}  // namespace

Result<SampleFeed> SampleFeed::create(const Graph& graph, const LabelledImages& data,
                                      const Preprocessing& preprocessing) {
  Shape one = data.images.shape();
  if (one.rank() > 0) one[0] = 1;
  if (data.are_pixels) {
    TINYSPLIT_ASSIGN_OR_RETURN(ImageInput image, image_input_of(graph, preprocessing));
    const ImageSize& size = image.size();
    const Shape taken{1, std::int64_t(size.height), std::int64_t(size.width),
                      std::int64_t(size.channels)};
    if (one != taken) return other_size(one, taken);
    SampleFeed feed(graph.value(graph.inputs()[0]), data);
    Value given = *feed.value_;
    given.dtype = DType::kFloat32;
    Preprocessing shares = preprocessing;
    if (!preprocessing.is_stated) shares.channels.fill({1.0F / 255.0F, 0.0F});
    TINYSPLIT_ASSIGN_OR_RETURN(feed.reconstructed_, ImageInput::create(given, shares));
    feed.image_ = std::move(image);
    return feed;
  }
  if (graph.inputs().size() != 1) {
    return invalid_argument("the model takes " + std::to_string(graph.inputs().size()) +
                            " inputs, a data set fills one");
  }
  const Value& value = graph.value(graph.inputs()[0]);
  if (one != value.shape) return other_size(one, value.shape);
  SampleFeed feed(value, data);
  if (data.size() > 0) TINYSPLIT_RETURN_IF_ERROR(feed.tensor(0).status());
  return feed;
}

std::span<const std::uint8_t> SampleFeed::image(std::size_t i) const {
  const auto count = static_cast<std::size_t>(value_->shape.num_elements());
  return data_->images.as<std::uint8_t>().subspan(i * count, count);
}

Status SampleFeed::write(std::size_t i, std::span<std::byte> bytes) const {
  if (image_) {
    image_->write(image(i), bytes);
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor sample, tensor(i));
  std::ranges::copy(sample.bytes(), bytes.begin());
  return ok_status();
}

Result<Tensor> SampleFeed::tensor(std::size_t i) const {
  if (image_) {
    Tensor made(value_->dtype, value_->shape);
    image_->write(image(i), made.bytes());
    return made;
  }
  Tensor sample(data_->images.dtype(), value_->shape);
  const std::size_t bytes = sample.num_bytes();
  std::memcpy(sample.data(), data_->images.data() + i * bytes, bytes);
  return converted(std::move(sample), *value_);
}

Result<std::vector<float>> SampleFeed::reconstruction(std::size_t i) const {
  if (reconstructed_) {
    std::vector<float> numbers(static_cast<std::size_t>(value_->shape.num_elements()));
    reconstructed_->write(image(i), std::as_writable_bytes(std::span(numbers)));
    return numbers;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor sample, tensor(i));
  const Tensor real = real_numbers(sample, *value_);
  const auto numbers = real.as<float>();
  return std::vector<float>(numbers.begin(), numbers.end());
}

}  // namespace tinysplit
