#include "formats/keras/weights.h"

namespace tinysplit::keras {

std::int64_t LayerWeights::num_elements() const {
  std::int64_t elements = 0;
  for (const Hdf5File::Dataset& dataset : datasets_) elements += dataset.shape.num_elements();
  return elements;
}

Result<std::shared_ptr<const Tensor>> LayerWeights::take(const Shape& shape, const char* what,
                                                         const std::optional<Shape>& as) {
  const std::string name = "its " + std::string(what);
  if (remaining() == 0) {
    return invalid_argument(name + " " + shape.to_string() + " is not in the file");
  }
  std::shared_ptr<const Tensor>& read = read_[taken_];
  const Hdf5File::Dataset& dataset = datasets_[taken_++];
  if (!(dataset.shape == shape)) {
    return invalid_argument(name + " has shape " + dataset.shape.to_string() +
                            " in the file, the configuration asks for " + shape.to_string());
  }
  if (read) return read;
  if (dataset.float_bytes() == 0) {
    return unimplemented(name + " is stored as " + dataset.type +
                         ", only float32, float16 and float64 are supported");
  }
  // More bytes than the file has are refused before they are allocated.
  if (!dataset.data ||
      dataset.data->size() < std::size_t(shape.num_elements()) * dataset.float_bytes()) {
    return invalid_argument(name + " " + shape.to_string() +
                            " has no or too little data in the file");
  }
  Tensor tensor(DType::kFloat32, shape);
  TINYSPLIT_RETURN_IF_ERROR(file_->read(dataset, tensor.as<float>()).with_context(name));
  if (as) tensor.reshape(*as);
  read = std::make_shared<const Tensor>(std::move(tensor));
  return read;
}

Status LayerWeights::expect_all_taken() const {
  if (remaining() == 0) return ok_status();
  return invalid_argument("the file has " + std::to_string(datasets_.size()) +
                          " weights for it, its configuration asks for " + std::to_string(taken_));
}

Result<std::vector<std::string_view>> long_attribute(Hdf5File& file, Hdf5File::Address object,
                                                     const std::string& name) {
  TINYSPLIT_ASSIGN_OR_RETURN(auto whole, file.strings(object, name));
  if (whole) return *whole;
  std::vector<std::string_view> all;
  for (int part = 0;; ++part) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto some, file.strings(object, name + std::to_string(part)));
    if (!some && part == 0) return not_found("the HDF5 file has no attribute \"" + name + "\"");
    if (!some) return all;
    all.insert(all.end(), some->begin(), some->end());
  }
}

}  // namespace tinysplit::keras
