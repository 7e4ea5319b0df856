#include "bench_models.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <oneapi/dnnl/dnnl.hpp>
#include <sstream>
#include <string>

#include "engine/profiler.h"
#include "formats/model_reader.h"
#include "kernels/instruction_set.h"

namespace tinysplit::bench {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> wanted_places(std::span<char* const> arguments) {
  std::vector<fs::path> places(arguments.begin(), arguments.end());
  if (!places.empty()) return places;
  if (const char* listed = std::getenv("TINYSPLIT_BENCH_MODELS")) {
    std::istringstream text(listed);
    for (std::string place; std::getline(text, place, ':');) places.emplace_back(place);
    return places;
  }
  const fs::path source = TINYSPLIT_SOURCE_DIR;
  places = {source / "models/test_model", source / "models/fashion_resnet"};
  const fs::path mlperf = source / "../shared/models/mlperf_tiny";
  if (fs::is_directory(mlperf)) places.push_back(mlperf);
  return places;
}

std::vector<fs::path> model_files(const std::vector<fs::path>& places) {
  std::vector<fs::path> files;
  for (const fs::path& place : places) {
    if (!fs::is_directory(place)) {
      files.push_back(place);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(place)) {
      const auto extension = entry.path().extension();
      if (extension == ".keras" || extension == ".h5") found.push_back(entry.path());
    }
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

#if defined(__x86_64__)
// 12 chains cover the latency of 4 or 5 cycles at two operations a cycle.
__attribute__((target("avx2,fma"))) float fma_chains(long rounds) {
  typedef float Vector __attribute__((vector_size(32)));
  Vector scale = {}, shift = {};
  scale += 0.999f;
  shift += 0.001f;
  Vector s0 = {}, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
  Vector s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0, s11 = s0;
  for (long i = 0; i < rounds; ++i) {
    s0 = s0 * scale + shift, s1 = s1 * scale + shift, s2 = s2 * scale + shift;
    s3 = s3 * scale + shift, s4 = s4 * scale + shift, s5 = s5 * scale + shift;
    s6 = s6 * scale + shift, s7 = s7 * scale + shift, s8 = s8 * scale + shift;
    s9 = s9 * scale + shift, s10 = s10 * scale + shift, s11 = s11 * scale + shift;
    // Keeps the chains apart: equal ones would be computed once.
    asm volatile(""
                 : "+x"(s0), "+x"(s1), "+x"(s2), "+x"(s3), "+x"(s4), "+x"(s5), "+x"(s6), "+x"(s7),
                   "+x"(s8), "+x"(s9), "+x"(s10), "+x"(s11));
  }
  const Vector total = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
  return total[0];
}
#endif

}  // namespace

std::vector<BenchModel> load_bench_models(std::span<char* const> arguments) {
  std::vector<BenchModel> models;
  for (const fs::path& file : model_files(wanted_places(arguments))) {
    auto graph = read_model(file);
    if (!graph.ok()) {
      std::fprintf(stderr, "%s: %s\n", file.c_str(), graph.status().to_string().c_str());
      std::exit(exit_code_of(graph.status().code()));
    }
    BenchModel model{*graph, {}};
    for (const ValueId id : model.graph->inputs()) {
      const Value& value = model.graph->value(id);
      model.inputs.emplace_back(value.dtype, value.shape);
      if (value.dtype != DType::kFloat32) continue;
      const std::span<float> data = model.inputs.back().as<float>();
      for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<float>(i * 31 % 256) / 256.0f;
      }
    }
    models.push_back(std::move(model));
  }
  return models;
}

void print_machine() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char date[32];
  std::strftime(date, sizeof(date), "%Y-%m-%d", &parts);
  const dnnl_version_t* version = dnnl_version();
  std::printf("%s, oneDNN %d.%d.%d (ISA %#x), own kernels %s, %s, 1 thread\n",
              describe_machine().c_str(), version->major, version->minor, version->patch,
              static_cast<unsigned>(dnnl::get_effective_cpu_isa()),
              instruction_set_name(instruction_set()), date);
}

double measure_peak_flops(double seconds) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0.0;
  constexpr long kRounds = 200'000;
  constexpr double kFlopsOfRound = 12.0 * 8.0 * 2.0;
  double best = 0.0, spent = 0.0;
  while (spent < seconds) {
    const auto begin = std::chrono::steady_clock::now();
    volatile float kept = fma_chains(kRounds);
    (void)kept;
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    best = std::max(best, kRounds * kFlopsOfRound / time.count());
    spent += time.count();
  }
  return best;
#else
  (void)seconds;
  return 0.0;
#endif
}

}  // namespace tinysplit::bench
