#pragma once

#include <tinysplit/device.h>

#include <nlohmann/json.hpp>
#include <string>

// What the examples share: a model with a picture of its data folder, and POST of JSON.
namespace example {

struct Picture {
  std::string file;
  tinysplit::Tensor pixels;  // float32 [1,H,W,C], 0..255
};

// The picture `file`, or the first of the model's data folder if it is empty, in the model's shape.
tinysplit::Result<Picture> load_picture(const tinysplit::ModelFolder& folder,
                                        const tinysplit::Graph& graph, const std::string& file);

// Posts `body` to `path` of the edge and parses the answer.
tinysplit::Result<nlohmann::ordered_json> post_json(const std::string& url, const std::string& path,
                                                    const nlohmann::ordered_json& body);

// Prints the message of a failure; the exit code of the process.
int report(const tinysplit::Status& status);

}  // namespace example
