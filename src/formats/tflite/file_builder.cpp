#include "formats/tflite/file_builder.h"

#include <algorithm>

#include "core/file.h"
#include "core/limits.h"
#include "formats/tflite/operator_versions.h"

namespace tinysplit::tflite {
namespace {

constexpr std::uint32_t kSchemaVersion = 3;
constexpr std::uint32_t kFirstSubgraph = 0;

schema::TensorType type_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return schema::TensorType::FLOAT32;
    case DType::kFloat16:
      return schema::TensorType::FLOAT16;
    case DType::kInt8:
      return schema::TensorType::INT8;
    case DType::kUint8:
      return schema::TensorType::UINT8;
    case DType::kInt16:
      return schema::TensorType::INT16;
    case DType::kInt32:
      return schema::TensorType::INT32;
    case DType::kInt64:
      return schema::TensorType::INT64;
    case DType::kBool:
      return schema::TensorType::BOOL;
  }
  return schema::TensorType::FLOAT32;
}

std::vector<TensorId> ids_of(const std::vector<NamedTensorId>& tensors) {
  std::vector<TensorId> ids;
  for (const NamedTensorId& named : tensors) ids.push_back(named.tensor);
  return ids;
}

}  // namespace

TensorId FileBuilder::add_tensor(std::string name, ElementType type, const Shape& shape,
                                 bool is_variable) {
  tensors_.push_back({std::move(name), std::move(type), shape, 0, is_variable});
  return static_cast<TensorId>(tensors_.size() - 1);
}

TensorId FileBuilder::add_constant(std::string name, ElementType type, const TensorView& data) {
  const std::uint32_t buffer = buffer_of(data);
  tensors_.push_back({std::move(name), std::move(type), data.shape, buffer, false});
  return static_cast<TensorId>(tensors_.size() - 1);
}

TensorId FileBuilder::add_shared_constant(std::string name, const TensorView& data) {
  const auto key = std::tuple(data.dtype, data.shape.to_string(), buffer_of(data));
  const auto found = shared_.find(key);
  if (found != shared_.end()) return found->second;
  const TensorId made = add_constant(std::move(name), data.dtype, data);
  shared_.emplace(key, made);
  return made;
}

