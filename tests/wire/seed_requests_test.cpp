#include "wire/seed_requests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/limits.h"
#include "random_values.h"
#include "wire/base64.h"
#include "wire/json.h"

namespace tinysplit {
namespace {

using Json = nlohmann::json;

Json evaluate_json() {
  return Json::parse(
      R"({"device_id": "device-1", "model_name": "test_model", "start_layer_index": 0,
    "working_strategy": "any", "algorithm_version": 2,
    "offloading_information": {"layers_inference_time":
        {"layer_0": 1.0, "layer_10": 9999999999.8, "layer_2": 2, "layer_1": 1.8}},
    "payload": {"message": "hello", "input_data": "..."}})");
}

TEST(EvaluateRequest, ReadsWhatTheOriginalDeviceSends) {
  const std::string body = evaluate_json().dump();
  const Result<EvaluateRequest> request = parse_evaluate_request(body);
  ASSERT_TRUE(request.ok()) << request.status().to_string();
  EXPECT_EQ(request->device_id, "device-1");
  EXPECT_EQ(request->model_name, "test_model");
  EXPECT_EQ(request->start_layer_index, 0u);
  EXPECT_EQ(request->message, "hello");
  EXPECT_EQ(request->message_bytes, body.size());
  ASSERT_EQ(request->layer_times.size(), 4u);
  EXPECT_EQ(request->layer_times[1].layer, 1u);
  EXPECT_EQ(request->layer_times[1].seconds, 1.8);
  EXPECT_EQ(request->layer_times[3].layer, 10u);
  EXPECT_EQ(request->layer_times[3].seconds, 9999999999.8);
}

TEST(EvaluateRequest, NeedsItsThreeKeysAndNoOther) {
  for (const char* key : {"device_id", "model_name", "start_layer_index"}) {
    for (const bool null : {false, true}) {
      Json json = evaluate_json();
      if (null) {
        json[key] = nullptr;
      } else {
        json.erase(key);
      }
      const Status status = parse_evaluate_request(json.dump()).status();
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
      EXPECT_TRUE(status.message().starts_with("OPS: Key missing. Try again.")) << status.message();
      EXPECT_NE(status.message().find(key), std::string::npos);
    }
  }
  EXPECT_TRUE(
      parse_evaluate_request(R"({"device_id": "d", "model_name": "m", "start_layer_index": 3})")
          .ok());
}

TEST(EvaluateRequest, RejectsWrongValues) {
  const auto with = [](const char* key, Json value) {
    Json json = evaluate_json();
    json[key] = std::move(value);
    return parse_evaluate_request(json.dump()).status();
  };
  EXPECT_FALSE(with("device_id", 5).ok());
  EXPECT_FALSE(with("device_id", "a/b").ok());
  EXPECT_FALSE(with("model_name", "..").ok());
  EXPECT_FALSE(with("start_layer_index", -1).ok());
  EXPECT_FALSE(with("start_layer_index", 1.0).ok());
  EXPECT_FALSE(with("start_layer_index", "0").ok());
  EXPECT_FALSE(with("start_layer_index", 10'001).ok());
  EXPECT_FALSE(with("offloading_information", Json::array()).ok());
  const auto with_times = [&](Json times) {
    return with("offloading_information", {{"layers_inference_time", std::move(times)}});
  };
  EXPECT_FALSE(with_times({1, 2, 3}).ok());
  for (const char* key : {"0", "layer_", "layer_-1", "layer_1x", "layer_ 1", "layer_99999999999"}) {
    EXPECT_FALSE(with_times({{key, 1.0}}).ok()) << key;
  }
  EXPECT_FALSE(with_times({{"layer_0", -1.0}}).ok());
  EXPECT_FALSE(with_times({{"layer_0", "1"}}).ok());
  EXPECT_FALSE(with_times({{"layer_1", 1}, {"layer_01", 2}}).ok());
}

Json inference_json(const std::vector<float>& values, std::vector<int> shape) {
  return {{"model_name", "test_model"},
          {"start_layer_index", 2},
          {"model_data", base64_encode(std::as_bytes(std::span(values)))},
          {"shape", std::move(shape)}};
}

TEST(TensorRequest, ReadsTheTensor) {
  const Json json = inference_json({1.5f, -0.0f, 3.0f, 4.0f, 5.0f, 6.0f}, {1, 2, 3});
  const Result<TensorRequest> request = parse_model_inference_request(json.dump());
  ASSERT_TRUE(request.ok()) << request.status().to_string();
  EXPECT_EQ(request->model_name, "test_model");
  EXPECT_EQ(request->start_layer_index, 2u);
  EXPECT_EQ(request->input.dtype(), DType::kFloat32);
  EXPECT_EQ(request->input.shape(), Shape({1, 2, 3}));
  EXPECT_EQ(request->input.as<float>()[0], 1.5f);
  EXPECT_TRUE(std::signbit(request->input.as<float>()[1]));

  Json initialization = json;
  initialization.erase("start_layer_index");
  EXPECT_TRUE(parse_model_initialization_request(initialization.dump()).ok());
  EXPECT_FALSE(parse_model_inference_request(initialization.dump()).ok());
}

// As Python's encodebytes and the base64 command write it.
TEST(TensorRequest, TakesBase64InLines) {
  const std::vector<float> values(100, 1.25f);
  Json json = inference_json(values, {100});
  const std::string text = json["model_data"];
  for (const char* end : {"\n", "\r\n", "\n  ", "\t"}) {
    std::string wrapped;
    for (std::size_t at = 0; at < text.size(); at += 76) wrapped += text.substr(at, 76) + end;
    json["model_data"] = wrapped;
    const Result<TensorRequest> request = parse_model_inference_request(json.dump());
    ASSERT_TRUE(request.ok()) << request.status().to_string();
    EXPECT_TRUE(std::ranges::equal(request->input.as<float>(), values));
  }
  json["model_data"] = text.substr(0, 76) + "\n" + text.substr(77);
  EXPECT_FALSE(parse_model_inference_request(json.dump()).ok());
}

TEST(TensorRequest, RejectsWhatDoesNotFit) {
  const Json good = inference_json({1, 2, 3, 4}, {4});
  const auto with = [&](const char* key, Json value) {
    Json json = good;
    json[key] = std::move(value);
    return parse_model_inference_request(json.dump()).status();
  };
  EXPECT_NE(with("shape", {5}).message().find("has 16 bytes, shape [5] of float32 takes 20"),
            std::string::npos);
  EXPECT_FALSE(with("shape", {-4}).ok());
  EXPECT_FALSE(with("shape", {4.0}).ok());
  EXPECT_FALSE(with("shape", "4").ok());
  EXPECT_FALSE(with("shape", {1 << 20, 1 << 20}).ok());
  EXPECT_FALSE(with("shape", {1, 1, 1, 1, 1, 1, 1, 1, 4}).ok());
  EXPECT_FALSE(with("model_data", 4).ok());
  EXPECT_FALSE(with("model_data", "AAAA").ok());
  std::string data = good["model_data"];
  data[3] = '*';
  EXPECT_NE(with("model_data", data).message().find("position 3"), std::string::npos);
  EXPECT_NE(with("model_data", data.substr(1)).message().find("multiple of 4"), std::string::npos);
}

TEST(Json, BoundsDepthAndCount) {
  const std::string deep(limits::kMaxJsonDepth, '[');
  EXPECT_TRUE(parse_json(deep + std::string(limits::kMaxJsonDepth, ']'), "x").ok());
  EXPECT_EQ(
      parse_json("[" + deep + std::string(limits::kMaxJsonDepth + 1, ']'), "x").status().code(),
      StatusCode::kOutOfRange);
  EXPECT_EQ(parse_json(std::string(100'000'000, '['), "x").status().code(),
            StatusCode::kOutOfRange);
  std::string wide = "[0";
  for (std::size_t i = 0; i < limits::kMaxJsonValues; ++i) wide += ",0";
  EXPECT_EQ(parse_json(wide + "]", "x").status().code(), StatusCode::kOutOfRange);
}

TEST(Json, BracketsInsideStringsDoNotCount) {
  const Json json = {{"a", std::string(100, '[')}, {"b", "\"\\\\[,"}, {"c", "\\"}};
  const Result<Json> back = parse_json(json.dump(), "x");
  ASSERT_TRUE(back.ok()) << back.status().to_string();
  EXPECT_EQ(*back, json);
}

TEST(Json, GarbageIsAnErrorThatNamesTheText) {
  for (const char* text :
       {"", "{", "nul", "{\"a\":}", "[1,]", "\"abc", "\"\\", "1e999", "\"\xff\"", "{} x", "NaN"}) {
    const Status status = parse_json(text, "the request body").status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(status.message().starts_with("the request body")) << status.message();
  }
}

TEST(SeedRequests, SurviveDamage) {
  Random random(6);
  const std::string evaluate = evaluate_json().dump();
  const std::string inference = inference_json({1, 2, 3, 4}, {4}).dump();
  for (int i = 0; i < 20'000; ++i) {
    for (const std::string& original : {evaluate, inference}) {
      std::string body = original;
      const auto at = std::size_t(random_int(random, 0, static_cast<int>(body.size()) - 1));
      body[at] = static_cast<char>(random_int(random, 0, 255));
      if (random_int(random, 0, 3) == 0) body.resize(at);
      const Result<EvaluateRequest> first = parse_evaluate_request(body);
      const Result<TensorRequest> second = parse_model_inference_request(body);
      EXPECT_TRUE(first.ok() || !first.status().message().empty());
      EXPECT_TRUE(second.ok() || !second.status().message().empty());
    }
  }
}

}  // namespace
}  // namespace tinysplit
