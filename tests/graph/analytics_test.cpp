#include "graph/analytics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/limits.h"
#include "graph/combined_profile.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

// input -> relu -> add(relu, input) -> relu: cut 1 carries two tensors.
std::shared_ptr<const Graph> residual_graph() {
  GraphBuilder builder("residual", "0123abcd");
  const ValueId input = builder.add_input("image", DType::kFloat32, Shape({1, 4, 4, 2})).value();
  const ActivationOp relu{ActivationKind::kClip, 0.0f, 6.0f};
  EXPECT_TRUE(builder.begin_layer("first", "ReLU").ok());
  const ValueId first = builder.add_op(relu, {input}).value();
  EXPECT_TRUE(builder.end_layer({first}).ok());
  EXPECT_TRUE(builder.begin_layer("sum", "Add", 12).ok());
  const ValueId sum = builder.add_op(BinaryOp{BinaryKind::kAdd}, {first, input}).value();
  EXPECT_TRUE(builder.end_layer({sum}).ok());
  EXPECT_TRUE(builder.begin_layer("last", "ReLU").ok());
  const ValueId last = builder.add_op(relu, {sum}).value();
  EXPECT_TRUE(builder.end_layer({last}).ok());
  EXPECT_TRUE(builder.add_output(last).ok());
  return builder.build().value();
}

Analytics measured_analytics() {
  Analytics analytics = Analytics::from_graph(*residual_graph());
  analytics.machine = "board \"A\"\n\xc3\xa9";
  analytics.date = "2024-05-01T10:00:00Z";
  analytics.threads = 2;
  analytics.runs = 50;
  analytics.input_bytes_raw = 32;
  double time_s = 0.1;
  for (LayerAnalytics& layer : analytics.layers) {
    layer.time_s = time_s /= 3.0;
    layer.time_p10_s = 0.9 * time_s;
    layer.time_p90_s = 1.3 * time_s;
  }
  return analytics;
}

void expect_equal(const Analytics& a, const Analytics& b) {
  EXPECT_EQ(a.model_name, b.model_name);
  EXPECT_EQ(a.model_digest, b.model_digest);
  EXPECT_EQ(a.machine, b.machine);
  EXPECT_EQ(a.date, b.date);
  EXPECT_EQ(a.threads, b.threads);
  EXPECT_EQ(a.runs, b.runs);
  EXPECT_EQ(a.input_bytes_f32, b.input_bytes_f32);
  EXPECT_EQ(a.input_bytes_raw, b.input_bytes_raw);
  EXPECT_EQ(a.output_bytes, b.output_bytes);
  EXPECT_EQ(a.cuts_from_graph, b.cuts_from_graph);
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    EXPECT_EQ(a.layers[i].name, b.layers[i].name);
    EXPECT_EQ(a.layers[i].kind, b.layers[i].kind);
    EXPECT_EQ(a.layers[i].output_shape, b.layers[i].output_shape);
    EXPECT_EQ(a.layers[i].output_bytes, b.layers[i].output_bytes);
    EXPECT_EQ(a.layers[i].time_s, b.layers[i].time_s);  // bit for bit
    EXPECT_EQ(a.layers[i].time_p10_s, b.layers[i].time_p10_s);
    EXPECT_EQ(a.layers[i].time_p90_s, b.layers[i].time_p90_s);
    EXPECT_EQ(a.layers[i].macs, b.layers[i].macs);
    EXPECT_EQ(a.layers[i].weight_bytes, b.layers[i].weight_bytes);
    EXPECT_EQ(a.layers[i].head_peak_ram_bytes, b.layers[i].head_peak_ram_bytes);
  }
  ASSERT_EQ(a.cuts.size(), b.cuts.size());
  for (std::size_t c = 0; c < a.cuts.size(); ++c) {
    EXPECT_EQ(a.cuts[c].live_bytes, b.cuts[c].live_bytes);
    EXPECT_EQ(a.cuts[c].reveals_input, b.cuts[c].reveals_input);
    EXPECT_EQ(a.cuts[c].splits_fusion, b.cuts[c].splits_fusion);
  }
}

