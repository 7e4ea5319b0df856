#include <limits>

#include "core/limits.h"
#include "wire/frame_keys.h"
#include "wire/frames.h"
#include "wire/names.h"
#include "wire/utf8.h"

namespace tinysplit {
namespace {

using frame_keys::kDigestBytes;
using frame_keys::kTagFloat32LittleEndian;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Status write_digest(CborWriter& writer, std::string_view hex) {
  const Status bad = invalid_argument("model_digest must be 64 lower-case hexadecimal digits");
  if (hex.size() != 2 * kDigestBytes) return bad;
  writer.begin_bytes(kDigestBytes);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return bad;
    writer.out().push_back(static_cast<char>(high << 4 | low));
  }
  return ok_status();
}

Status check_seconds(std::string_view field, double seconds) {
  if (seconds >= 0 && seconds <= std::numeric_limits<float>::max()) return ok_status();
  return invalid_argument(std::string(field) + " must be finite and not negative, it is " +
                          std::to_string(seconds));
}

Status write_seconds(CborWriter& writer, std::string_view field, double seconds) {
  TINYSPLIT_RETURN_IF_ERROR(check_seconds(field, seconds));
  writer.write_float(static_cast<float>(seconds));
  return ok_status();
}

Status check_count(std::string_view field, std::size_t count, std::size_t max) {
  if (count <= max) return ok_status();
  return out_of_range(std::string(field) + " has " + std::to_string(count) + " entries, at most " +
                      std::to_string(max) + " are allowed");
}

// WireTensor and NamedTensorView alike.
NamedTensorView view_of(const NamedTensorView& tensor) { return tensor; }
NamedTensorView view_of(const WireTensor& tensor) { return tensor.view(); }

template <typename Tensors>
Status write_tensors(CborWriter& writer, std::string_view field, const Tensors& tensors,
                     TensorForm form) {
  TINYSPLIT_RETURN_IF_ERROR(check_count(field, tensors.size(), limits::kMaxFrameTensors));
  std::size_t bytes = 0;
  for (const auto& tensor : tensors) bytes += view_of(tensor).tensor.num_bytes();
  TINYSPLIT_RETURN_IF_ERROR(check_count(field, bytes, limits::kMaxBodyBytes));
  writer.begin_array(tensors.size());
  for (const auto& tensor : tensors) {
    TINYSPLIT_RETURN_IF_ERROR(append_tensor(writer, view_of(tensor), form));
  }
  return ok_status();
}

Status write_layer_times(CborWriter& writer, const std::vector<double>& times_s) {
  TINYSPLIT_RETURN_IF_ERROR(check_count("device_layer_times", times_s.size(), limits::kMaxLayers));
  writer.write_tag(kTagFloat32LittleEndian);
  writer.begin_bytes(times_s.size() * sizeof(float));
  for (const double seconds : times_s) {
    TINYSPLIT_RETURN_IF_ERROR(check_seconds("device_layer_times", seconds));
    const float value = static_cast<float>(seconds);
    writer.out().append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return ok_status();
}

Status write_link_samples(CborWriter& writer,
                          const std::vector<InferRequest::LinkSample>& samples) {
  TINYSPLIT_RETURN_IF_ERROR(
      check_count("link_samples", samples.size(), limits::kMaxLinkSamplesPerMessage));
  writer.begin_array(samples.size());
  for (const InferRequest::LinkSample& sample : samples) {
    writer.begin_array(3);
    writer.write_unsigned(sample.up_bytes);
    writer.write_unsigned(sample.down_bytes);
    TINYSPLIT_RETURN_IF_ERROR(write_seconds(writer, "link_samples", sample.seconds));
  }
  return ok_status();
}

std::size_t count_keys(const InferRequest::Constraints& constraints) {
  return std::size_t(constraints.ram_bytes.has_value()) +
         std::size_t(constraints.flash_bytes.has_value()) +
         std::size_t(!constraints.forbidden_cuts.empty()) + std::size_t(constraints.private_input);
}

Status write_constraints(CborWriter& writer, const InferRequest::Constraints& constraints) {
  namespace keys = frame_keys::constraints;
  TINYSPLIT_RETURN_IF_ERROR(
      check_count("forbidden_cuts", constraints.forbidden_cuts.size(), limits::kMaxLayers));
  writer.begin_map(count_keys(constraints));
  if (constraints.ram_bytes) {
    writer.write_unsigned(keys::kRamBytes);
    writer.write_unsigned(*constraints.ram_bytes);
  }
  if (constraints.flash_bytes) {
    writer.write_unsigned(keys::kFlashBytes);
    writer.write_unsigned(*constraints.flash_bytes);
  }
  if (!constraints.forbidden_cuts.empty()) {
    writer.write_unsigned(keys::kForbiddenCuts);
    writer.begin_array(constraints.forbidden_cuts.size());
    for (const std::uint32_t cut : constraints.forbidden_cuts) writer.write_unsigned(cut);
  }
  if (constraints.private_input) {
    writer.write_unsigned(keys::kPrivateInput);
    writer.write_bool(true);
  }
  return ok_status();
}

void begin_frame(CborWriter& writer, std::size_t keys, FrameKind kind, std::uint64_t id) {
  writer.out().clear();
  writer.begin_map(keys);
  writer.write_unsigned(frame_keys::kVersion);
  writer.write_unsigned(kProtocolVersion);
  writer.write_unsigned(frame_keys::kKind);
  writer.write_unsigned(static_cast<std::uint64_t>(kind));
  writer.write_unsigned(frame_keys::kId);
  writer.write_unsigned(id);
}

template <typename Tensors>
Status encode_request(const InferRequest& request, const Tensors& tensors,
                      const EncodeOptions& options, std::string& out) {
  namespace keys = frame_keys::request;
  const std::int64_t begin_ns = options.clock != nullptr ? options.clock->now_ns() : 0;
  TINYSPLIT_RETURN_IF_ERROR(check_model_name(request.model));
  TINYSPLIT_RETURN_IF_ERROR(check_device_id(request.device_id));
  if (request.cut > limits::kMaxLayers)
    return out_of_range("cut is beyond the layers of any model");
  CborWriter writer(out);
  const bool with_constraints = count_keys(request.constraints) > 0;
  begin_frame(writer,
              9 + std::size_t(!request.device_layer_times_s.empty()) +
                  std::size_t(!request.link_samples.empty()) + std::size_t(with_constraints),
              FrameKind::kInferRequest, request.id);
  writer.write_unsigned(keys::kModel);
  writer.write_text(request.model);
  writer.write_unsigned(keys::kModelDigest);
  TINYSPLIT_RETURN_IF_ERROR(write_digest(writer, request.model_digest));
  writer.write_unsigned(keys::kDeviceId);
  writer.write_text(request.device_id);
  writer.write_unsigned(keys::kCut);
  writer.write_unsigned(request.cut);
  writer.write_unsigned(keys::kTensors);
  TINYSPLIT_RETURN_IF_ERROR(write_tensors(writer, "tensors", tensors, options.form));
  if (!request.device_layer_times_s.empty()) {
    writer.write_unsigned(keys::kDeviceLayerTimes);
    TINYSPLIT_RETURN_IF_ERROR(write_layer_times(writer, request.device_layer_times_s));
  }
  if (!request.link_samples.empty()) {
    writer.write_unsigned(keys::kLinkSamples);
    TINYSPLIT_RETURN_IF_ERROR(write_link_samples(writer, request.link_samples));
  }
  if (with_constraints) {
    writer.write_unsigned(keys::kConstraints);
    TINYSPLIT_RETURN_IF_ERROR(write_constraints(writer, request.constraints));
  }
  writer.write_unsigned(keys::kEncodeTime);
  const double encode_s = options.clock != nullptr
                              ? seconds_between(begin_ns, options.clock->now_ns())
                              : request.encode_s;
  return write_seconds(writer, "encode_s", encode_s);
}

Status write_next(CborWriter& writer, const InferReply::Next& next) {
  namespace keys = frame_keys::next;
  if (next.cut > limits::kMaxLayers)
    return out_of_range("next.cut is beyond the layers of any model");
  writer.begin_map(3);
  writer.write_unsigned(keys::kCut);
  writer.write_unsigned(next.cut);
  writer.write_unsigned(keys::kScenario);
  writer.write_unsigned(static_cast<std::uint64_t>(next.scenario));
  writer.write_unsigned(keys::kPredictedTime);
  return write_seconds(writer, "next.predicted_s", next.predicted_s);
}

template <typename Tensors>
Status encode_reply(const InferReply& reply, const Tensors& outputs, const EncodeOptions& options,
                    std::string& out) {
  namespace keys = frame_keys::reply;
  CborWriter writer(out);
  begin_frame(writer, reply.next ? 9 : 8, FrameKind::kInferReply, reply.id);
  writer.write_unsigned(keys::kModelDigest);
  TINYSPLIT_RETURN_IF_ERROR(write_digest(writer, reply.model_digest));
  writer.write_unsigned(keys::kOutputs);
  TINYSPLIT_RETURN_IF_ERROR(write_tensors(writer, "outputs", outputs, options.form));
  writer.write_unsigned(keys::kDecodeTime);
  TINYSPLIT_RETURN_IF_ERROR(write_seconds(writer, "decode_s", reply.decode_s));
  writer.write_unsigned(keys::kQueueTime);
  TINYSPLIT_RETURN_IF_ERROR(write_seconds(writer, "queue_s", reply.queue_s));
  writer.write_unsigned(keys::kEdgeTime);
  TINYSPLIT_RETURN_IF_ERROR(write_seconds(writer, "edge_s", reply.edge_s));
  if (!reply.next) return ok_status();
  writer.write_unsigned(keys::kNext);
  return write_next(writer, *reply.next);
}

}  // namespace

Status encode_frame(const InferRequest& request, const EncodeOptions& options, std::string& out) {
  return encode_request(request, request.tensors, options, out);
}

Status encode_frame(const InferRequest& request, std::span<const NamedTensorView> tensors,
                    const EncodeOptions& options, std::string& out) {
  return encode_request(request, tensors, options, out);
}

Status encode_frame(const InferReply& reply, const EncodeOptions& options, std::string& out) {
  return encode_reply(reply, reply.outputs, options, out);
}

Status encode_frame(const InferReply& reply, std::span<const NamedTensorView> outputs,
                    const EncodeOptions& options, std::string& out) {
  return encode_reply(reply, outputs, options, out);
}

void encode_frame(const ErrorReply& error, std::string& out) {
  namespace keys = frame_keys::error;
  CborWriter writer(out);
  begin_frame(writer, 5, FrameKind::kError, error.id);
  writer.write_unsigned(keys::kCode);
  const StatusCode code = error.status.ok() ? StatusCode::kUnknown : error.status.code();
  writer.write_unsigned(static_cast<std::uint64_t>(code));
  writer.write_unsigned(keys::kMessage);
  const std::string_view message = error.status.message();
  writer.write_text(is_utf8(message) ? clip_utf8(message, limits::kMaxErrorMessageBytes)
                                     : "an error whose message is not text");
}

}  // namespace tinysplit
