#include "engine/framed_tensors.h"

#include <gtest/gtest.h>

#include "wire/frames.h"

namespace tinysplit::test {

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
