#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "core/limits.h"
#include "wire/cbor_reader.h"
#include "wire/frame_header.h"
#include "wire/frames.h"
#include "wire/names.h"

namespace tinysplit {
namespace {

using frame_keys::kDigestBytes;
using frame_keys::kTagFloat32LittleEndian;
constexpr std::uint64_t kAny = ~std::uint64_t{0};

Status check_size(std::string_view frame) {
  if (frame.size() <= limits::kMaxBodyBytes) return ok_status();
  return out_of_range("a frame of " + std::to_string(frame.size()) + " bytes, at most " +
                      std::to_string(limits::kMaxBodyBytes) + " are read");
}

Result<std::string> read_digest(CborReader& reader) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string_view bytes,
                             reader.read_bytes("model_digest", kDigestBytes));
  if (bytes.size() != kDigestBytes) {
    return invalid_argument("model_digest: a SHA-256 digest has 32 bytes, found " +
                            std::to_string(bytes.size()));
  }
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * kDigestBytes);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Result<std::vector<WireTensor>> read_tensors(CborReader& reader, std::string_view what) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t count,
                             reader.read_array(what, limits::kMaxFrameTensors));
  std::vector<WireTensor> tensors;
  tensors.reserve(count);
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(WireTensor tensor, read_tensor(reader, what));
    tensors.push_back(std::move(tensor));
    // Safe: the vector never grows beyond what was reserved, so the names stay where they are.
    if (!names.insert(tensors.back().name).second) {
      return invalid_argument(std::string(what) + ": \"" + tensors.back().name + "\" comes twice");
    }
  }
  return tensors;
}

Result<std::vector<double>> read_layer_times(CborReader& reader) {
  constexpr std::string_view kWhat = "device_layer_times";
  TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t tag, reader.read_tag(kWhat));
  if (tag != kTagFloat32LittleEndian) {
    return unimplemented("device_layer_times: expected float32 in little-endian order (tag 85)");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string_view bytes,
                             reader.read_bytes(kWhat, limits::kMaxLayers * sizeof(float)));
  if (bytes.size() % sizeof(float) != 0) {
    return invalid_argument("device_layer_times: the data is no whole number of float32");
  }
  std::vector<double> times_s(bytes.size() / sizeof(float));
  for (std::size_t i = 0; i < times_s.size(); ++i) {
    float value = 0;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    if (!std::isfinite(value) || value < 0) {
      return invalid_argument("device_layer_times: the time of layer " + std::to_string(i) +
                              " must be finite and not negative");
    }
    times_s[i] = value;
  }
  return times_s;
}

Result<std::vector<InferRequest::LinkSample>> read_link_samples(CborReader& reader) {
  constexpr std::string_view kWhat = "link_samples";
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t count,
                             reader.read_array(kWhat, limits::kMaxLinkSamplesPerMessage));
  std::vector<InferRequest::LinkSample> samples(count);
  for (InferRequest::LinkSample& sample : samples) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t parts, reader.read_array(kWhat, 3));
    if (parts != 3) return invalid_argument("link_samples: a sample has 3 numbers");
    TINYSPLIT_ASSIGN_OR_RETURN(sample.up_bytes, reader.read_unsigned(kWhat, kAny));
    TINYSPLIT_ASSIGN_OR_RETURN(sample.down_bytes, reader.read_unsigned(kWhat, kAny));
    TINYSPLIT_ASSIGN_OR_RETURN(sample.seconds, reader.read_seconds(kWhat));
  }
  return samples;
}

Result<std::uint32_t> read_cut(CborReader& reader, std::string_view what) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t cut,
                             reader.read_unsigned(what, limits::kMaxLayers));
  return static_cast<std::uint32_t>(cut);
}

Result<InferRequest::Constraints> read_constraints(CborReader& reader) {
  namespace keys = frame_keys::constraints;
  InferRequest::Constraints constraints;
  CborMapReader map(reader, "constraints");
  TINYSPLIT_RETURN_IF_ERROR(map.begin());
  for (;;) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool more, map.next());
    if (!more) return constraints;
    switch (map.key()) {
      case keys::kRamBytes: {
        TINYSPLIT_ASSIGN_OR_RETURN(constraints.ram_bytes, reader.read_unsigned("ram_bytes", kAny));
        break;
      }
      case keys::kFlashBytes: {
        TINYSPLIT_ASSIGN_OR_RETURN(constraints.flash_bytes,
                                   reader.read_unsigned("flash_bytes", kAny));
        break;
      }
      case keys::kForbiddenCuts: {
        TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t count,
                                   reader.read_array("forbidden_cuts", limits::kMaxLayers));
        constraints.forbidden_cuts.resize(count);
        for (std::uint32_t& cut : constraints.forbidden_cuts) {
          TINYSPLIT_ASSIGN_OR_RETURN(cut, read_cut(reader, "forbidden_cuts"));
        }
        break;
      }
      case keys::kPrivateInput: {
        TINYSPLIT_ASSIGN_OR_RETURN(constraints.private_input, reader.read_bool("private_input"));
        break;
      }
      default:
        TINYSPLIT_RETURN_IF_ERROR(reader.skip("constraints"));
    }
  }
}

Status read_name(CborReader& reader, std::string_view what, Status (*check)(std::string_view),
                 std::string& name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string_view text,
                             reader.read_text(what, limits::kMaxIdBytes));
  TINYSPLIT_RETURN_IF_ERROR(check(text));
  name = text;
  return ok_status();
}

