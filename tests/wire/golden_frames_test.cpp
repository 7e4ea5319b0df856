// The frames that docs/protocol.md spells out, byte for byte: whoever writes a client from that
// page must be understood.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "frame_samples.h"

namespace tinysplit {
namespace {

// The blocks ```hex of the page; what follows a '#' is a comment.
std::vector<std::string> documented_frames() {
  std::ifstream page(TINYSPLIT_SOURCE_DIR "/docs/protocol.md");
  std::vector<std::string> frames;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```hex") {
      frames.emplace_back();
      inside = true;
    } else if (line.starts_with("```")) {
      inside = false;
    } else if (inside) {
      frames.back() += line.substr(0, line.find('#'));
    }
  }
  for (std::string& frame : frames) frame = from_hex(frame);
  return frames;
}

class GoldenFrames : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(frames_.size(), 4u) << "request, reply, error, quantised request";
  }
  const std::vector<std::string> frames_ = documented_frames();
};

TEST_F(GoldenFrames, EncodersWriteTheDocumentedBytes) {
  EXPECT_EQ(to_hex(encoded(golden_request())), to_hex(frames_[0]));
  EXPECT_EQ(to_hex(encoded(golden_reply())), to_hex(frames_[1]));
  EXPECT_EQ(to_hex(encoded(golden_error())), to_hex(frames_[2]));
  EXPECT_EQ(to_hex(encoded(golden_quantized_request())), to_hex(frames_[3]));
}

TEST_F(GoldenFrames, RequestDecodesToWhatThePageSays) {
  const Result<InferRequest> request = decode_infer_request(frames_[0]);
  ASSERT_TRUE(request.ok()) << request.status().to_string();
  EXPECT_EQ(request->id, 7u);
  EXPECT_EQ(request->model, "test_model");
  EXPECT_EQ(request->model_digest.substr(0, 8), "00010203");
  EXPECT_EQ(request->device_id, "device-1");
  EXPECT_EQ(request->cut, 1u);
  ASSERT_EQ(request->tensors.size(), 2u);
  EXPECT_EQ(request->tensors[0].name, "conv2d");
  EXPECT_EQ(request->tensors[0].tensor.shape(), (Shape{1, 2, 1, 1}));
  EXPECT_EQ(request->tensors[0].tensor.as<float>()[0], 0.1f);
  EXPECT_TRUE(std::signbit(request->tensors[0].tensor.as<float>()[1]));
  const Tensor& image = request->tensors[1].tensor;
  EXPECT_EQ(request->tensors[1].name, "image");
  EXPECT_EQ(image.dtype(), DType::kFloat32) << "restored from bytes";
  EXPECT_EQ(image.shape(), (Shape{1, 3}));
  EXPECT_EQ(image.as<float>()[2], 200.0f);
  EXPECT_EQ(request->device_layer_times_s, std::vector<double>{0.25});
  ASSERT_EQ(request->link_samples.size(), 1u);
  EXPECT_EQ(request->link_samples[0].up_bytes, 1000u);
  EXPECT_EQ(request->link_samples[0].down_bytes, 200u);
  EXPECT_EQ(request->link_samples[0].seconds, 0.5);
  EXPECT_EQ(request->constraints.ram_bytes, 65536u);
  EXPECT_FALSE(request->constraints.flash_bytes.has_value());
  EXPECT_EQ(request->constraints.forbidden_cuts, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_TRUE(request->constraints.private_input);
  EXPECT_EQ(request->encode_s, 0.0001f);
}

TEST_F(GoldenFrames, ReplyDecodesToWhatThePageSays) {
  const Result<InferReply> reply = decode_infer_reply(frames_[1]);
  ASSERT_TRUE(reply.ok()) << reply.status().to_string();
  EXPECT_EQ(reply->id, 7u);
  ASSERT_EQ(reply->outputs.size(), 1u);
  EXPECT_EQ(reply->outputs[0].name, "dense");
  EXPECT_EQ(reply->outputs[0].tensor.shape(), (Shape{1, 2}));
  EXPECT_EQ(reply->outputs[0].tensor.as<float>()[0], 0.75f);
  EXPECT_EQ(reply->decode_s, 0.0);
  EXPECT_EQ(reply->queue_s, 0.5);
  EXPECT_EQ(reply->edge_s, 0.0625);
  ASSERT_TRUE(reply->next.has_value());
  EXPECT_EQ(reply->next->cut, 2u);
  EXPECT_EQ(reply->next->scenario, InferReply::Scenario::kMixed);
  EXPECT_EQ(reply->next->predicted_s, 0.125);
}

TEST_F(GoldenFrames, QuantizedRequestDecodesToWhatThePageSays) {
  const Result<InferRequest> request = decode_infer_request(frames_[3]);
  ASSERT_TRUE(request.ok()) << request.status().to_string();
  ASSERT_EQ(request->tensors.size(), 1u);
  const WireTensor& tensor = request->tensors[0];
  EXPECT_EQ(tensor.name, "conv");
  EXPECT_EQ(tensor.tensor.shape(), (Shape{1, 4}));
  EXPECT_EQ(tensor.tensor.as<std::int8_t>()[0], -128);
  EXPECT_EQ(tensor.tensor.as<std::int8_t>()[1], -9);
  EXPECT_EQ(tensor.quantization.scale, std::vector<float>{0.05f});
  EXPECT_EQ(tensor.quantization.zero_point, std::vector<std::int32_t>{-9});
  EXPECT_EQ(tensor.quantization.axis, -1);
}

TEST_F(GoldenFrames, ErrorDecodesToWhatThePageSays) {
  const Result<ErrorReply> error = decode_error_reply(frames_[2]);
  ASSERT_TRUE(error.ok()) << error.status().to_string();
  EXPECT_EQ(error->id, 7u);
  EXPECT_EQ(error->status.code(), StatusCode::kNotFound);
  EXPECT_EQ(error->status.message(), "no model \"x\" here");
}

}  // namespace
}  // namespace tinysplit
