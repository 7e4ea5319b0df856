#include "example_support.h"

#include <chrono>
#include <cstdio>
#include <utility>

namespace example {

using tinysplit::HttpClient;
using tinysplit::HttpExchange;
using tinysplit::HttpUrl;
using tinysplit::Result;
using Json = nlohmann::ordered_json;

Result<Picture> load_picture(const tinysplit::ModelFolder& folder, const tinysplit::Graph& graph,
                             const std::string& file) {
  if (file.empty() && folder.images.empty()) {
    return tinysplit::not_found("model " + folder.name + " has no pictures in data/: name one");
  }
  const std::string path = file.empty() ? folder.images.front().string() : file;
  const tinysplit::Shape& shape = graph.value(graph.inputs()[0]).shape;
  TINYSPLIT_ASSIGN_OR_RETURN(tinysplit::Tensor pixels, tinysplit::read_image(path, shape));
  return Picture{path, std::move(pixels)};
}

Result<Json> post_json(const std::string& url, const std::string& path, const Json& body) {
  TINYSPLIT_ASSIGN_OR_RETURN(const HttpUrl edge, tinysplit::parse_http_url(url));
  HttpClient client(edge.host, edge.port);
  TINYSPLIT_ASSIGN_OR_RETURN(
      const HttpExchange exchange,
      client.request("POST", path, "application/json", body.dump(), std::chrono::seconds(30)));
  Json answer = Json::parse(exchange.response.body, nullptr, false);
  if (exchange.response.status == 200 && answer.is_object()) return answer;
  std::string message = exchange.response.body;
  if (answer.is_object() && answer.contains("message")) message = answer["message"].dump();
  return tinysplit::unavailable(url + path + " answered " +
                                std::to_string(exchange.response.status) + ": " + message);
}

int report(const tinysplit::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return tinysplit::exit_code_of(status.code());
}

}  // namespace example
