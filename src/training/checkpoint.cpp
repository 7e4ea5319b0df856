#include "training/checkpoint.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/json_text.h"

// The file, numbers little-endian:
//   8 bytes   "TSCKPT01"
//   u64       bytes of the header
//   header    JSON; "tensors" lists the shapes of each group
//   tensors   float32, in the order of the header
//   64 bytes  SHA-256 of all before, hexadecimal
namespace tinysplit::training {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagic = "TSCKPT01";
constexpr std::uint64_t kMaxWhole = std::uint64_t{1} << 62U;
constexpr std::size_t kDigestBytes = 64;
constexpr std::size_t kPrefixBytes = kMagic.size() + sizeof(std::uint64_t);
struct Group {
  const char* name;
  std::vector<Tensor> Checkpoint::*tensors;
};
constexpr Group kGroups[] = {{"parameters", &Checkpoint::parameters},
                             {"moments", &Checkpoint::moments},
                             {"best_parameters", &Checkpoint::best_parameters}};

// JSON has no NaN; the library writes null.
Json record_json(const EpochRecord& record) {
  return {record.learning_rate,       record.loss,    record.accuracy, record.validation_loss,
          record.validation_accuracy, record.seconds, record.images};
}

// Reads fields one after the other; the first that is missing or of another type is remembered.
class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {}

  void text(const char* key, std::string& value) {
    if (const Json& field = keras::member(json_, key); field.is_string()) {
      value = field.get<std::string>();
    } else {
      fail(key);
    }
  }
  template <typename Whole>
  void whole(const char* key, Whole& value) {
    const Json& field = keras::member(json_, key);
    if (field.is_number_unsigned() && field.get<std::uint64_t>() <= kMaxWhole) {
      value = field.get<Whole>();
    } else {
      fail(key);
    }
  }
  void number(const char* key, double& value) {
    if (const Json& field = keras::member(json_, key); field.is_number()) {
      value = field.get<double>();
    } else {
      fail(key);
    }
  }
  Status status() const {
    return wrong_.empty() ? ok_status()
                          : invalid_argument("a checkpoint whose \"" + wrong_ + "\" is malformed");
  }

 private:
  void fail(const char* key) {
    if (wrong_.empty()) wrong_ = key;
  }

  const Json& json_;
  std::string wrong_;
};

Result<EpochRecord> parse_record(const Json& json) {
  constexpr std::size_t kFields = 7;
  const Status wrong = invalid_argument("a checkpoint whose history is malformed");
  if (!json.is_array() || json.size() != kFields || !json[kFields - 1].is_number_unsigned()) {
    return wrong;
  }
  EpochRecord record;
  double* const numbers[] = {
      &record.learning_rate,       &record.loss,   &record.accuracy, &record.validation_loss,
      &record.validation_accuracy, &record.seconds};
  for (std::size_t i = 0; i + 1 < kFields; ++i) {
    if (!json[i].is_number() && !json[i].is_null()) return wrong;
    *numbers[i] =
        json[i].is_null() ? std::numeric_limits<double>::quiet_NaN() : json[i].get<double>();
  }
  record.images = json[kFields - 1].get<std::int64_t>();
  return record;
}

