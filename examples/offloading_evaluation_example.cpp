// Asks the edge where a device should cut, in JSON: for a device that cannot speak the binary
// protocol, or to play with layer times. Start the edge first:
//   tinysplit serve --models models
#include <CLI/CLI.hpp>
#include <cstdio>

#include "example_support.h"

using namespace tinysplit;

namespace {

Status run(const std::string& url, const std::string& model, const std::string& device_id,
           const std::vector<double>& layer_times_s) {
  // "layer_0": seconds, ...; what the device measured. Layers it leaves out are estimated by the
  // edge.
  nlohmann::ordered_json times = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < layer_times_s.size(); ++i) {
    times["layer_" + std::to_string(i)] = layer_times_s[i];
  }
  const nlohmann::ordered_json request = {
      {"device_id", device_id},
      {"model_name", model},
      {"start_layer_index", 0},
      {"offloading_information", {{"layers_inference_time", times}}},
      {"payload", {{"message", "where should I cut?"}}}};
  TINYSPLIT_ASSIGN_OR_RETURN(const nlohmann::ordered_json answer,
                             example::post_json(url, "/api/offloading/evaluate", request));
  const nlohmann::ordered_json& text = answer["text"];
  if (!text.is_object() || !text.contains("best_offloading_layer")) {
    return data_loss("the edge did not name a layer: " + answer.dump());
  }
  const int last_on_device = text["best_offloading_layer"].get<int>();
  std::printf("best_offloading_layer: %d (%s)\n", last_on_device,
              last_on_device < 0 ? "everything runs on the edge"
                                 : "the last layer that runs on the device");
  return ok_status();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Asks the edge after which layer a device should hand over.");
  std::string url = "http://127.0.0.1:8080";
  std::string model = "test_model";
  std::string device_id = "device-1";
  std::vector<double> layer_times_s = {0.10, 0.02, 0.0, 0.05, 0.01};
  app.add_option("--edge", url, "Address of the edge")->capture_default_str();
  app.add_option("--model", model, "Name of a model that the edge serves")->capture_default_str();
  app.add_option("--id", device_id, "Name of the device")->capture_default_str();
  app.add_option("--layer-times", layer_times_s, "Seconds that each layer takes on the device")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return example::report(run(url, model, device_id, layer_times_s));
}
