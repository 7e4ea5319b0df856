#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tinysplit {

// A request as the server hands it to its handler.
struct HttpRequest {
  std::string method;  // "GET", "POST", ...; a HEAD request arrives as "GET", its body is held back
  std::string target;  // as sent: path, '?' and query
  std::string path;    // the target before '?'; percent escapes are kept
  std::string query;   // the target after '?'
  std::string content_type;
  std::string accept;
  std::string authorization;
  std::string body;
  std::string remote;            // "127.0.0.1:40312"
  std::uint64_t wire_bytes = 0;  // head and body as received
  double receive_s = 0;          // from the first byte of the head to the last of the body
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};  // further ones
};

// {"message": "..."} under `status`.
HttpResponse json_error(int status, std::string_view message);

}  // namespace tinysplit
