// Lets the edge measure a model: it runs a picture layer by layer and writes the model's
// analytics.json. Start the edge first:
//   tinysplit serve --models models
#include <CLI/CLI.hpp>
#include <cstdio>

#include "example_support.h"

using namespace tinysplit;

namespace {

Status run(const std::string& url, const std::string& model, const std::string& file) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(model));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(folder.model_path));
  TINYSPLIT_ASSIGN_OR_RETURN(const example::Picture picture,
                             example::load_picture(folder, *graph, file));

  // The tensor travels as base64 of little-endian float32, its shape beside it.
  const nlohmann::ordered_json request = {{"model_name", folder.name},
                                          {"model_data", base64_encode(picture.pixels.bytes())},
                                          {"shape", picture.pixels.shape().dims()}};
  TINYSPLIT_ASSIGN_OR_RETURN(
      const nlohmann::ordered_json answer,
      example::post_json(url, "/api/offloading/model-initialization", request));
  std::printf("%s\n", answer.value("text", answer.dump(2)).c_str());
  return ok_status();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Lets the edge measure a model's layers on a picture.");
  std::string url = "http://127.0.0.1:8080";
  std::string model = "models/test_model";
  std::string file;
  app.add_option("--edge", url, "Address of the edge")->capture_default_str();
  app.add_option("--model", model, "Model file or its folder")->capture_default_str();
  app.add_option("--input", file, "PNG or JPEG (default: the first of the model's data/)");
  CLI11_PARSE(app, argc, argv);
  return example::report(run(url, model, file));
}