std::string message_of(std::string_view text) {
  const Result<Analytics> result = parse_analytics(text, "a.json");
  return result.ok() ? "accepted" : result.status().message();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Analytics, OfAGraphCountsEveryLiveTensor) {
  const Analytics analytics = Analytics::from_graph(*residual_graph());
  constexpr std::int64_t kBytes = 4 * 4 * 2 * 4;
  ASSERT_EQ(analytics.num_layers(), 3);
  ASSERT_EQ(analytics.cuts.size(), 4u);
  EXPECT_EQ(analytics.cuts[0].live_bytes, kBytes);
  EXPECT_EQ(analytics.cuts[1].live_bytes, 2 * kBytes);  // the residual's input crosses, too
  EXPECT_TRUE(analytics.cuts[1].reveals_input);
  EXPECT_EQ(analytics.cuts[2].live_bytes, kBytes);
  EXPECT_TRUE(analytics.cuts[2].reveals_input);  // nothing has mixed it
  EXPECT_EQ(analytics.cuts[3].live_bytes, 0);
  EXPECT_EQ(analytics.layers[1].weight_bytes, 12);
  EXPECT_EQ(analytics.layers[1].output_shape, Shape({1, 4, 4, 2}));
  EXPECT_EQ(analytics.layers[1].kind, "Add");
  EXPECT_GE(analytics.layers[1].head_peak_ram_bytes, 2 * kBytes);
  EXPECT_EQ(analytics.input_bytes_raw, kBytes);
  EXPECT_EQ(analytics.output_bytes, kBytes);
  EXPECT_EQ(analytics.model_digest, "0123abcd");
}

TEST(Analytics, RoundTripIsExact) {
  const Analytics analytics = measured_analytics();
  const Result<Analytics> back = parse_analytics(format_analytics(analytics), "text");
  ASSERT_TRUE(back.ok()) << back.status().message();
  expect_equal(analytics, *back);
}

TEST(Analytics, RoundTripWithoutGraphFactsIsExact) {
  const std::string two_keys =
      R"({"0": {"layer_size": 800, "layer_inference_time": 1e-3},
          "1": {"layer_size": 64.0, "layer_inference_time": 2}})";
  const Result<Analytics> analytics = parse_analytics(two_keys, "text");
  ASSERT_TRUE(analytics.ok()) << analytics.status().message();
  const Result<Analytics> back = parse_analytics(format_analytics(*analytics), "text");
  ASSERT_TRUE(back.ok()) << back.status().message();
  expect_equal(*analytics, *back);
}

TEST(Analytics, ReadsFilesWithJustTwoKeys) {
  const Result<Analytics> analytics = parse_analytics(
      R"({"1": {"layer_inference_time": 0.5, "layer_size": 9},
          "0": {"layer_size": 800, "layer_inference_time": 0}})",
      "text");
  ASSERT_TRUE(analytics.ok()) << analytics.status().message();
  EXPECT_EQ(analytics->layers[0].output_bytes, 100);
  EXPECT_EQ(analytics->layers[1].output_bytes, 2);  // nine bits need two bytes
  EXPECT_EQ(analytics->layers[1].time_s, 0.5);
  EXPECT_EQ(analytics->layers[1].time_p90_s, 0.5);
  EXPECT_EQ(analytics->layers[0].head_peak_ram_bytes, kUnknownBytes);
  EXPECT_EQ(analytics->output_bytes, 2);
  EXPECT_FALSE(analytics->cuts_from_graph);
  EXPECT_EQ(transfer_bytes(*analytics, 0), kUnknownBytes);
  EXPECT_EQ(transfer_bytes(*analytics, 1), 100);
  EXPECT_EQ(transfer_bytes(*analytics, 2), 0);
}

TEST(Analytics, OldReadersFindTheirTwoKeysInLayerOrder) {
  Analytics analytics = measured_analytics();
  analytics.layers.resize(12, analytics.layers.front());
  set_chain_cuts(analytics);
  const std::string text = format_analytics(analytics);
  std::size_t last = 0;
  for (int i = 0; i < 12; ++i) {
    std::string entry(1, '"');
    entry += std::to_string(i) + "\": {\"layer_size\":";
    const std::size_t at = text.find(entry);
    ASSERT_NE(at, std::string::npos) << i;
    EXPECT_GE(at, last);
    last = at;
  }
}

TEST(Analytics, RawInputIsSentAtCutZero) {
  Analytics analytics = measured_analytics();
  EXPECT_EQ(transfer_bytes(analytics, 0), 32);
  EXPECT_EQ(transfer_bytes(analytics, 1), 256);
  analytics.input_bytes_raw = 1000;  // a larger form is never sent
  EXPECT_EQ(transfer_bytes(analytics, 0), 128);
}

