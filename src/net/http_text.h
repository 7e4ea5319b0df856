#pragma once

#include <string>
#include <string_view>

// Checks on text that becomes part of an HTTP head, where a line break would start a new field.
namespace tinysplit {

// A token of RFC 9110 section 5.6.2: a method or the name of a field.
bool is_http_token(std::string_view text);
// The value of a field: no control characters but the tab.
bool is_http_field_value(std::string_view text);
// A request target: printable ASCII without spaces, not empty.
bool is_http_target(std::string_view text);

// "127.0.0.1:8080", "[::1]:8080".
std::string host_and_port(std::string_view host, unsigned port);

}  // namespace tinysplit
