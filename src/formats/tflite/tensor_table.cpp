#include "formats/tflite/tensor_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "core/numeric.h"
#include "formats/tflite/hybrid_weights.h"
#include "formats/tflite/names.h"
#include "formats/tflite/subgraphs.h"
#include "formats/tflite/weights.h"

namespace tinysplit::tflite {
namespace {

Result<DType> dtype_of(schema::TensorType type) {
  switch (type) {
    case schema::TensorType::FLOAT32:
      return DType::kFloat32;
    case schema::TensorType::FLOAT16:
      return DType::kFloat16;
    case schema::TensorType::INT32:
      return DType::kInt32;
    case schema::TensorType::UINT8:
      return DType::kUint8;
    case schema::TensorType::INT64:
      return DType::kInt64;
    case schema::TensorType::BOOL:
      return DType::kBool;
    case schema::TensorType::INT16:
      return DType::kInt16;
    case schema::TensorType::INT8:
      return DType::kInt8;
    default:
      break;
  }
  const std::string name = schema::EnumNameTensorType(type);
  return unimplemented("is of type " +
                       (name.empty() ? std::to_string(static_cast<int>(type)) : name) +
                       ", which is not supported");
}

// Other integers carry numbers that nothing rescales: indices, shapes, sums of products.
bool may_be_quantized(DType dtype) {
  return dtype == DType::kInt8 || dtype == DType::kUint8 || dtype == DType::kInt16;
}

Result<Shape> shape_of(const flatbuffers::Vector<std::int32_t>* sizes) {
  std::vector<std::int64_t> dims;
  if (sizes != nullptr) {
    if (sizes->size() > limits::kMaxRank) {
      return out_of_range("has " + std::to_string(sizes->size()) + " dimensions, at most " +
                          std::to_string(limits::kMaxRank) + " are allowed");
    }
    dims.assign(sizes->begin(), sizes->end());
  }
  return Shape::create(dims);
}

// The verifier asks for no more than the four bytes of its length of where a vector begins.
std::int64_t load_long(const flatbuffers::Vector<std::int64_t>& numbers, std::size_t index) {
  std::int64_t number;
  std::memcpy(&number, numbers.Data() + index * sizeof(number), sizeof(number));
  return flatbuffers::EndianScalar(number);
}

std::int64_t product(const Shape& shape, int begin, int end) {
  std::int64_t product = 1;
  for (int i = begin; i < end; ++i) product *= shape[i];
  return product;
}

struct Arrangement {
  std::int64_t rows;
  std::int64_t columns;
  Shape shape;
  int axis;  // of the filters
};

// What swap_axes() needs for a layout; rows of 0 for none.
Result<Arrangement> arrange(WeightLayout layout, const Shape& shape) {
  const int rank = shape.rank();
  Arrangement made{0, 0, shape, rank - 1};
  switch (layout) {
    case WeightLayout::kAsIs:
      made.axis = -1;
      return made;
    case WeightLayout::kFirstToLast: {
      if (rank < 2) break;
      Shape last = shape;
      for (int i = 1; i < rank; ++i) last[i - 1] = shape[i];
      last[rank - 1] = shape[0];
      return Arrangement{shape[0], product(shape, 1, rank), last, rank - 1};
    }
    case WeightLayout::kDepthwise:
      if (rank != 4 || shape[0] != 1) break;
      made.shape = Shape{shape[1], shape[2], 1, shape[3]};
      return made;
    case WeightLayout::kFirstBehindTwo:
      if (rank != 4) break;
      return Arrangement{shape[0], shape[1] * shape[2],
                         Shape{shape[1], shape[2], shape[0], shape[3]}, 2};
  }
  return invalid_argument("has shape " + shape.to_string() + ", which is not that of a kernel");
}

}  // namespace

ReadingBudget::ReadingBudget(std::size_t file_bytes)
    : constant_bytes(static_cast<std::int64_t>(limits::kMaxTfliteConstantRatio * file_bytes +
                                               limits::kMinUnpackedAllowance)),
      folded_bytes(limits::kMaxTfliteFoldedBytes),
      folded_macs(limits::kMaxFoldedMacs),
      called_operators(kMaxCalledOperators) {}

TensorTable::TensorTable(const schema::Model& model, const schema::SubGraph& subgraph,
                         ReadingBudget& budget, GraphBuilder& builder)
    : model_(model),
      builder_(builder),
      tensors_(subgraph.tensors()->begin(), subgraph.tensors()->end()),
      values_(tensors_.size(), -1),
      budget_(budget) {}

Status TensorTable::check(const schema::SubGraph& subgraph) {
  if (subgraph.tensors() == nullptr || subgraph.tensors()->size() == 0) {
    return invalid_argument("the model has no tensors");
  }
  if (subgraph.tensors()->size() <= limits::kMaxTfliteTensors) return ok_status();
  return out_of_range("the model has " + std::to_string(subgraph.tensors()->size()) +
                      " tensors, at most " + std::to_string(limits::kMaxTfliteTensors) +
                      " are allowed");
}

std::vector<ValueId> TensorTable::take_values() {
  forget_computed_weights();
  return std::exchange(values_, std::vector<ValueId>(tensors_.size(), -1));
}

void TensorTable::restore_values(std::vector<ValueId> values) {
  forget_computed_weights();
  values_ = std::move(values);
}

// Kernels arranged of what operators made hold for this run alone.
void TensorTable::forget_computed_weights() {
  std::erase_if(weights_, [this](const auto& each) { return is_defined(std::get<0>(each.first)); });
}

std::string TensorTable::describe(int index) const {
  return "tensor " + std::to_string(index) + " \"" + clean_text(name(index), 80) + "\"";
}

std::string TensorTable::name(int index) const {
  const flatbuffers::String* text = at(index).name();
  return text == nullptr ? std::string() : text->str();
}

bool TensorTable::is_variable(int index) const { return at(index).is_variable(); }

Result<DType> TensorTable::dtype(int index) const {
  const Result<DType> dtype = dtype_of(at(index).type());
  if (!dtype.ok()) return dtype.status().with_context(describe(index));
  return dtype;
}

Result<ElementType> TensorTable::element_type(int index) const {
  TINYSPLIT_ASSIGN_OR_RETURN(const DType type, dtype(index));
  // Of any shape, as only one entry is allowed.
  auto quantized = quantization(index, type, Shape());
  if (!quantized.ok()) return quantized.status().with_context(describe(index));
  return ElementType(type, std::move(*quantized));
}

Result<Shape> TensorTable::declared_shape(int index) const {
  Result<Shape> shape = shape_of(at(index).shape());
  if (!shape.ok()) return shape.status().with_context(describe(index));
  return shape;
}

Result<DeclaredInput> TensorTable::declared_input(int index) const {
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, declared_shape(index));
  DeclaredInput input;
  input.sizes.assign(shape.dims().begin(), shape.dims().end());
  const auto* signature = at(index).shape_signature();
  if (signature == nullptr || signature->size() == 0) return input;
  if (static_cast<int>(signature->size()) != shape.rank()) {
    return invalid_argument(describe(index) + " has a shape signature of another rank");
  }
  for (int i = 0; i < shape.rank(); ++i) {
    if (signature->Get(static_cast<flatbuffers::uoffset_t>(i)) < 0)
      input.sizes[usize(i)] = kOpenSize;
  }
  return input;
}