// The tensors of one group, their numbers taken off the front of `bytes`.
Result<std::vector<Tensor>> parse_group(const Json& shapes, std::string_view& bytes) {
  const Status wrong = invalid_argument("a checkpoint whose list of tensors is malformed");
  if (!shapes.is_array()) return wrong;
  std::vector<Tensor> tensors;
  for (const Json& dims : shapes) {
    if (!dims.is_array()) return wrong;
    std::vector<std::int64_t> sizes;
    for (const Json& dim : dims) {
      if (!dim.is_number_unsigned()) return wrong;
      sizes.push_back(dim.get<std::int64_t>());
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(sizes));
    const std::size_t size = std::size_t(shape.num_elements()) * sizeof(float);
    if (size > bytes.size()) return invalid_argument("a checkpoint without all of its tensors");
    Tensor tensor(DType::kFloat32, shape);
    std::memcpy(tensor.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Status parse_header(const Json& json, Checkpoint& checkpoint) {
  Fields fields(json);
  fields.text("recipe", checkpoint.recipe);
  fields.text("data", checkpoint.data_id);
  fields.whole("epoch", checkpoint.epoch);
  fields.whole("batch", checkpoint.batch);
  fields.number("loss_sum", checkpoint.loss_sum);
  fields.whole("right", checkpoint.right);
  fields.whole("images", checkpoint.images);
  fields.number("seconds", checkpoint.seconds);
  fields.whole("network_steps", checkpoint.network_steps);
  fields.whole("optimizer_steps", checkpoint.optimizer_steps);
  fields.whole("best_epoch", checkpoint.best_epoch);
  TINYSPLIT_RETURN_IF_ERROR(fields.status());
  for (const Json& record : keras::member(json, "history")) {
    TINYSPLIT_ASSIGN_OR_RETURN(EpochRecord parsed, parse_record(record));
    checkpoint.history.push_back(parsed);
  }
  return ok_status();
}

}  // namespace

std::string format_checkpoint(const Checkpoint& checkpoint) {
  Json header = {{"recipe", checkpoint.recipe},
                 {"data", checkpoint.data_id},
                 {"epoch", checkpoint.epoch},
                 {"batch", checkpoint.batch},
                 {"loss_sum", checkpoint.loss_sum},
                 {"right", checkpoint.right},
                 {"images", checkpoint.images},
                 {"seconds", checkpoint.seconds},
                 {"network_steps", checkpoint.network_steps},
                 {"optimizer_steps", checkpoint.optimizer_steps},
                 {"best_epoch", checkpoint.best_epoch},
                 {"history", Json::array()}};
  for (const EpochRecord& record : checkpoint.history) {
    header["history"].push_back(record_json(record));
  }
  std::size_t bytes_of_tensors = 0;
  for (const Group& group : kGroups) {
    Json shapes = Json::array();
    for (const Tensor& tensor : checkpoint.*group.tensors) {
      const auto dims = tensor.shape().dims();
      shapes.push_back(std::vector<std::int64_t>(dims.begin(), dims.end()));
      bytes_of_tensors += tensor.num_bytes();
    }
    header["tensors"][group.name] = std::move(shapes);
  }
  const std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string bytes(kMagic);
  bytes.reserve(kPrefixBytes + text.size() + bytes_of_tensors + kDigestBytes);
  const std::uint64_t length = text.size();
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += text;
  for (const Group& group : kGroups) {
    for (const Tensor& tensor : checkpoint.*group.tensors) {
      bytes.append(reinterpret_cast<const char*>(tensor.data()), tensor.num_bytes());
    }
  }
  return bytes += sha256_hex(bytes);
}

Result<Checkpoint> parse_checkpoint(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return invalid_argument("not a checkpoint of tinysplit train");
  if (bytes.size() < kPrefixBytes + kDigestBytes) return invalid_argument("a cut off checkpoint");
  const std::string_view digest = bytes.substr(bytes.size() - kDigestBytes);
  bytes.remove_suffix(kDigestBytes);
  if (sha256_hex(bytes) != digest) {
    return invalid_argument("a damaged checkpoint: its checksum is wrong");
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data() + kMagic.size(), sizeof length);
  bytes.remove_prefix(kPrefixBytes);
  if (length > std::min(bytes.size(), limits::kMaxJsonFileBytes)) {
    return invalid_argument("a checkpoint whose header is too long");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Json header, keras::parse_json(bytes.substr(0, length)));
  bytes.remove_prefix(length);
  Checkpoint checkpoint;
  TINYSPLIT_RETURN_IF_ERROR(parse_header(header, checkpoint));
  for (const Group& group : kGroups) {
    const Json& shapes = keras::member(keras::member(header, "tensors"), group.name);
    TINYSPLIT_ASSIGN_OR_RETURN(checkpoint.*group.tensors, parse_group(shapes, bytes));
  }
  if (!bytes.empty()) return invalid_argument("a checkpoint with more than its tensors");
  return checkpoint;
}

Status write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  return write_file_atomically(path, format_checkpoint(checkpoint));
}

Result<Checkpoint> read_checkpoint(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxCheckpointBytes));
  try {
    Result<Checkpoint> checkpoint = parse_checkpoint(bytes);
    if (!checkpoint.ok()) return checkpoint.status().with_context(path.string());
    return checkpoint;
  } catch (const std::bad_alloc&) {
    return resource_exhausted(path.string() + ": not enough memory for the checkpoint");
  }
}

}  // namespace tinysplit::training
