// What the reader makes of a file beside its numbers: layers, names, types, and what it refuses.
#include "formats/tflite/tflite_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "formats/tflite_test_files.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

using GraphResult = Result<std::shared_ptr<const Graph>>;

GraphResult read_case(const std::string& name) {
  return read_tflite_model_bytes(contents_of(tflite_file(name + ".tflite")), name);
}

// A file of tests/data/tflite_bad and what the refusal must say.
void expect_refused(const std::string& name, StatusCode code, std::vector<std::string> words) {
  const auto bytes = contents_of(tflite_file("../tflite_bad/" + name + ".tflite"));
  ASSERT_FALSE(bytes.empty()) << name;
  const GraphResult graph = read_tflite_model_bytes(bytes, name);
  ASSERT_FALSE(graph.ok()) << name;
  EXPECT_EQ(graph.status().code(), code) << graph.status().to_string();
  for (const std::string& word : words) {
    EXPECT_NE(graph.status().message().find(word), std::string::npos)
        << name << ": \"" << graph.status().message() << "\" lacks \"" << word << "\"";
  }
}

TEST(TfliteReader, MakesALayerOfEachOperatorInFileOrder) {
  const GraphResult graph = read_case("quantize_ends");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  std::vector<std::string> kinds;
  for (const Layer& layer : (*graph)->layers()) kinds.push_back(layer.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"QUANTIZE", "CONV_2D", "DEQUANTIZE", "QUANTIZE",
                                             "QUANTIZE", "CONV_2D", "DEQUANTIZE", "QUANTIZE"}));
  EXPECT_EQ((*graph)->name(), "quantize_ends");
  EXPECT_EQ((*graph)->digest().size(), 64U);
}

TEST(TfliteReader, KeepsTypesAndQuantisationOfTheFile) {
  const GraphResult graph = read_case("quantize_ends");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const Value& floats = (*graph)->value((*graph)->inputs()[0]);
  const Value& pixels = (*graph)->value((*graph)->inputs()[1]);
  EXPECT_EQ(floats.dtype, DType::kFloat32);
  EXPECT_FALSE(floats.quantization.has_value());
  EXPECT_EQ(pixels.dtype, DType::kUint8);
  ASSERT_TRUE(pixels.quantization.has_value());
  EXPECT_EQ(pixels.quantization->scale, std::vector<float>{0.02f});
  EXPECT_EQ(pixels.quantization->zero_point, std::vector<std::int32_t>{128});
  const Node& conv = (*graph)->nodes()[1];
  const Value& kernel = (*graph)->value(conv.inputs[1]);
  EXPECT_EQ(kernel.shape, (Shape{3, 3, 3, 2}));
  ASSERT_TRUE(kernel.quantization.has_value());
  EXPECT_EQ(kernel.quantization->axis, 3);
  EXPECT_EQ(kernel.quantization->scale.size(), 2U);
}

TEST(TfliteReader, NamesLayersAfterTheirTensors) {
  const auto bytes = contents_of(tflite_file("../tflite_bad/good_names.tflite"));
  const GraphResult graph = read_tflite_model_bytes(bytes, "names");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  std::vector<std::string> names;
  for (const Layer& layer : (*graph)->layers()) names.push_back(layer.name);
  // Joined names are cut at ';'; the second of a name is told apart; no name is another's inside;
  // the last has the name of the signature.
  EXPECT_EQ(names, (std::vector<std::string>{"model/conv/Relu", "model/conv/Relu;model/conv/Conv",
                                             "inner/0_", "a_b", "scores"}));
  EXPECT_EQ((*graph)->value((*graph)->inputs()[0]).name, "image");
}

TEST(TfliteReader, LeavesNothingToRunOfOperatorsOnConstants) {
  const GraphResult graph = read_case("half_weights");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  ASSERT_EQ((*graph)->num_layers(), 3);
  EXPECT_EQ((*graph)->nodes().size(), 1U);
  EXPECT_TRUE((*graph)->layers()[0].outputs.empty());
  // Bytes of the source, where the source holds them.
  EXPECT_EQ((*graph)->layers()[0].weight_bytes, 2 * 4 * 3 * 3 * 3);
  EXPECT_EQ((*graph)->layers()[2].weight_bytes, 0);
}

TEST(TfliteReader, CountsWeightsButNotAxes) {
  const GraphResult reductions = read_case("reductions");
  ASSERT_TRUE(reductions.ok()) << reductions.status().to_string();
  for (const Layer& layer : (*reductions)->layers()) EXPECT_EQ(layer.weight_bytes, 0);
  const GraphResult dense = read_case("int8_dense");
  ASSERT_TRUE(dense.ok()) << dense.status().to_string();
  EXPECT_EQ((*dense)->layers()[0].weight_bytes, 7 * 24 + 7 * 4);
}

