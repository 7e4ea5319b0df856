#include "wire/frames.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "frame_samples.h"

namespace tinysplit {
namespace {

void expect_same(const std::vector<WireTensor>& a, const std::vector<WireTensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_TRUE(same_bits(a[i].tensor.view(), b[i].tensor.view())) << a[i].name;
    EXPECT_EQ(a[i].quantization.scale, b[i].quantization.scale);
    EXPECT_EQ(a[i].quantization.zero_point, b[i].quantization.zero_point);
    EXPECT_EQ(a[i].quantization.axis, b[i].quantization.axis);
  }
}

void expect_same(const InferRequest& a, const InferRequest& b) {
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.model_digest, b.model_digest);
  EXPECT_EQ(a.device_id, b.device_id);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.cut, b.cut);
  expect_same(a.tensors, b.tensors);
  EXPECT_EQ(a.device_layer_times_s, b.device_layer_times_s);
  ASSERT_EQ(a.link_samples.size(), b.link_samples.size());
  for (std::size_t i = 0; i < a.link_samples.size(); ++i) {
    EXPECT_EQ(a.link_samples[i].up_bytes, b.link_samples[i].up_bytes);
    EXPECT_EQ(a.link_samples[i].down_bytes, b.link_samples[i].down_bytes);
    EXPECT_EQ(a.link_samples[i].seconds, b.link_samples[i].seconds);
  }
  EXPECT_EQ(a.constraints.ram_bytes, b.constraints.ram_bytes);
  EXPECT_EQ(a.constraints.flash_bytes, b.constraints.flash_bytes);
  EXPECT_EQ(a.constraints.forbidden_cuts, b.constraints.forbidden_cuts);
  EXPECT_EQ(a.constraints.private_input, b.constraints.private_input);
  EXPECT_EQ(a.encode_s, b.encode_s);
}

TEST(Frames, RequestsRoundTrip) {
  Random random(4);
  for (int i = 0; i < 500; ++i) {
    const InferRequest request = random_request(random);
    const std::string frame = encoded(request);
    const Result<InferRequest> back = decode_infer_request(frame);
    ASSERT_TRUE(back.ok()) << back.status().to_string();
    expect_same(*back, request);
    EXPECT_EQ(encoded(*back), frame) << "encoding is not deterministic";
    EXPECT_EQ(frame_id_or_zero(frame), request.id);
  }
}

TEST(Frames, RepliesRoundTrip) {
  const InferReply reply = golden_reply();
  const Result<InferReply> back = decode_infer_reply(encoded(reply));
  ASSERT_TRUE(back.ok()) << back.status().to_string();
  EXPECT_EQ(back->id, reply.id);
  EXPECT_EQ(back->model_digest, reply.model_digest);
  expect_same(back->outputs, reply.outputs);
  EXPECT_EQ(back->decode_s, 0);
  EXPECT_EQ(back->queue_s, 0.5);
  EXPECT_EQ(back->edge_s, 0.0625);
  ASSERT_TRUE(back->next.has_value());
  EXPECT_EQ(back->next->cut, 2u);
  EXPECT_EQ(back->next->scenario, InferReply::Scenario::kMixed);
  EXPECT_EQ(back->next->predicted_s, 0.125);

  InferReply without = golden_reply();
  without.next.reset();
  const Result<InferReply> second = decode_infer_reply(encoded(without));
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->next.has_value());
}

TEST(Frames, ErrorsRoundTripForEveryCode) {
  for (int code = 1; code <= 16; ++code) {
    const ErrorReply error{9, Status(static_cast<StatusCode>(code), "why")};
    const Result<ErrorReply> back = decode_error_reply(encoded(error));
    ASSERT_TRUE(back.ok()) << back.status().to_string();
    EXPECT_EQ(back->id, 9u);
    EXPECT_EQ(back->status.code(), error.status.code());
    EXPECT_EQ(back->status.message(), "why");
  }
}

