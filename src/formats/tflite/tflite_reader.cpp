#include "formats/tflite/tflite_reader.h"

#include <cstring>
#include <exception>
#include <new>

#include "core/file.h"
#include "core/limits.h"
#include "core/tensor.h"
#include "formats/tflite/graph_translation.h"

namespace tinysplit {
namespace {

using GraphResult = Result<std::shared_ptr<const Graph>>;

constexpr std::uint32_t kSchemaVersion = 3;
constexpr std::size_t kAlignment = 16;  // what FlatBuffers needs at most

Result<const tflite::schema::Model*> open_model(std::string_view bytes) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                 limits::kMaxTfliteDepth, limits::kMaxTfliteTables);
  if (!tflite::schema::VerifyModelBuffer(verifier)) {
    return invalid_argument("the TensorFlow Lite file is damaged or cut short");
  }
  const tflite::schema::Model* model = tflite::schema::GetModel(bytes.data());
  if (model->version() != kSchemaVersion) {
    return unimplemented("the file is of schema version " + std::to_string(model->version()) +
                         ", only " + std::to_string(kSchemaVersion) + " is supported");
  }
  return model;
}

// What `use` makes of the verified model, which it is given with the bytes.
template <typename Value, typename Use>
Result<Value> read_any(std::string_view bytes, const Use& use) {
  Tensor copy;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0) {
    copy = Tensor(DType::kUint8, Shape{static_cast<std::int64_t>(bytes.size())});
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    bytes = {reinterpret_cast<const char*>(copy.data()), bytes.size()};
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const tflite::schema::Model* model, open_model(bytes));
  return use(*model, bytes);
}

template <typename Value, typename Use>
Result<Value> read_safely(std::string_view bytes, const Use& use) {
  if (!looks_like_tflite_model(bytes)) {
    return invalid_argument("not a TensorFlow Lite model: the identifier TFL3 is missing");
  }
  if (bytes.size() > limits::kMaxModelFileBytes) {
    return out_of_range("the model has " + std::to_string(bytes.size()) + " bytes, at most " +
                        std::to_string(limits::kMaxModelFileBytes) + " are allowed");
  }
  try {
    return read_any<Value>(bytes, use);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("the model does not fit in memory");
  } catch (const std::exception& error) {
    return internal_error("reading the model failed: " + std::string(error.what()));
  }
}

}  // namespace

bool looks_like_tflite_model(std::string_view bytes) {
  constexpr std::size_t kIdentifierAt = 4;  // Behind the offset of the root table.
  return bytes.size() >= 8 && bytes.substr(kIdentifierAt, 4) == tflite::schema::ModelIdentifier();
}

GraphResult read_tflite_model_bytes(std::string_view bytes, const std::string& name,
                                    const TfliteOptions& options) {
  return read_safely<std::shared_ptr<const Graph>>(
      bytes, [&](const tflite::schema::Model& model, std::string_view aligned) {
        return tflite::translate_model(model, aligned.size(), name, sha256_hex(aligned), options);
      });
}

Result<std::vector<OperatorUse>> count_tflite_operators(std::string_view bytes,
                                                        const TfliteOptions& options) {
  return read_safely<std::vector<OperatorUse>>(
      bytes, [&](const tflite::schema::Model& model, std::string_view) {
        return tflite::count_operators(model, options);
      });
}

}  // namespace tinysplit