TEST(TfliteReader, TellsTheFormatByItsIdentifier) {
  EXPECT_TRUE(looks_like_tflite_model(contents_of(tflite_file("pooling.tflite"))));
  EXPECT_FALSE(looks_like_tflite_model("TFL3"));
  EXPECT_FALSE(looks_like_tflite_model("\x89PNG\r\n\x1a\n"));
  EXPECT_EQ(read_tflite_model_bytes("1234TFLX", "x").status().code(), StatusCode::kInvalidArgument);
}

std::vector<std::string> ends_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const auto* values : {&graph.inputs(), &graph.outputs()}) {
    for (const ValueId value : *values) names.push_back(graph.value(value).name);
  }
  return names;
}

TEST(TfliteReader, ReadsTheSignatureThatIsChosen) {
  using Names = std::vector<std::string>;
  const auto bytes = contents_of(tflite_file("../tflite_bad/good_signatures.tflite"));
  TfliteOptions options;
  std::string note;
  options.note = [&note](const std::string& text) { note += text; };
  GraphResult graph = read_tflite_model_bytes(bytes, "x", options);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ(ends_of(**graph), (Names{"text_in", "text"}));
  EXPECT_NE(note.find("\"encode\", \"decode\"; \"decode\" is read"), std::string::npos) << note;
  note.clear();
  options.signature = "encode";
  graph = read_tflite_model_bytes(bytes, "x", options);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ(ends_of(**graph), (Names{"code_in", "code"}));
  EXPECT_EQ((*graph)->layers()[0].kind, "RELU");
  EXPECT_EQ(note, "");
  const auto uses = count_tflite_operators(bytes, options);
  ASSERT_TRUE(uses.ok());
  ASSERT_EQ(uses->size(), 1U);
  EXPECT_EQ((*uses)[0].kind, "RELU");
  options.signature = "encoed";
  graph = read_tflite_model_bytes(bytes, "x", options);
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find("no signature \"encoed\", but \"encode\", \"decode\"; "
                                          "did you mean encode?"),
            std::string::npos)
      << graph.status().message();
}

// Endless ones end by the number of operators that they may run.
TEST(TfliteReader, RefusesLoopsAndVariablesThatCannotBeUnrolled) {
  expect_refused("loop_open", StatusCode::kUnimplemented, {"(WHILE)", "condition", "run time"});
  expect_refused("loop_endless", StatusCode::kResourceExhausted, {"(WHILE)", "run more than"});
  expect_refused("loop_in_itself", StatusCode::kUnimplemented, {"(WHILE)", "by itself"});
  expect_refused("variable_unset", StatusCode::kUnimplemented,
                 {"(READ_VARIABLE)", "\"kernel\"", "frozen"});
}

// Types, scales and zero points of weights under float32 that runtimes refuse or pass over.
TEST(TfliteReader, RefusesWeightsThatRuntimesReadOtherwise) {
  const auto unimplemented = StatusCode::kUnimplemented;
  expect_refused("hybrid_convolution_by_filter", unimplemented, {"(CONV_2D)", "uint8", "3 scales"});
  expect_refused("hybrid_zero_point", unimplemented, {"(CONV_2D)", "int8", "zero point 5"});
  expect_refused("hybrid_wide", unimplemented, {"(CONV_2D)", "int16 beside float32"});
  expect_refused("hybrid_depthwise", unimplemented, {"(DEPTHWISE_CONV_2D)", "uint8"});
  expect_refused("hybrid_transposed", unimplemented, {"(TRANSPOSE_CONV)", "uint8"});
  expect_refused("hybrid_svdf", unimplemented, {"(SVDF)", "5 scales"});
  expect_refused("hybrid_bias", unimplemented, {"(FULLY_CONNECTED)", "bias is int8"});
}

// The verifier lets vectors of eight bytes begin at any multiple of four: they are read all the
// same. What it finds to be misaligned is refused.
TEST(TfliteReader, ReadsVectorsWhereverTheyBegin) {
  for (const char* name : {"int8_convolutions", "int8_dense", "shapes"}) {
    const std::string bytes = contents_of(tflite_file(std::string(name) + ".tflite"));
    const GraphResult aligned = read_tflite_model_bytes(bytes, name);
    ASSERT_TRUE(aligned.ok()) << name << aligned.status().to_string();
    for (std::uint32_t shift = 1; shift <= 8; ++shift) {
      SCOPED_TRACE(std::string(name) + " shifted by " + std::to_string(shift));
      constexpr std::size_t kHeader = 8;  // where the root is, and the identifier
      std::uint32_t root = 0;
      std::memcpy(&root, bytes.data(), sizeof(root));
      root += shift;
      std::string shifted = bytes.substr(0, kHeader);
      std::memcpy(shifted.data(), &root, sizeof(root));
      shifted += std::string(shift, '\0') + bytes.substr(kHeader);
      const GraphResult graph = read_tflite_model_bytes(shifted, name);
      ASSERT_EQ(graph.ok(), shift % 4 == 0);
      if (!graph.ok()) continue;
      ASSERT_EQ((*graph)->values().size(), (*aligned)->values().size());
      for (std::size_t i = 0; i < (*graph)->values().size(); ++i) {
        const auto& found = (*graph)->values()[i].quantization;
        const auto& expected = (*aligned)->values()[i].quantization;
        ASSERT_EQ(found.has_value(), expected.has_value());
        if (!found) continue;
        EXPECT_EQ(found->zero_point, expected->zero_point);
      }
    }
  }
}

