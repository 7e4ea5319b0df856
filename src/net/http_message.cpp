#include "net/http_message.h"

#include <cstdio>

namespace tinysplit {
namespace {

// A JSON string (RFC 8259 section 7). Precondition: UTF-8.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[7];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

HttpResponse json_error(int status, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.body = "{\"message\": ";
  append_json_string(response.body, message);
  response.body += "}";
  return response;
}

}  // namespace tinysplit