bool TensorTable::has_data(int index) const {
  const std::uint32_t buffer = at(index).buffer();
  if (model_.buffers() != nullptr && buffer < model_.buffers()->size()) {
    const schema::Buffer* found = model_.buffers()->Get(buffer);
    if (found->data() != nullptr && found->data()->size() > 0) return true;
    if (found->offset() > 1 || found->size() > 1) return true;
  }
  const auto* sizes = at(index).shape();
  return at(index).external_buffer() != 0 ||
         (sizes != nullptr && std::ranges::count(*sizes, 0) > 0);
}

std::int64_t TensorTable::weight_bytes(int index, bool is_bias) const {
  switch (at(index).type()) {
    case schema::TensorType::INT32:
    case schema::TensorType::INT64:
    case schema::TensorType::BOOL:
      if (!is_bias) return 0;
      break;
    default:
      break;
  }
  const std::uint32_t buffer = at(index).buffer();
  if (model_.buffers() == nullptr || buffer >= model_.buffers()->size()) return 0;
  const auto* data = model_.buffers()->Get(buffer)->data();
  return data == nullptr ? 0 : static_cast<std::int64_t>(data->size());
}

Result<std::optional<Quantization>> TensorTable::quantization(int index, DType dtype,
                                                              const Shape& shape) const {
  const schema::QuantizationParameters* given = at(index).quantization();
  if (given == nullptr || !may_be_quantized(dtype)) return std::optional<Quantization>();
  if (given->details() != nullptr) {
    return unimplemented("has a quantisation of its own kind, which is not supported");
  }
  const auto* scales = given->scale();
  if (scales == nullptr || scales->size() == 0) return std::optional<Quantization>();
  const auto* zeros = given->zero_point();
  const std::size_t num_zeros = zeros == nullptr ? 0 : zeros->size();
  if (num_zeros > 1 && num_zeros != scales->size()) {
    return invalid_argument("has " + std::to_string(scales->size()) + " scales and " +
                            std::to_string(num_zeros) + " zero points");
  }
  Quantization made;
  made.scale.assign(scales->begin(), scales->end());
  for (std::size_t i = 0; i < made.scale.size(); ++i) {
    std::int64_t zero = 0;
    if (num_zeros > 0) zero = load_long(*zeros, num_zeros == 1 ? 0 : i);
    constexpr std::int64_t kMost = 1 << 16;  // Far outside of each dtype, inside of 32 bits.
    made.zero_point.push_back(static_cast<std::int32_t>(std::clamp(zero, -kMost, kMost)));
  }
  if (made.scale.size() > 1) {
    if (shape.rank() == 0) {
      return unimplemented("is computed and has " + std::to_string(made.scale.size()) +
                           " scales; only constants may be quantised per channel");
    }
    made.axis = given->quantized_dimension();
    if (made.axis < 0) return invalid_argument("is quantised along a negative axis");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_quantization(made, dtype, shape));
  return std::optional<Quantization>(std::move(made));
}

