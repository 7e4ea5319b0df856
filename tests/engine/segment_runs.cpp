#include "engine/segment_runs.h"

#include <gtest/gtest.h>

#include "wire/frames.h"

namespace tinysplit::test {

std::vector<NamedTensor> copies_of(const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> copies;
  for (const NamedTensor& tensor : tensors) copies.push_back({tensor.name, tensor.tensor.clone()});
  return copies;
}

std::vector<NamedTensor> run(Engine& engine, int begin, int end, std::vector<NamedTensor> inputs) {
  auto segment = engine.make_segment(begin, end);
  EXPECT_TRUE(segment.ok()) << segment.status().to_string();
  if (!segment.ok()) return {};
  auto outputs = run_named(**segment, engine.graph(), std::move(inputs));
  EXPECT_TRUE(outputs.ok()) << outputs.status().to_string();
  return outputs.ok() ? std::move(*outputs) : std::vector<NamedTensor>();
}

std::vector<NamedTensor> through_a_frame(std::vector<NamedTensor> tensors, int cut) {
  InferRequest request;
  request.model = "model";
  request.model_digest = std::string(64, 'a');
  request.device_id = "device";
  request.cut = static_cast<std::uint32_t>(cut);
  request.tensors = plain_tensors(std::move(tensors));
  std::string frame;
  EXPECT_TRUE(encode_frame(request, EncodeOptions{}, frame).ok());
  auto decoded = decode_infer_request(frame);
  EXPECT_TRUE(decoded.ok()) << decoded.status().to_string();
  return decoded.ok() ? take_tensors(std::move(decoded->tensors)) : std::vector<NamedTensor>();
}

}  // namespace tinysplit::test
