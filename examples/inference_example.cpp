// One picture through a model that a device and an edge share. Start the edge first:
//   tinysplit serve --models models
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "example_support.h"

using namespace tinysplit;

namespace {

Status run(const SimpleDeviceOptions& given, const std::string& model, const std::string& file,
           int count) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(model));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(folder.model_path));
  TINYSPLIT_ASSIGN_OR_RETURN(const example::Picture picture,
                             example::load_picture(folder, *graph, file));

  // The device measures the model's layers on this machine, and keeps the pace of a slower one.
  SimpleDeviceOptions options = given;
  options.model_name = folder.name;
  options.raw_input = true;  // pixels travel as bytes, not as floats
  TINYSPLIT_ASSIGN_OR_RETURN(const auto device, SimpleDevice::create(graph, options));

  // It learns what the edge and the link can do. Without an edge it works alone.
  if (const Status status = device->measure_link(); !status.ok()) {
    std::printf("no edge (%s): all on the device\n", status.message().c_str());
  }

  const TensorView input = picture.pixels.view();
  for (int i = 0; i < count; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const DeviceResult result, device->infer({&input, 1}));
    const auto scores = result.outputs[0].tensor.as<float>();
    const auto best = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
    const std::string label =
        best < folder.labels.size() ? folder.labels[best] : "class " + std::to_string(best);
    std::printf(
        "%s: %s (%.3f), %s at cut %d, answered by the %s in %.2f ms "
        "(device %.2f, link %.2f, edge %.2f), %llu bytes sent; next cut %d\n",
        picture.file.c_str(), label.c_str(), static_cast<double>(scores[best]),
        std::string(scenario_name(result.scenario)).c_str(), result.cut,
        std::string(answered_by_name(result.answered_by)).c_str(), 1e3 * result.parts.total_s,
        1e3 * result.parts.device_s, 1e3 * result.parts.link_s, 1e3 * result.parts.edge_s,
        static_cast<unsigned long long>(result.bytes_up), result.next_cut);
  }
  return ok_status();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Classifies a picture, split between this device and an edge.");
  SimpleDeviceOptions options;
  options.slowdown = 300.0;
  std::string model = "models/test_model";
  std::string file;
  int count = 3;
  app.add_option("--edge", options.edge_url, "Address of the edge")->capture_default_str();
  app.add_option("--model", model, "Model file or its folder")->capture_default_str();
  app.add_option("--input", file, "PNG or JPEG (default: the first of the model's data/)");
  app.add_option("--count", count, "Inferences")->capture_default_str();
  app.add_option("--slowdown", options.slowdown, "Be this many times as slow as this machine")
      ->capture_default_str();
  app.add_flag("--private-input", options.constraints.private_input,
               "The picture itself must not leave the device");
  CLI11_PARSE(app, argc, argv);
  return example::report(run(options, model, file, count));
}
