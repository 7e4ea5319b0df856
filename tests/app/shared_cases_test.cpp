// Files that users brought and that went wrong, with what is right, beside the project in
// ../shared/cases; skipped where they are not there.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/process.h"
#include "formats/npy/npy.h"

namespace tinysplit::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class SharedCases : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::is_directory(folder_)) GTEST_SKIP() << folder_ << " is not there";
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // What the model makes of an array file, as floats.
  std::vector<float> infer(const std::string& model, const std::string& input) const {
    const std::string out = scratch_.path("y.npz");
    const Finished finished = run({"infer", model, "--input", input, "--output", out});
    EXPECT_EQ(finished.exit_code, 0) << model << ": " << finished.err;
    if (finished.exit_code != 0) return {};
    const auto arrays = read_arrays(out);
    EXPECT_TRUE(arrays.ok()) << arrays.status().to_string();
    const auto numbers = (*arrays)[0].tensor.as<float>();
    EXPECT_EQ((*arrays)[0].tensor.dtype(), DType::kFloat32);
    return {numbers.begin(), numbers.end()};
  }

  // Writes an array file with these numbers.
  std::string array(const Shape& shape, const std::vector<float>& numbers) const {
    Tensor tensor(DType::kFloat32, shape);
    std::ranges::copy(numbers, tensor.as<float>().begin());
    const std::string file = scratch_.path("x.npy");
    EXPECT_TRUE(write_npy(file, tensor.view()).ok());
    return file;
  }

  fs::path folder_ = fs::path(TINYSPLIT_SOURCE_DIR) / "../shared/cases";
  TemporaryFolder scratch_;
};

TEST_F(SharedCases, ModelsRunAtEveryCut) {
  for (const char* name : {"keras2_bn_scale_int/bn_scale_1.h5",
                           "keras2_h5_layer_name_slash/nested_slash.h5",
                           "keras2_reflected_operators/k2_rdiv.h5",
                           "keras3_ops_and_slicing/t_o_concat.keras",
                           "keras3_ops_and_slicing/t_slicing.keras",
                           "keras3_random_flip_training/flip.keras",
                           "nan-relu/bn.keras",
                           "nan-relu/conv.keras",
                           "onnx-fp16/matmul_fp16.onnx",
                           "onnx-fp16/relu_fp16.onnx",
                           "onnx_empty_constant/empty_slice.onnx",
                           "onnx_empty_constant/mha_torchscript.onnx",
                           "onnx_if_constant/if_shape.onnx",
                           "quantize_nchw/mnist_view_old.onnx",
                           "relu-threshold/thr.keras",
                           "tflite_gru_unroll_open_batch/gru.tflite",
                           "tflite_int8_rsqrt_layernorm/transformer_tiny_i8io.tflite",
                           "tflite_space_to_batch_dilated_conv1d/tcn_causal_f32.tflite",
                           "tflite_uint8_hybrid_weights/accel_mlp_uint8_hybrid.tflite",
                           "transpose_conv_export/k3s2same.keras",
                           "two-signatures/sig.tflite"}) {
    const Finished finished = run({"operators", path(name)});
    EXPECT_EQ(finished.exit_code, 0) << name << ": " << finished.err;
    EXPECT_NE(finished.out.find("at every cut"), std::string::npos) << name;
  }
}

TEST_F(SharedCases, WeightsOfHybridFilesAreSigned) {
  const auto found = infer(path("tflite_uint8_hybrid_weights/accel_mlp_uint8_hybrid.tflite"),
                           path("tflite_uint8_hybrid_weights/x.npz"));
  const float expected[] = {.0891f, .2111f, .2570f, .0706f, .2197f, .1524f};
  ASSERT_EQ(found.size(), std::size(expected));
  // LiteRT rounds the activations of such files to bytes as well.
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 4e-3) << i;
}

TEST_F(SharedCases, AugmentationDoesNothing) {
  std::vector<float> pixels;
  for (int i = 0; i < 8 * 8 * 3; ++i) pixels.push_back(static_cast<float>(i));
  EXPECT_EQ(infer(path("keras3_random_flip_training/flip.keras"), array({1, 8, 8, 3}, pixels)),
            pixels);
}

TEST_F(SharedCases, NanStaysBehindARelu) {
  for (const char* model : {"nan-relu/bn.keras", "nan-relu/conv.keras"}) {
    const auto y = infer(path(model), path("nan-relu/nan.npy"));
    EXPECT_EQ(std::ranges::count_if(y, [](float x) { return std::isnan(x); }), 12) << model;
  }
}

TEST_F(SharedCases, AReluWithAThresholdOfMinusInfinityIsZero) {
  EXPECT_EQ(infer(path("relu-threshold/thr.keras"), path("relu-threshold/x.npy")),
            (std::vector<float>{0.0f, 1.0f, 0.0f, 0.0f}));
}

TEST_F(SharedCases, ClassesGoByName) {
  const Finished finished =
      run({"evaluate", model_path("fashion_resnet"), "--dataset", path("labels/data"), "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NEAR(Json::parse(finished.out).at("accuracy").get<double>(), 0.94, 0.015);
}

TEST_F(SharedCases, PixelsArePreprocessed) {
  const Finished finished = run({"evaluate", path("preprocessing/m11"), "--dataset",
                                 path("preprocessing/byclass"), "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NEAR(Json::parse(finished.out).at("accuracy").get<double>(), 0.82, 0.015);
}

TEST_F(SharedCases, OneSigmoidScoresTheSecondClass) {
  for (const char* name : {"a", "b"}) {
    for (const char* image : {"000.png", "001.png"}) {
      const Finished finished =
          run({"infer", path("binary-sigmoid/model"), "--input",
               path(std::string("binary-sigmoid/data/") + name + "/" + image)});
      ASSERT_EQ(finished.exit_code, 0) << finished.err;
      // The best class comes first.
      const std::size_t a = finished.out.find(" a"), b = finished.out.find(" b");
      EXPECT_TRUE(*name == 'a' ? a < b : b < a) << name << "/" << image << ":\n" << finished.out;
    }
  }
}

TEST_F(SharedCases, BothSignaturesAreNamed) {
  const Finished finished = run({"inspect", path("two-signatures/sig.tflite")});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const std::string told = finished.out + finished.err;
  EXPECT_NE(told.find("--signature"), std::string::npos) << told;
}

TEST_F(SharedCases, MisalignedVectorsAreNoFault) {
  const int exit_code = run({"operators", path("tflite_misaligned/int64_vector.tflite")}).exit_code;
  EXPECT_TRUE(exit_code == 0 || exit_code == 2) << exit_code;
}

TEST_F(SharedCases, ImagesOfEveryKindAreRead) {
  for (const char* name : {"CMYK.jpg", "ex6.jpg", "rgba.png", "x.bmp"}) {
    const Finished finished = run(
        {"infer", model_path("fashion_resnet"), "--input", path(std::string("images/") + name)});
    EXPECT_EQ(finished.exit_code, 0) << name << ": " << finished.err;
  }
}

TEST_F(SharedCases, APointerOfGitLfsIsCalledOne) {
  expect_refused(run({"inspect", path("images/lfs.onnx")}), 2, "LFS");
}

}  // namespace
}  // namespace tinysplit::test