Result<TensorTable::Constant> TensorTable::constant(int index) const {
  const std::string what = describe(index);
  if (at(index).sparsity() != nullptr) return unimplemented(what + " is sparse");
  const Result<DType> dtype = dtype_of(at(index).type());
  if (!dtype.ok()) return dtype.status().with_context(what);
  Constant made;
  made.view.dtype = *dtype;
  TINYSPLIT_ASSIGN_OR_RETURN(made.view.shape, declared_shape(index));
  auto quantized = quantization(index, *dtype, made.view.shape);
  if (!quantized.ok()) return quantized.status().with_context(what);
  made.quantization = std::move(*quantized);

  const std::uint32_t buffer = at(index).buffer();
  if (model_.buffers() == nullptr || buffer >= model_.buffers()->size()) {
    return invalid_argument(what + " lies in buffer " + std::to_string(buffer) +
                            ", which does not exist");
  }
  const schema::Buffer* found = model_.buffers()->Get(buffer);
  if (found->offset() > 1 || found->size() > 1 || at(index).external_buffer() != 0) {
    return unimplemented(what + " lies outside of the FlatBuffer, which is not supported");
  }
  const std::size_t bytes = found->data() == nullptr ? 0 : found->data()->size();
  if (bytes != made.view.num_bytes()) {
    return invalid_argument(what + " has " + std::to_string(bytes) + " bytes of data, needs " +
                            std::to_string(made.view.num_bytes()) + " for " +
                            std::string(dtype_name(*dtype)) + made.view.shape.to_string());
  }
  if (bytes > 0) made.view.data = reinterpret_cast<const std::byte*>(found->data()->data());
  return made;
}