TEST(Frames, LongErrorMessagesAreCutBetweenCharacters) {
  std::string message(limits::kMaxErrorMessageBytes - 1, 'x');
  message += "\xc3\xa4\xc3\xa4";
  const Result<ErrorReply> back = decode_error_reply(encoded(ErrorReply{1, not_found(message)}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->status.message(), std::string(limits::kMaxErrorMessageBytes - 1, 'x'));
  EXPECT_TRUE(decode_error_reply(encoded(ErrorReply{1, not_found("\xff\xfe")})).ok());
}

TEST(Frames, TellTheirKind) {
  EXPECT_EQ(*frame_kind(encoded(golden_request())), FrameKind::kInferRequest);
  EXPECT_EQ(*frame_kind(encoded(golden_reply())), FrameKind::kInferReply);
  EXPECT_EQ(*frame_kind(encoded(golden_error())), FrameKind::kError);
  const Status status = decode_infer_reply(encoded(golden_request())).status();
  EXPECT_EQ(status.message(), "frame: kind 1, expected 2");
  EXPECT_FALSE(frame_kind("").ok());
  EXPECT_EQ(frame_id_or_zero("garbage"), 0u);
}

TEST(Frames, EveryTruncationIsAnError) {
  const std::string reply = encoded(golden_reply());
  const std::string error = encoded(golden_error());
  const std::string request = encoded(golden_request());
  for (const std::string& whole : {request, encoded(golden_quantized_request())}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(decode_infer_request(std::string_view(whole).substr(0, size)).ok()) << size;
    }
  }
  for (std::size_t size = 0; size < reply.size(); ++size) {
    EXPECT_FALSE(decode_infer_reply(std::string_view(reply).substr(0, size)).ok()) << size;
  }
  for (std::size_t size = 0; size < error.size(); ++size) {
    EXPECT_FALSE(decode_error_reply(std::string_view(error).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(decode_infer_request(request + '\0').ok());
}

// What is accepted after damage must still be a frame: it encodes, and decodes to the same bytes.
TEST(Frames, SurvivesFlippedBytes) {
  Random random(5);
  const std::string originals[] = {encoded(golden_request()), encoded(golden_quantized_request())};
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string frame = originals[i % 2];
    for (int flips = random_int(random, 1, 4); flips > 0; --flips) {
      const auto at = std::size_t(random_int(random, 0, static_cast<int>(frame.size()) - 1));
      frame[at] = static_cast<char>(random_int(random, 0, 255));
    }
    const Result<InferRequest> request = decode_infer_request(frame);
    if (!request.ok()) {
      EXPECT_FALSE(request.status().message().empty());
      continue;
    }
    ++accepted;
    const std::string again = encoded(*request);
    const Result<InferRequest> back = decode_infer_request(again);
    ASSERT_TRUE(back.ok()) << to_hex(frame);
    EXPECT_EQ(encoded(*back), again);
  }
  EXPECT_GT(accepted, 0);
}

TEST(Frames, RequiredKeysAreNamed) {
  // {0: 1, 1: 1, 2: 7}
  EXPECT_NE(decode_infer_request(from_hex("a3 0001 0101 0207")).status().message().find("(model)"),
            std::string::npos);
  EXPECT_NE(decode_infer_request(from_hex("a2 0001 0101")).status().message().find("(id)"),
            std::string::npos);
  EXPECT_NE(
      decode_infer_reply(from_hex("a3 0001 0102 0207")).status().message().find("model_digest"),
      std::string::npos);
}

TEST(Frames, TimesThatSinglePrecisionCannotHoldAreRefused) {
  const std::string frame = encoded(golden_reply());
  const auto with_edge_time = [&](const char* hex) {
    std::string changed = frame;
    const std::string field = from_hex("07 f92c00");
    changed.replace(changed.find(field), field.size(), from_hex(std::string("07") + hex));
    return decode_infer_reply(changed).status();
  };
  EXPECT_TRUE(with_edge_time("fb 47efffffe0000000").ok()) << "the largest float32, as a double";
  EXPECT_TRUE(with_edge_time("1bffffffffffffffff").ok());
  for (const char* bad : {"fb 47f0000000000000", "fb 7db0000000000000", "fb 7ff0000000000000",
                          "f97c00", "f97e00", "f9bc00", "20", "f6"}) {
    const Status status = with_edge_time(bad);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_NE(status.message().find("edge_s"), std::string::npos) << status.message();
  }
}

TEST(Frames, AnotherVersionIsRefusedBeforeAnythingElse) {
  const Result<InferRequest> request = decode_infer_request(from_hex("a2 0002 01 6178"));
  EXPECT_EQ(request.status().code(), StatusCode::kUnimplemented);
  EXPECT_NE(request.status().message().find("version 2"), std::string::npos);
}

TEST(Frames, UnknownKeysAreIgnoredAndDuplicatesAreNot) {
  // The error frame with further keys: 9, "later", -1, each with a nested value.
  const std::string base = "0001 0103 0207 0305 04 6178";
  EXPECT_TRUE(decode_error_reply(from_hex("a5" + base)).ok());
  EXPECT_TRUE(
      decode_error_reply(
          from_hex("a8" + base + "09 8201a10102 656c61746572 d82a 80 20 fb3ff0000000000000"))
          .ok());
  EXPECT_FALSE(decode_error_reply(from_hex("a7" + base + "0901 0902")).ok());
  EXPECT_FALSE(decode_error_reply(from_hex("a7" + base + "6178 01 6178 02")).ok());
  EXPECT_FALSE(decode_error_reply(from_hex("a7" + base + "1864 01 190064 02")).ok())
      << "the same number in two widths";
  EXPECT_FALSE(decode_error_reply(from_hex("a6" + base + "80 01")).ok()) << "an array as key";
}

TEST(Frames, KeysMayComeInAnyOrder) {
  EXPECT_TRUE(decode_error_reply(from_hex("a5 04 6178 0305 0207 0103 0001")).ok());
}

TEST(Frames, EncodingAgainAllocatesNothing) {
  const InferRequest request = golden_request();
  std::string out;
  ASSERT_TRUE(encode_frame(request, EncodeOptions{}, out).ok());
  const char* data = out.data();
  const std::string first = out;
  ASSERT_TRUE(encode_frame(request, EncodeOptions{}, out).ok());
  EXPECT_EQ(out.data(), data);
  EXPECT_EQ(out, first);
}

TEST(Frames, ViewsEncodeLikeOwnedTensors) {
  const InferRequest request = golden_request();
  std::vector<NamedTensorView> views;
  for (const WireTensor& tensor : request.tensors) views.push_back(tensor.view());
  InferRequest without = golden_request();
  without.tensors.clear();
  std::string out;
  ASSERT_TRUE(encode_frame(without, views, EncodeOptions{}, out).ok());
  EXPECT_EQ(out, encoded(request));
}

TEST(Frames, MeasuresItsOwnEncoding) {
  class TickingClock final : public Clock {
   public:
    std::int64_t now_ns() const override { return now_ns_ += 500'000'000; }

   private:
    mutable std::int64_t now_ns_ = 0;
  };
  const TickingClock clock;
  std::string out;
  EncodeOptions options;
  options.clock = &clock;
  ASSERT_TRUE(encode_frame(golden_request(), options, out).ok());
  EXPECT_EQ(decode_infer_request(out)->encode_s, 0.5);
}

TEST(Frames, EncoderRefusesWhatTheDecoderWould) {
  const auto status_of = [](auto change) {
    InferRequest request = golden_request();
    change(request);
    std::string out;
    return encode_frame(request, EncodeOptions{}, out);
  };
  EXPECT_FALSE(status_of([](InferRequest& r) { r.model = "../x"; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.device_id = ""; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.model_digest = "abc"; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.model_digest[5] = 'X'; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.encode_s = -1; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.encode_s = 1e300; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.device_layer_times_s = {std::nan("")}; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.link_samples.resize(17); }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) { r.cut = 10'001; }).ok());
  EXPECT_FALSE(status_of([](InferRequest& r) {
                 r.tensors.clear();
                 for (int i = 0; i < 257; ++i) {
                   r.tensors.push_back({{std::to_string(i), Tensor(DType::kInt8, {1})}});
                 }
               }).ok());
}

TEST(Frames, TheSameTensorTwiceIsRefused) {
  InferRequest request = golden_request();
  request.tensors[1].name = request.tensors[0].name;
  const Status status = decode_infer_request(encoded(request)).status();
  EXPECT_NE(status.message().find("\"conv2d\" comes twice"), std::string::npos) << status.message();
}

TEST(Frames, ErrorAnswersBecomeAStatus) {
  const Status from_frame =
      status_of_error_answer(404, "application/cbor", encoded(golden_error()));
  EXPECT_EQ(from_frame.code(), StatusCode::kNotFound);
  EXPECT_EQ(from_frame.message(), "no model \"x\" here");
  const Status from_json =
      status_of_error_answer(503, "application/json; charset=utf-8", R"({"message": "busy"})");
  EXPECT_EQ(from_json.code(), StatusCode::kUnavailable);
  EXPECT_EQ(from_json.message(), "busy");
  EXPECT_EQ(status_of_error_answer(500, "text/html", "<html>").message(), "HTTP status 500");
  EXPECT_EQ(status_of_error_answer(400, "application/cbor", "junk").code(),
            StatusCode::kInvalidArgument);
  for (int http = 300; http < 600; ++http) EXPECT_FALSE(status_of_error_answer(http, "", "").ok());
}

}  // namespace
}  // namespace tinysplit