TEST(TfliteReader, ReadsBytesThatAreNotAligned) {
  std::string bytes = contents_of(tflite_file("convolutions.tflite"));
  bytes.insert(bytes.begin(), 1, char{0});
  const GraphResult graph = read_tflite_model_bytes(std::string_view(bytes).substr(1), "moved");
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
}

TEST(TfliteReader, RefusesByOperatorIndexAndOption) {
  const StatusCode unimplemented = StatusCode::kUnimplemented;
  expect_refused("custom", unimplemented, {"layer 1 \"t2\" (CUSTOM)", "\"My_Operator\""});
  expect_refused("unsupported", unimplemented, {"layer 0", "(UNIQUE)", "not supported"});
  expect_refused("unknown_code", unimplemented, {"layer 0", "OPERATOR_999"});
  expect_refused("call", unimplemented, {"layer 0", "(WHILE)"});
  expect_refused("sparse", unimplemented, {"layer 0", "CONV_2D", "tensor 1", "is sparse"});
  expect_refused("string", unimplemented, {"STRING"});
  expect_refused("sign_bit", unimplemented, {"(ADD)", "fused_activation_function = SIGN_BIT"});
  expect_refused("shuffled", unimplemented, {"(FULLY_CONNECTED)", "weights_format = 1"});
  expect_refused("variable", unimplemented, {"(ADD)", "tensor 1", "variable"});
  expect_refused("computed_shape", unimplemented, {"(RESHAPE)", "input 1", "run time"});
  expect_refused("open_size", unimplemented, {"input \"x0\"", "open", "--input-shape 1,128"});
  expect_refused("batch_dims", unimplemented, {"(GATHER)", "batch_dims = 1"});
  expect_refused("version", unimplemented, {"schema version 2"});
  expect_refused("channel_activation", unimplemented, {"tensor", "2 scales"});
}

TEST(TfliteReader, RefusesWhatIsMalformed) {
  const StatusCode invalid = StatusCode::kInvalidArgument;
  expect_refused("tensor_index", invalid, {"layer 0", "tensor 99", "does not exist"});
  expect_refused("opcode_index", invalid, {"operator 0", "kind 7"});
  expect_refused("buffer_index", invalid, {"tensor 1", "buffer 50"});
  expect_refused("buffer_size", invalid, {"tensor 1", "12 bytes", "needs 16"});
  expect_refused("read_before_made", invalid, {"layer 0", "read before"});
  expect_refused("made_twice", invalid, {"layer 1", "made twice"});
  expect_refused("scale_zero", invalid, {"tensor 1", "scale"});
  expect_refused("scale_count", invalid, {"tensor 1", "scales"});
  expect_refused("no_options", invalid, {"(CONV_2D)", "options"});
  expect_refused("no_outputs", invalid, {"layer 0", "no outputs"});
  expect_refused("kernel_shape", invalid, {"(CONV_2D)", "does not fit"});
  expect_refused("no_operators", invalid, {"tensor 2", "read before"});
}

TEST(TfliteReader, NamesWhatAnIntegerLstmLacks) {
  expect_refused("lstm_no_intermediates", StatusCode::kInvalidArgument,
                 {"(UNIDIRECTIONAL_SEQUENCE_LSTM)", "intermediate tensor 4 is missing"});
  expect_refused("lstm_hidden_scale", StatusCode::kUnimplemented, {"hidden state", "quantisation"});
  expect_refused("lstm_cell_scale", StatusCode::kUnimplemented, {"cell state", "power of two"});
  expect_refused("lstm_integer_peepholes", StatusCode::kUnimplemented, {"peepholes"});
}

TEST(TfliteReader, BoundsWhatASmallFileAsksFor) {
  expect_refused("fill_bomb", StatusCode::kResourceExhausted, {"(FILL)", "times the bytes"});
  expect_refused("shared_buffer_bomb", StatusCode::kResourceExhausted, {"times the bytes"});
}

}  // namespace
}  // namespace tinysplit
