// Time and memory that loading model files takes, each file in a process of its own.
// Usage: load_bench [--runs N] [model file or folder]...
//
// Columns: reading the file into a graph (medians over the runs: by the clock, and the time of the
// thread alone, which does not count what a busy machine does in between), the largest memory that
// the first reading took, as a multiple of the file, and making the engine's kernels from it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "bench_models.h"
#include "engine/engine.h"
#include "formats/model_reader.h"
#include "paired.h"

namespace tinysplit::bench {
namespace {

namespace fs = std::filesystem;

// A field of /proc/self/status, in bytes.
double memory_field(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return 1024.0 * std::atof(line.c_str() + name.size() + 1);
  }
  return 0.0;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  return spent.count();
}

std::shared_ptr<const Graph> read(const fs::path& file) {
  auto graph = read_model(file);
  if (graph.ok()) return *graph;
  std::fprintf(stderr, "%s\n", graph.status().to_string().c_str());
  std::exit(exit_code_of(graph.status().code()));
}

// In the child: prints the file's line. Returns the exit status.
int measure(const fs::path& file, int readings) {
  const double size = static_cast<double>(fs::file_size(file));
  const double before = memory_field("VmRSS");
  std::shared_ptr<const Graph> graph = read(file);
  const double peak = memory_field("VmHWM") - before;
  std::vector<double> times, thread_times;
  for (int i = 0; i < readings; ++i) {
    graph.reset();
    const auto begin = std::chrono::steady_clock::now();
    const double thread_begin = thread_seconds();
    graph = read(file);
    thread_times.push_back(thread_seconds() - thread_begin);
    times.push_back(seconds_since(begin));
  }
  const double engine_begin = thread_seconds();
  const auto engine = Engine::create(graph);
  const bool runs = engine.ok() && (*engine)->make_segment(0, graph->num_layers()).ok();
  const double engine_s = thread_seconds() - engine_begin;
  std::printf("%-24s %8.2f %9.2f %9.2f %10.2f %10.2f%s\n", file.filename().c_str(), size * 1e-6,
              1e3 * median_of(times), 1e3 * median_of(thread_times), peak / size, 1e3 * engine_s,
              runs ? "" : "  (the engine refuses it)");
  return 0;
}

std::vector<fs::path> files_in(std::span<char* const> places) {
  std::vector<fs::path> files;
  for (const fs::path place : places) {
    if (!fs::is_directory(place)) {
      files.push_back(place);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(place)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

int run(int argc, char** argv) {
  int runs = 5, first = 1;
  if (argc > 2 && std::strcmp(argv[1], "--runs") == 0) {
    runs = std::max(1, std::atoi(argv[2]));
    first = 3;
  }
  print_machine();
  std::printf("%-24s %8s %9s %9s %10s %10s\n", "file", "MB", "read ms", "thread ms", "peak/file",
              "engine ms");
  int failed = 0;
  for (const fs::path& file : files_in({argv + first, static_cast<std::size_t>(argc - first)})) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      const int status = measure(file, runs);
      std::fflush(stdout);
      _exit(status);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) failed = 1;
  }
  return failed;
}

}  // namespace
}  // namespace tinysplit::bench

int main(int argc, char** argv) { return tinysplit::bench::run(argc, argv); }
