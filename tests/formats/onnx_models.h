#pragma once

#include <string>
#include <vector>

#include "formats/onnx/proto.h"

namespace tinysplit::test {

// Builds small ONNX models, valid or not.
class OnnxModel {
 public:
  explicit OnnxModel(int opset = 13);

  OnnxModel& input(const std::string& name, const std::vector<std::int64_t>& dims,
                   int type = ::onnx::TensorProto::FLOAT);
  OnnxModel& output(const std::string& name);
  OnnxModel& weights(const std::string& name, const std::vector<std::int64_t>& dims,
                     const std::vector<float>& values);
  OnnxModel& integers(const std::string& name, const std::vector<std::int64_t>& values);
  OnnxModel& integers8(const std::string& name, const std::vector<std::int64_t>& dims,
                       const std::vector<int>& values);
  OnnxModel& integers32(const std::string& name, const std::vector<std::int64_t>& dims,
                        const std::vector<int>& values);
  ::onnx::NodeProto& node(const std::string& kind, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs, const std::string& name = "");

  ::onnx::ModelProto& proto() { return proto_; }
  std::string bytes() const { return proto_.SerializeAsString(); }

 private:
  void add_integers(const std::string& name, const std::vector<std::int64_t>& dims,
                    const std::vector<int>& values, int type);

  ::onnx::ModelProto proto_;
};

void set_integers(::onnx::NodeProto& node, const std::string& name,
                  const std::vector<std::int64_t>& values);

// A small convolutional network with a residual connection: x [1,3,8,8] to y [1,4].
OnnxModel small_network();

// One in QDQ form, of int8 with weights quantised for each filter: x [1,2,6,6] to y [1,3].
OnnxModel small_quantized_network();

}  // namespace tinysplit::test