Status read_request_field(CborReader& reader, std::uint64_t key, InferRequest& request) {
  namespace keys = frame_keys::request;
  switch (key) {
    case keys::kModel:
      return read_name(reader, "model", check_model_name, request.model);
    case keys::kModelDigest: {
      TINYSPLIT_ASSIGN_OR_RETURN(request.model_digest, read_digest(reader));
      return ok_status();
    }
    case keys::kDeviceId:
      return read_name(reader, "device_id", check_device_id, request.device_id);
    case keys::kCut: {
      TINYSPLIT_ASSIGN_OR_RETURN(request.cut, read_cut(reader, "cut"));
      return ok_status();
    }
    case keys::kTensors: {
      TINYSPLIT_ASSIGN_OR_RETURN(request.tensors, read_tensors(reader, "tensors"));
      return ok_status();
    }
    case keys::kDeviceLayerTimes: {
      TINYSPLIT_ASSIGN_OR_RETURN(request.device_layer_times_s, read_layer_times(reader));
      return ok_status();
    }
    case keys::kLinkSamples: {
      TINYSPLIT_ASSIGN_OR_RETURN(request.link_samples, read_link_samples(reader));
      return ok_status();
    }
    case keys::kConstraints: {
      TINYSPLIT_ASSIGN_OR_RETURN(request.constraints, read_constraints(reader));
      return ok_status();
    }
    case keys::kEncodeTime: {
      TINYSPLIT_ASSIGN_OR_RETURN(request.encode_s, reader.read_seconds("encode_s"));
      return ok_status();
    }
    default:
      return reader.skip("an unknown key");
  }
}

Result<InferReply::Next> read_next(CborReader& reader) {
  namespace keys = frame_keys::next;
  InferReply::Next next;
  CborMapReader map(reader, "next");
  TINYSPLIT_RETURN_IF_ERROR(map.begin());
  for (;;) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool more, map.next());
    if (!more) break;
    switch (map.key()) {
      case keys::kCut: {
        TINYSPLIT_ASSIGN_OR_RETURN(next.cut, read_cut(reader, "next.cut"));
        break;
      }
      case keys::kScenario: {
        TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t value,
                                   reader.read_unsigned("next.scenario", 2));
        next.scenario = static_cast<InferReply::Scenario>(value);
        break;
      }
      case keys::kPredictedTime: {
        TINYSPLIT_ASSIGN_OR_RETURN(next.predicted_s, reader.read_seconds("next.predicted_s"));
        break;
      }
      default:
        TINYSPLIT_RETURN_IF_ERROR(reader.skip("next"));
    }
  }
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kCut, "cut"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kScenario, "scenario"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kPredictedTime, "predicted_s"));
  return next;
}

Status read_reply_field(CborReader& reader, std::uint64_t key, InferReply& reply) {
  namespace keys = frame_keys::reply;
  switch (key) {
    case keys::kModelDigest: {
      TINYSPLIT_ASSIGN_OR_RETURN(reply.model_digest, read_digest(reader));
      return ok_status();
    }
    case keys::kOutputs: {
      TINYSPLIT_ASSIGN_OR_RETURN(reply.outputs, read_tensors(reader, "outputs"));
      return ok_status();
    }
    case keys::kDecodeTime: {
      TINYSPLIT_ASSIGN_OR_RETURN(reply.decode_s, reader.read_seconds("decode_s"));
      return ok_status();
    }
    case keys::kQueueTime: {
      TINYSPLIT_ASSIGN_OR_RETURN(reply.queue_s, reader.read_seconds("queue_s"));
      return ok_status();
    }
    case keys::kEdgeTime: {
      TINYSPLIT_ASSIGN_OR_RETURN(reply.edge_s, reader.read_seconds("edge_s"));
      return ok_status();
    }
    case keys::kNext: {
      TINYSPLIT_ASSIGN_OR_RETURN(reply.next, read_next(reader));
      return ok_status();
    }
    default:
      return reader.skip("an unknown key");
  }
}

}  // namespace

Result<InferRequest> decode_infer_request(std::string_view frame) {
  namespace keys = frame_keys::request;
  TINYSPLIT_RETURN_IF_ERROR(check_size(frame));
  CborReader reader(frame);
  CborMapReader map(reader, "frame");
  InferRequest request;
  TINYSPLIT_ASSIGN_OR_RETURN(const FrameHeader header,
                             read_frame(reader, map, FrameKind::kInferRequest, [&] {
                               return read_request_field(reader, map.key(), request);
                             }));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kModel, "model"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kModelDigest, "model_digest"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kDeviceId, "device_id"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kCut, "cut"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kTensors, "tensors"));
  request.id = header.id;
  return request;
}

Result<InferReply> decode_infer_reply(std::string_view frame) {
  namespace keys = frame_keys::reply;
  TINYSPLIT_RETURN_IF_ERROR(check_size(frame));
  CborReader reader(frame);
  CborMapReader map(reader, "frame");
  InferReply reply;
  TINYSPLIT_ASSIGN_OR_RETURN(const FrameHeader header,
                             read_frame(reader, map, FrameKind::kInferReply, [&] {
                               return read_reply_field(reader, map.key(), reply);
                             }));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kModelDigest, "model_digest"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kOutputs, "outputs"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kDecodeTime, "decode_s"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kQueueTime, "queue_s"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kEdgeTime, "edge_s"));
  reply.id = header.id;
  return reply;
}

}  // namespace tinysplit
