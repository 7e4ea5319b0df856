#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "core/tensor.h"
#include "wire/tensor_codec.h"

// The messages between a device and an edge, as CBOR maps with integer keys in deterministic
// encoding (RFC 8949 section 4.2). docs/protocol.md is their specification. Transports carry them
// unchanged.
//
// Encoders replace the contents of `out` and keep its capacity: with one string reused, encoding
// allocates nothing after the first message. Decoders trust nothing: every error names the field.
// Keys that they do not know are ignored. Times are seconds, single precision on the wire.
namespace tinysplit {

inline constexpr std::uint64_t kProtocolVersion = 1;
inline constexpr std::string_view kFrameContentType = "application/cbor";

enum class FrameKind : std::uint8_t { kInferRequest = 1, kInferReply = 2, kError = 3 };

// "Run layers [cut, N) of this model on these live tensors, and say where to cut next."
struct InferRequest {
  // An earlier exchange as the device measured it: bytes of request and reply on the wire, and the
  // round trip without what the edge reported as its own time.
  struct LinkSample {
    std::uint64_t up_bytes = 0;
    std::uint64_t down_bytes = 0;
    double seconds = 0;
  };
  struct Constraints {
    std::optional<std::uint64_t> ram_bytes;    // that the head may take for its activations
    std::optional<std::uint64_t> flash_bytes;  // that the head may take for its weights
    std::vector<std::uint32_t> forbidden_cuts;
    bool private_input = false;  // the raw input must not leave the device
  };

  std::string model;
  std::string model_digest;  // SHA-256 as 64 lower-case hexadecimal digits
  std::string device_id;
  std::uint64_t id = 0;  // chosen by the device, repeated in the answer
  std::uint32_t cut = 0;
  // The live tensors of the cut. None at all: nothing to run, only times to report.
  std::vector<WireTensor> tensors;
  std::vector<double> device_layer_times_s;  // of layers 0, 1, ...: those that the device ran
  std::vector<LinkSample> link_samples;      // at most limits::kMaxLinkSamplesPerMessage
  Constraints constraints;
  double encode_s = 0;  // that the device took to encode the tensors
};

struct InferReply {
  enum class Scenario : std::uint8_t { kEdgeOnly = 0, kMixed = 1, kDeviceOnly = 2 };
  struct Next {
    std::uint32_t cut = 0;
    Scenario scenario = Scenario::kEdgeOnly;
    double predicted_s = 0;
  };

  std::uint64_t id = 0;
  std::string model_digest;
  std::vector<WireTensor> outputs;
  double decode_s = 0;
  double queue_s = 0;
  double edge_s = 0;         // computing
  std::optional<Next> next;  // the decision for the device's next inference
};

struct ErrorReply {
  std::uint64_t id = 0;  // of the request, 0 if it could not be read
  Status status;  // not ok; messages beyond limits::kMaxErrorMessageBytes are cut on encoding
};

struct EncodeOptions {
  TensorForm form = TensorForm::kSmallestLossless;
  // If given, a request carries the time measured here in place of its encode_s.
  const Clock* clock = nullptr;
};

// Errors: INVALID_ARGUMENT (bad names, digest, times), OUT_OF_RANGE (too many of something); `out`
// is then unspecified.
Status encode_frame(const InferRequest& request, const EncodeOptions& options, std::string& out);
Status encode_frame(const InferReply& reply, const EncodeOptions& options, std::string& out);
// The same with `tensors` in the place of request.tensors or reply.outputs.
Status encode_frame(const InferRequest& request, std::span<const NamedTensorView> tensors,
                    const EncodeOptions& options, std::string& out);
Status encode_frame(const InferReply& reply, std::span<const NamedTensorView> tensors,
                    const EncodeOptions& options, std::string& out);
void encode_frame(const ErrorReply& error, std::string& out);

// Errors: DATA_LOSS (truncated), INVALID_ARGUMENT (malformed, a wrong or missing field),
// OUT_OF_RANGE (beyond a limit), UNIMPLEMENTED (another protocol version).
Result<FrameKind> frame_kind(std::string_view frame);
Result<InferRequest> decode_infer_request(std::string_view frame);
Result<InferReply> decode_infer_reply(std::string_view frame);
Result<ErrorReply> decode_error_reply(std::string_view frame);

// The id of a frame that need not decode otherwise, for an ErrorReply about it; 0 if it has none.
std::uint64_t frame_id_or_zero(std::string_view frame);

// What an HTTP answer other than 200 says: the status of an ErrorReply or the "message" of a JSON
// object, whichever `content_type` announces, else a status made of the HTTP status alone. Never
// ok.
Status status_of_error_answer(int http_status, std::string_view content_type,
                              std::string_view body);

}  // namespace tinysplit
