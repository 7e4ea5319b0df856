#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "formats/model_reader.h"
#include "graph/analytics.h"
#include "graph/metrics.h"
#include "graph/micro_arena.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

constexpr double kMostBelow = 0.03;
constexpr double kMostAbove = 0.15;

// Of the models that the file names: those of the project, and real ones where they are.
fs::path find_model(const std::string& name) {
  const fs::path root = TINYSPLIT_SOURCE_DIR;
  const fs::path stem = fs::path(name).stem();
  for (const fs::path& path :
       {root / "models" / stem / name, root / "../shared/models/mlperf_tiny" / name}) {
    if (fs::exists(path)) return path;
  }
  return {};
}

// Against what the runtime itself reported: tools/measure_tflm_arena.py made the file.
TEST(TflmArena, EstimatesWhatTheRuntimeReportsForEveryHead) {
  std::ifstream file(fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/tflm_arena.json");
  const auto truth = nlohmann::json::parse(file, nullptr, false);
  ASSERT_TRUE(truth.is_object());
  int compared = 0;
  for (const auto& [name, heads] : truth.items()) {
    const fs::path path = find_model(name);
    if (path.empty()) continue;
    const auto graph = read_model(path);
    ASSERT_TRUE(graph.ok()) << name << ": " << graph.status().message();
    const std::vector<std::int64_t> estimated = head_micro_arena_bytes(**graph);
    const std::vector<std::int64_t> alive = head_peak_ram_bytes(**graph);
    EXPECT_EQ(estimated[0], 0);
    for (const auto& [cut, bytes] : heads.items()) {
      const auto at = static_cast<std::size_t>(std::stoi(cut));
      ASSERT_LT(at, estimated.size()) << name;
      const double ratio = static_cast<double>(estimated[at]) / bytes.get<double>();
      EXPECT_GE(ratio, 1.0 - kMostBelow) << name << " cut " << cut;
      EXPECT_LE(ratio, 1.0 + kMostAbove) << name << " cut " << cut;
      EXPECT_GE(estimated[at], alive[at]) << name << " cut " << cut;
      ++compared;
    }
  }
  EXPECT_GT(compared, 30);
}

TEST(TflmArena, KnowsWhatItDoesNotKnow) {
  const fs::path path = fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/keras";
  int unknown = 0;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() != ".keras") continue;
    const auto graph = read_model(entry.path());
    if (!graph.ok()) continue;
    const std::vector<std::int64_t> bytes = head_micro_arena_bytes(**graph);
    ASSERT_EQ(bytes.size(), static_cast<std::size_t>((*graph)->num_layers()) + 1);
    bool ended = false;
    for (const std::int64_t head : bytes) {
      EXPECT_TRUE(head >= 0 || head == kUnknownBytes) << entry.path();
      if (ended) {
        EXPECT_EQ(head, kUnknownBytes) << entry.path();
      }
      ended = head == kUnknownBytes;
    }
    unknown += ended;
  }
  EXPECT_GT(unknown, 0);
}

}  // namespace
}  // namespace tinysplit