TEST(Analytics, EveryTruncationIsAnError) {
  const std::string text = format_analytics(measured_analytics());
  for (std::size_t length = 0; length + 2 < text.size(); ++length) {
    const Result<Analytics> result = parse_analytics(std::string_view(text).substr(0, length), "f");
    ASSERT_FALSE(result.ok()) << length;
    EXPECT_LT(result.status().message().size(), 400u);
  }
}

TEST(Analytics, EveryFlippedByteIsReadOrRefused) {
  const std::string text = format_analytics(measured_analytics());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char mask : {'\x01', '\x10', '\x80'}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ mask);
      const Result<Analytics> result = parse_analytics(changed, "f");
      if (!result.ok()) continue;
      for (const LayerAnalytics& layer : result->layers) {
        EXPECT_GE(layer.time_s, 0.0);
        EXPECT_GE(layer.output_bytes, 0);
      }
      EXPECT_EQ(result->cuts.size(), result->layers.size() + 1);
    }
  }
}

TEST(Analytics, ErrorsNameTheKey) {
  EXPECT_TRUE(contains(message_of("[1]"), "array"));
  EXPECT_TRUE(contains(message_of("{}"), "describes no layer"));
  EXPECT_TRUE(contains(message_of(R"({"0": 3})"), "layer \"0\""));
  EXPECT_TRUE(contains(message_of(R"({"0": {"layer_size": 8}})"), "\"layer_inference_time\""));
  const auto with_time = [](const std::string& time) {
    return message_of(R"({"0": {"layer_size": 8, "layer_inference_time": )" + time + "}}");
  };
  EXPECT_EQ(with_time("0.25"), "accepted");
  for (const char* bad : {"-1", "\"1\"", "null", "true", "[1]", "9999999999.8"}) {
    EXPECT_TRUE(contains(with_time(bad), "layer \"0\"")) << bad;
    EXPECT_TRUE(contains(with_time(bad), "\"layer_inference_time\"")) << bad;
  }
  for (const char* bad : {"NaN", "Infinity", "1e999"}) {
    EXPECT_TRUE(contains(with_time(bad), "not JSON")) << bad;
  }
  const auto with_size = [](const std::string& size) {
    return message_of(R"({"0": {"layer_inference_time": 1, "layer_size": )" + size + "}}");
  };
  EXPECT_EQ(with_size("0"), "accepted");
  for (const char* bad : {"-8", "1.5", "1e30", "18446744073709551615", "{}"}) {
    EXPECT_TRUE(contains(with_size(bad), "\"layer_size\"")) << bad;
  }
}

TEST(Analytics, RefusesGapsAndStrangeIndices) {
  const std::string layer = R"({"layer_size": 8, "layer_inference_time": 1})";
  const auto with_keys = [&](const std::string& a, const std::string& b) {
    return message_of("{\"" + a + "\": " + layer + ", \"" + b + "\": " + layer + "}");
  };
  EXPECT_EQ(with_keys("0", "1"), "accepted");
  EXPECT_EQ(with_keys("0", "note"), "accepted");  // a key of a later version
  EXPECT_TRUE(contains(with_keys("0", "2"), "\"2\""));
  EXPECT_TRUE(contains(with_keys("1", "2"), "\"2\""));
  for (const char* bad : {"01", "-1", "1x", "1.0", "+1", "99999999999999999999"}) {
    EXPECT_TRUE(contains(with_keys("0", bad), std::string("\"") + bad)) << bad;
  }
}

TEST(Analytics, BoundsDepthAndSize) {
  const std::string deep = "{\"0\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_TRUE(contains(message_of(deep), "nested deeper"));
  EXPECT_TRUE(contains(message_of(std::string(limits::kMaxAnalyticsBytes + 1, ' ')), "at most"));
  std::string many = "{";
  for (std::size_t i = 0; i <= limits::kMaxLayers; ++i) {
    many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  EXPECT_TRUE(contains(message_of(many + "}"), "at most 10000"));
}

TEST(Analytics, HeaderIsCheckedAgainstTheLayers) {
  const auto with_header = [](const std::string& header) {
    return message_of(R"({"0": {"layer_size": 8, "layer_inference_time": 1}, "tinysplit": )" +
                      header + "}");
  };
  EXPECT_EQ(with_header(R"({"cuts": [{"live_bytes": 5}, {"live_bytes": 0}]})"), "accepted");
  EXPECT_TRUE(contains(with_header(R"({"cuts": [{"live_bytes": 5}]})"), "\"cuts\""));
  EXPECT_TRUE(contains(with_header(R"({"cuts": [{"live_bytes": 5}, {"live_bytes": -1}]})"),
                       "cut 1: key \"live_bytes\""));
  EXPECT_TRUE(contains(with_header(R"({"input_bytes": {"raw": -3}})"), "\"raw\""));
  EXPECT_TRUE(contains(with_header("7"), "\"tinysplit\""));
  EXPECT_TRUE(contains(with_header(R"({"model_name": ")" + std::string(300, 'x') + "\"}"),
                       "\"model_name\""));
}