std::uint32_t FileBuilder::buffer_of(const TensorView& data) {
  // Buffer 0 is empty by convention: that of all tensors without data.
  if (buffers_.empty()) buffers_.push_back(schema::CreateBuffer(tables_));
  const std::string_view bytes(reinterpret_cast<const char*>(data.data), data.num_bytes());
  std::string digest = sha256_hex(bytes);
  const auto found = buffers_by_digest_.find(digest);
  if (found != buffers_by_digest_.end()) return found->second;
  // What does not fit is counted and left out; finish() says so.
  constant_bytes_ += bytes.size();
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> vector = 0;
  if (constant_bytes_ < limits::kMaxModelFileBytes) {
    constexpr std::size_t kBufferAlignment = 16;
    tables_.ForceVectorAlignment(bytes.size(), sizeof(std::uint8_t), kBufferAlignment);
    vector =
        tables_.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  buffers_.push_back(schema::CreateBuffer(tables_, vector));
  const std::uint32_t made = static_cast<std::uint32_t>(buffers_.size() - 1);
  buffers_by_digest_.emplace(std::move(digest), made);
  return made;
}

std::uint32_t FileBuilder::code_index(schema::BuiltinOperator code, int version) {
  auto found = std::ranges::find(codes_, code, &std::pair<schema::BuiltinOperator, int>::first);
  if (found == codes_.end()) found = codes_.insert(codes_.end(), {code, version});
  found->second = std::max(found->second, version);
  return static_cast<std::uint32_t>(found - codes_.begin());
}

void FileBuilder::add_operator(schema::BuiltinOperator code, const std::vector<TensorId>& inputs,
                               const std::vector<TensorId>& outputs, OperatorOptions options,
                               int least_version) {
  std::vector<const TensorInfo*> read, made;
  for (const TensorId input : inputs) {
    if (input != kNoTensor) read.push_back(&info(input));
  }
  for (const TensorId output : outputs) made.push_back(&info(output));
  const int version = std::max(least_version, version_of_types(code, read, made));
  const std::uint32_t index = code_index(code, version);
  const auto input_vector = tables_.CreateVector(inputs);
  const auto output_vector = tables_.CreateVector(outputs);
  flatbuffers::Offset<flatbuffers::Vector<std::int32_t>> intermediates = 0;
  if (!options.intermediates.empty()) intermediates = tables_.CreateVector(options.intermediates);
  operators_.push_back(schema::CreateOperator(tables_, index, input_vector, output_vector,
                                              options.type, options.table, 0, 0, 0, intermediates));
}

flatbuffers::Offset<schema::Tensor> FileBuilder::lay_out(const TensorInfo& tensor) {
  std::vector<std::int32_t> dims;
  for (const std::int64_t dim : tensor.shape.dims()) dims.push_back(static_cast<std::int32_t>(dim));
  flatbuffers::Offset<schema::QuantizationParameters> quantization = 0;
  if (const auto& given = tensor.type.quantization) {
    const std::vector<std::int64_t> zeros(given->zero_point.begin(), given->zero_point.end());
    const auto scales = tables_.CreateVector(given->scale);
    const auto zero_points = tables_.CreateVector(zeros);
    schema::QuantizationParametersBuilder made(tables_);
    made.add_scale(scales);
    made.add_zero_point(zero_points);
    made.add_quantized_dimension(std::max(given->axis, 0));
    quantization = made.Finish();
  }
  const auto shape = tables_.CreateVector(dims);
  const auto name = tables_.CreateString(tensor.name);
  schema::TensorBuilder made(tables_);
  made.add_shape(shape);
  made.add_type(type_of(tensor.type.dtype));
  made.add_buffer(tensor.buffer);
  made.add_name(name);
  if (!quantization.IsNull()) made.add_quantization(quantization);
  made.add_is_variable(tensor.is_variable);
  made.add_has_rank(true);
  return made.Finish();
}

flatbuffers::Offset<schema::SignatureDef> FileBuilder::signature(
    const std::vector<NamedTensorId>& inputs, const std::vector<NamedTensorId>& outputs) {
  const auto maps_of = [this](const std::vector<NamedTensorId>& tensors) {
    std::vector<flatbuffers::Offset<schema::TensorMap>> maps;
    for (const NamedTensorId& named : tensors) {
      maps.push_back(schema::CreateTensorMap(tables_, tables_.CreateString(named.name),
                                             static_cast<std::uint32_t>(named.tensor)));
    }
    return tables_.CreateVector(maps);
  };
  const auto input_maps = maps_of(inputs);
  const auto output_maps = maps_of(outputs);
  const auto key = tables_.CreateString("serving_default");
  return schema::CreateSignatureDef(tables_, input_maps, output_maps, key, kFirstSubgraph);
}

Result<std::vector<std::byte>> FileBuilder::finish(const std::string& description,
                                                   const std::vector<NamedTensorId>& inputs,
                                                   const std::vector<NamedTensorId>& outputs) {
  if (constant_bytes_ >= limits::kMaxModelFileBytes) {
    return out_of_range("the constants of the model take " + std::to_string(constant_bytes_) +
                        " bytes, a file may have at most " +
                        std::to_string(limits::kMaxModelFileBytes));
  }
  if (buffers_.empty()) buffers_.push_back(schema::CreateBuffer(tables_));
  std::vector<flatbuffers::Offset<schema::OperatorCode>> codes;
  for (const auto& [code, version] : codes_) {
    // Numbers that do not fit the byte of the older field have the largest that means "see below".
    constexpr int kSeeBelow = 127;
    const int number = static_cast<int>(code);
    codes.push_back(schema::CreateOperatorCode(
        tables_, static_cast<std::int8_t>(std::min(number, kSeeBelow)), 0, version, code));
  }
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  for (const TensorInfo& tensor : tensors_) tensors.push_back(lay_out(tensor));
  const auto tensor_vector = tables_.CreateVector(tensors);
  const auto input_vector = tables_.CreateVector(ids_of(inputs));
  const auto output_vector = tables_.CreateVector(ids_of(outputs));
  const auto operator_vector = tables_.CreateVector(operators_);
  const auto name = tables_.CreateString("main");
  const std::vector subgraphs{schema::CreateSubGraph(tables_, tensor_vector, input_vector,
                                                     output_vector, operator_vector, name)};
  const std::vector signatures{signature(inputs, outputs)};
  const auto code_vector = tables_.CreateVector(codes);
  const auto subgraph_vector = tables_.CreateVector(subgraphs);
  const auto text = tables_.CreateString(description);
  const auto buffer_vector = tables_.CreateVector(buffers_);
  const auto signature_vector = tables_.CreateVector(signatures);
  schema::ModelBuilder model(tables_);
  model.add_version(kSchemaVersion);
  model.add_operator_codes(code_vector);
  model.add_subgraphs(subgraph_vector);
  model.add_description(text);
  model.add_buffers(buffer_vector);
  model.add_signature_defs(signature_vector);
  schema::FinishModelBuffer(tables_, model.Finish());
  if (tables_.GetSize() > limits::kMaxModelFileBytes) {
    return out_of_range("the file would have " + std::to_string(tables_.GetSize()) +
                        " bytes, at most " + std::to_string(limits::kMaxModelFileBytes) +
                        " are allowed");
  }
  const auto* begin = reinterpret_cast<const std::byte*>(tables_.GetBufferPointer());
  return std::vector<std::byte>(begin, begin + tables_.GetSize());
}

}  // namespace tinysplit::tflite
