#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "graph/type_inference.h"
#include "kernels/native_kernels.h"
#include "kernels/quantized_cases.h"
#include "kernels/quantized_values.h"

namespace tinysplit {
namespace {

const std::vector<QuantizedCase>& cases() {
  static const std::vector<QuantizedCase> all =
      read_quantized_cases(std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "tests/data/quantized");
  return all;
}

Result<Tensor> run(const KernelSpec& spec) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::shared_ptr<const Kernel> kernel, make_native_kernel(spec));
  std::vector<const std::byte*> inputs;
  for (const Value* input : spec.inputs) inputs.push_back(input->data->data());
  Tensor output(spec.output->dtype, spec.output->shape);
  TINYSPLIT_ASSIGN_OR_RETURN(const auto bound, kernel->bind(inputs, output.data()));
  // A second run must not depend on what the first left in its scratch.
  TINYSPLIT_RETURN_IF_ERROR(bound->run());
  std::memset(output.data(), 0x55, output.num_bytes());
  TINYSPLIT_RETURN_IF_ERROR(bound->run());
  return output;
}

std::string difference(const Tensor& got, const Tensor& expected) {
  const std::size_t count = static_cast<std::size_t>(expected.shape().num_elements());
  std::size_t wrong = 0;
  std::string first;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = dtype_size(expected.dtype());
    if (std::memcmp(got.data() + i * size, expected.data() + i * size, size) == 0) continue;
    if (wrong++ < 4) {
      first += " [" + std::to_string(i) +
               "] = " + std::to_string(quantized::load(got.dtype(), got.data(), i)) + ", not " +
               std::to_string(quantized::load(expected.dtype(), expected.data(), i)) + ";";
    }
  }
  return std::to_string(wrong) + " of " + std::to_string(count) + " differ:" + first;
}

TEST(QuantizedGolden, HasCases) { EXPECT_EQ(cases().size(), 173u); }

TEST(QuantizedGolden, InfersTheShapes) {
  for (const QuantizedCase& test : cases()) {
    std::vector<const Value*> inputs;
    for (const Value& input : test.inputs) inputs.push_back(&input);
    const Result<Value> inferred =
        infer_output(test.op, inputs, ElementType(test.output.dtype, test.output.quantization));
    ASSERT_TRUE(inferred.ok()) << test.name << ": " << inferred.status().message();
    EXPECT_EQ(inferred->shape, test.output.shape) << test.name;
  }
}

TEST(QuantizedGolden, GivesTheBitsOfTheReferenceKernels) {
  for (const QuantizedCase& test : cases()) {
    const Result<Tensor> output = run(test.spec());
    if (!output.ok()) {
      ADD_FAILURE() << test.name << ": " << output.status().message();
      continue;
    }
    EXPECT_TRUE(std::memcmp(output->data(), test.output.data->data(), output->num_bytes()) == 0)
        << test.name << ": " << difference(*output, *test.output.data);
  }
}

// The engine may run a clip as part of the operation before it, or by itself.
TEST(QuantizedGolden, ClipsAlikeInsideAndOutsideOfTheKernel) {
  int tried = 0;
  for (const QuantizedCase& test : cases()) {
    if (!test.clip) continue;
    KernelSpec unclipped = test.spec();
    unclipped.clip.reset();
    Result<Tensor> between = run(unclipped);
    ASSERT_TRUE(between.ok()) << test.name;
    Value value = test.output;
    value.data = std::make_shared<const Tensor>(std::move(*between));
    const Op op = ActivationOp{ActivationKind::kClip, test.clip->low, test.clip->high};
    KernelSpec clip;
    clip.op = &op;
    clip.inputs = {&value};
    clip.output = &test.output;
    const Result<Tensor> output = run(clip);
    ASSERT_TRUE(output.ok()) << test.name << ": " << output.status().message();
    EXPECT_TRUE(std::memcmp(output->data(), test.output.data->data(), output->num_bytes()) == 0)
        << test.name;
    ++tried;
  }
  EXPECT_GT(tried, 10);
}

}  // namespace
}  // namespace tinysplit
