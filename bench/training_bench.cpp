// Images per second of training steps: forward, backward and optimiser, on random images that lie
// in memory. Usage: training_bench CONFIG.json [--batch N] [--threads N] [--seconds S]
//
// CONFIG.json is what Keras' to_json() writes. Prints one line of JSON.
// tools/compare_with_pytorch.py runs it in turn with PyTorch.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "core/file.h"
#include "core/limits.h"
#include "core/random.h"
#include "training/network.h"
#include "training/optimizer.h"

namespace tinysplit::bench {
namespace {

using namespace training;  // NOLINT: a program about that namespace

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T expect(Result<T> result) {
  if (!result.ok()) fail(result.status().to_string());
  return std::move(*result);
}

struct Arguments {
  std::string config;
  NetworkOptions network;
  double seconds = 3.0;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name[0] != '-') {
      arguments.config = name;
      continue;
    }
    if (i + 1 == argc) fail(name + " takes a number");
    const double value = std::atof(argv[++i]);
    if (name == "--batch") {
      arguments.network.batch = static_cast<std::int64_t>(value);
    } else if (name == "--threads") {
      arguments.network.threads = static_cast<int>(value);
    } else if (name == "--seconds") {
      arguments.seconds = value;
    } else {
      fail("unknown option " + name);
    }
  }
  if (arguments.config.empty()) fail("usage: training_bench CONFIG.json [--batch N] [--threads N]");
  return arguments;
}

void fill(Network& network) {
  Random random(1);
  for (float& x : network.input()) x = static_cast<float>(random.uniform(0.0, 255.0));
  const std::span<float> targets = network.targets();
  const auto classes = targets.size() / static_cast<std::size_t>(network.options().batch);
  for (std::size_t row = 0; row < targets.size(); row += classes) {
    targets[row + random.below(classes)] = 1.0f;
  }
}

int run(const Arguments& arguments) {
  const std::string config = expect(read_file(arguments.config, limits::kMaxModelConfigBytes));
  Network network = expect(Network::create(
      std::make_shared<const Architecture>(expect(parse_architecture(config))), arguments.network));
  Optimizer optimizer = expect(Optimizer::create({}, network.weights().size()));
  fill(network);
  const auto step = [&] {
    expect(network.forward_backward(arguments.network.batch));
    optimizer.step(1e-3, network.weights(), network.gradients());
    network.weights_changed();
  };
  for (int i = 0; i < 3; ++i) step();
  const auto begin = std::chrono::steady_clock::now();
  std::int64_t images = 0;
  double seconds = 0.0;
  const std::clock_t cpu_begin = std::clock();
  while (seconds < arguments.seconds) {
    step();
    images += arguments.network.batch;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  const double cpu_seconds = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
  std::printf(
      "{\"images_per_s\": %.1f, \"images_per_cpu_s\": %.1f, \"batch\": %lld, "
      "\"threads\": %d}\n",
      static_cast<double>(images) / seconds, static_cast<double>(images) / cpu_seconds,
      static_cast<long long>(arguments.network.batch), arguments.network.threads);
  return 0;
}

}  // namespace
}  // namespace tinysplit::bench

int main(int argc, char** argv) {
  return tinysplit::bench::run(tinysplit::bench::parse(argc, argv));
}