TEST(Analytics, FilesSurviveAndMissingOnesAreNamed) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tinysplit-analytics-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const Analytics analytics = measured_analytics();
  ASSERT_TRUE(write_analytics(analytics, folder / "analytics.json").ok());
  const Result<Analytics> back = read_analytics(folder / "analytics.json");
  ASSERT_TRUE(back.ok()) << back.status().message();
  expect_equal(analytics, *back);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);

  const Result<Analytics> missing = read_analytics(folder / "none.json");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(contains(missing.status().message(), "none.json"));
  EXPECT_FALSE(write_analytics(analytics, folder / "no" / "such.json").ok());
  std::filesystem::remove_all(folder);
}

TEST(Analytics, AnotherModelIsNoticed) {
  const Analytics analytics = measured_analytics();
  EXPECT_TRUE(check_analytics(analytics, "0123abcd", 3).ok());
  EXPECT_TRUE(check_analytics(analytics, "", 3).ok());
  EXPECT_FALSE(check_analytics(analytics, "ffff", 3).ok());
  EXPECT_FALSE(check_analytics(analytics, "0123abcd", 4).ok());

  Analytics other = analytics;
  EXPECT_TRUE(check_same_model(analytics, other).ok());
  other.layers[1].output_bytes += 4;
  EXPECT_TRUE(contains(check_same_model(analytics, other).message(), "layer 1"));
  other = analytics;
  other.model_digest = "4567";
  EXPECT_FALSE(check_same_model(analytics, other).ok());
  other = analytics;
  other.layers.pop_back();
  EXPECT_TRUE(contains(check_same_model(analytics, other).message(), "3 layers"));
}

TEST(CombinedProfile, GivesBothSidesOfAChain) {
  const Result<AnalyticsPair> pair = parse_combined_profile(
      R"({"model": "m", "input_bytes": {"float32": 400, "rgb565": 50}, "layers": [
          {"index": 0, "device_time_s": 2, "edge_time_s": 0.1, "output_bytes": 30},
          {"index": 1, "device_time_s": 3, "edge_time_s": 0.2, "output_bytes": 8}]})",
      "p.json");
  ASSERT_TRUE(pair.ok()) << pair.status().message();
  EXPECT_EQ(pair->device.layers[1].time_s, 3.0);
  EXPECT_EQ(pair->edge.layers[1].time_s, 0.2);
  EXPECT_EQ(transfer_bytes(pair->device, 0), 50);
  EXPECT_EQ(transfer_bytes(pair->device, 1), 30);
  EXPECT_EQ(transfer_bytes(pair->device, 2), 0);
  EXPECT_EQ(pair->device.output_bytes, 8);
  EXPECT_TRUE(check_same_model(pair->device, pair->edge).ok());
}

TEST(CombinedProfile, ErrorsNameTheKey) {
  const auto message = [](const std::string& text) {
    const Result<AnalyticsPair> result = parse_combined_profile(text, "p.json");
    return result.ok() ? std::string("accepted") : result.status().message();
  };
  EXPECT_TRUE(contains(message("{}"), "\"layers\""));
  EXPECT_TRUE(contains(message(R"({"layers": []})"), "\"layers\""));
  EXPECT_TRUE(contains(message(R"({"layers": [3]})"), "layer 0"));
  EXPECT_TRUE(contains(message(R"({"layers": [{"index": 1}]})"), "\"index\""));
  EXPECT_TRUE(contains(message(R"({"layers": [{"output_bytes": 1, "device_time_s": 1}]})"),
                       "\"edge_time_s\""));
  EXPECT_TRUE(contains(message(R"({"input_bytes": {"x": -1}, "layers": [1]})"), "\"x\""));
}

TEST(CombinedProfile, EveryTruncationIsAnError) {
  const std::string text =
      R"({"model": "m", "input_bytes": {"raw": 50}, "layers": [
          {"index": 0, "device_time_s": 2, "edge_time_s": 0.1, "output_bytes": 30}]})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_combined_profile(std::string_view(text).substr(0, length), "p").ok());
  }
}

}  // namespace
}  // namespace tinysplit