Result<ValueId> TensorTable::value(int index) {
  if (is_defined(index)) return values_[static_cast<std::size_t>(index)];
  if (!has_data(index)) {
    const bool variable = is_variable(index);
    const std::string what = describe(index);
    if (variable) return unimplemented(what + " is a variable, which is not supported here");
    return invalid_argument(what + " is read before an operator makes it");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId made,
                             weights(index, WeightLayout::kAsIs, WeightNumbers::kStored, {}));
  return made;
}

Result<Tensor> TensorTable::to_real(int index, Constant& stored, WeightNumbers numbers,
                                    schema::BuiltinOperator code) const {
  TensorView view = stored.view;
  if (view.dtype != DType::kFloat16) {
    if (numbers == WeightNumbers::kHybrid) {
      const Status checked = check_hybrid_weights(code, view.dtype, stored.quantization);
      if (!checked.ok()) return checked.with_context(describe(index));
      view.dtype = DType::kInt8;
    }
    if (!stored.quantization) {
      return invalid_argument(describe(index) + " is " + std::string(dtype_name(view.dtype)) +
                              " without a scale beside float32");
    }
  }
  return to_float(view, stored.quantization ? &*stored.quantization : nullptr);
}

Result<ValueId> TensorTable::weights(int index, WeightLayout layout, WeightNumbers numbers,
                                     schema::BuiltinOperator code) {
  const auto key = std::tuple(index, layout, numbers, code);
  if (const auto found = weights_.find(key); found != weights_.end()) return found->second;
  Constant stored;
  if (is_defined(index)) {
    // Computed from constants by an operator before.
    const Value& value = builder_.value(values_[static_cast<std::size_t>(index)]);
    if (!value.is_constant()) return unimplemented(describe(index) + " is not a constant");
    if (layout == WeightLayout::kAsIs) return values_[static_cast<std::size_t>(index)];
    stored = {value.data->view(), value.quantization};
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(stored, constant(index));
  }
  auto arranged = arrange(layout, stored.view.shape);
  if (!arranged.ok()) return arranged.status().with_context(describe(index));
  const bool converts = numbers != WeightNumbers::kStored && stored.view.dtype != DType::kFloat32;
  const DType dtype = converts ? DType::kFloat32 : stored.view.dtype;
  TINYSPLIT_RETURN_IF_ERROR(spend_constants(stored.view.shape.num_elements() *
                                            static_cast<std::int64_t>(dtype_size(dtype))));
  Tensor floats;
  if (converts) {
    TINYSPLIT_ASSIGN_OR_RETURN(floats, to_real(index, stored, numbers, code));
    stored = {floats.view(), std::nullopt};
  }
  std::optional<Quantization>& quantized = stored.quantization;
  if (quantized && quantized->axis >= 0 && layout != WeightLayout::kAsIs) {
    const bool by_filter = quantized->axis == (layout == WeightLayout::kDepthwise ? 3 : 0);
    if (!by_filter) {
      return unimplemented(describe(index) + " is quantised along axis " +
                           std::to_string(quantized->axis) + ", not by filter");
    }
    quantized->axis = arranged->axis;
  }
  Tensor kernel;
  if (arranged->rows > 0) {
    kernel = swap_axes(stored.view, arranged->rows, arranged->columns, arranged->shape);
  } else if (converts) {
    kernel = std::move(floats);
    kernel.reshape(arranged->shape);
  } else {
    kernel = copied(stored.view, arranged->shape);
  }
  const ValueId made = builder_.add_constant(std::move(kernel), std::move(quantized));
  weights_.emplace(key, made);
  return made;
}

Status TensorTable::define(int index, ValueId value) {
  if (is_defined(index)) return invalid_argument(describe(index) + " is made twice");
  values_[static_cast<std::size_t>(index)] = value;
  return ok_status();
}

Status TensorTable::spend_constants(std::int64_t bytes) {
  if (bytes > budget_.constant_bytes) {
    return resource_exhausted("the constants take more than " +
                              std::to_string(limits::kMaxTfliteConstantRatio) +
                              " times the bytes of the file");
  }
  budget_.constant_bytes -= bytes;
  return ok_status();
}

}  // namespace tinysplit::tflite
