#pragma once

#include <algorithm>
#include <limits>

#include "random_values.h"
#include "wire/frames.h"

namespace tinysplit {

// The frames that docs/protocol.md shows.
inline InferRequest golden_request() {
  InferRequest request;
  request.model = "test_model";
  for (int i = 0; i < 32; ++i) request.model_digest += to_hex(std::string(1, static_cast<char>(i)));
  request.device_id = "device-1";
  request.id = 7;
  request.cut = 1;
  Tensor floats(DType::kFloat32, {1, 2, 1, 1});
  floats.as<float>()[0] = 0.1f;
  floats.as<float>()[1] = -0.0f;
  Tensor image(DType::kFloat32, {1, 3});
  for (int i = 0; i < 3; ++i) image.as<float>()[std::size_t(i)] = static_cast<float>(100 * i);
  request.tensors.push_back({{"conv2d", std::move(floats)}});
  request.tensors.push_back({{"image", std::move(image)}});
  request.device_layer_times_s = {0.25};
  request.link_samples = {{1000, 200, 0.5}};
  request.constraints.ram_bytes = 65536;
  request.constraints.forbidden_cuts = {0, 3};
  request.constraints.private_input = true;
  request.encode_s = 0.0001f;
  return request;
}

inline InferReply golden_reply() {
  InferReply reply;
  reply.id = 7;
  reply.model_digest = golden_request().model_digest;
  Tensor output(DType::kFloat32, {1, 2});
  output.as<float>()[0] = 0.75f;
  output.as<float>()[1] = 0.1f;
  reply.outputs.push_back({{"dense", std::move(output)}});
  reply.queue_s = 0.5;
  reply.edge_s = 0.0625;
  reply.next = InferReply::Next{2, InferReply::Scenario::kMixed, 0.125};
  return reply;
}

inline InferRequest golden_quantized_request() {
  InferRequest request;
  request.model = "kws";
  request.model_digest = golden_request().model_digest;
  request.device_id = "device-1";
  request.id = 8;
  request.cut = 2;
  Tensor bytes(DType::kInt8, {1, 4});
  const std::int8_t numbers[] = {-128, -9, 0, 127};
  std::ranges::copy(numbers, bytes.as<std::int8_t>().begin());
  request.tensors.push_back({{"conv", std::move(bytes)}, {{0.05f}, {-9}, -1}});
  return request;
}

inline ErrorReply golden_error() { return {7, not_found("no model \"x\" here")}; }

inline InferRequest random_request(Random& random) {
  InferRequest request;
  request.model = "model_" + std::to_string(random_int(random, 0, 99));
  for (int i = 0; i < 64; ++i) {
    request.model_digest += "0123456789abcdef"[random_int(random, 0, 15)];
  }
  request.device_id = "d" + std::to_string(random());
  request.id = random() >> random_int(random, 0, 63);
  request.cut = static_cast<std::uint32_t>(random_int(random, 0, 10'000));
  for (int i = random_int(random, 0, 4); i > 0; --i) {
    request.tensors.push_back({{"layer " + std::to_string(i), random_tensor(random)}});
    WireTensor& tensor = request.tensors.back();
    if (tensor.tensor.dtype() == DType::kInt8) {
      tensor.quantization = {{0.25f}, {random_int(random, -128, 127)}, -1};
    }
  }
  for (int i = random_int(random, 0, 60); i > 0; --i) {
    request.device_layer_times_s.push_back(static_cast<float>(random_int(random, 0, 1 << 30)) *
                                           1e-9f);
  }
  for (int i = random_int(random, 0, 16); i > 0; --i) {
    request.link_samples.push_back({random() >> 30, random() >> 40,
                                    static_cast<float>(random_int(random, 0, 1 << 30)) * 1e-9f});
  }
  if (random_int(random, 0, 1) == 0) request.constraints.ram_bytes = random();
  if (random_int(random, 0, 1) == 0) request.constraints.flash_bytes = random() >> 40;
  for (int i = random_int(random, 0, 3); i > 0; --i) {
    request.constraints.forbidden_cuts.push_back(std::uint32_t(random_int(random, 0, 99)));
  }
  request.constraints.private_input = random_int(random, 0, 1) == 0;
  request.encode_s = random_int(random, 0, 1) == 0 ? 0.0 : 0.25;
  return request;
}

inline std::string encoded(const InferRequest& request) {
  std::string out;
  EXPECT_TRUE(encode_frame(request, EncodeOptions{}, out).ok());
  return out;
}

inline std::string encoded(const InferReply& reply) {
  std::string out;
  EXPECT_TRUE(encode_frame(reply, EncodeOptions{}, out).ok());
  return out;
}

inline std::string encoded(const ErrorReply& error) {
  std::string out;
  encode_frame(error, out);
  return out;
}

}  // namespace tinysplit
