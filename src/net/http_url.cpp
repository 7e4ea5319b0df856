#include <charconv>

#include "net/http_client.h"
#include "net/http_text.h"

namespace tinysplit {
namespace {

Status bad_url(std::string_view why) {
  return invalid_argument("the URL " + std::string(why) +
                          ", expected something like http://127.0.0.1:8080");
}

// Takes the host off `rest`, which then holds ":port" or nothing.
Result<std::string> take_host(std::string_view& rest) {
  std::string_view host;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad_url("has no ']' after its IPv6 address");
    host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
  }
  if (host.empty()) return bad_url("has no host");
  if (host.find('@') != std::string_view::npos)
    return bad_url("has a user, which is not supported");
  return std::string(host);
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return bad_url("does not begin with http://");
  if (!is_http_target(url)) return bad_url("has spaces or characters that are not ASCII");
  url.remove_prefix(kScheme.size());
  url = url.substr(0, url.find('#'));
  const std::size_t path = std::min(url.find_first_of("/?"), url.size());
  HttpUrl parsed;
  if (path < url.size()) parsed.target = url[path] == '?' ? "/" : "";
  if (path < url.size()) parsed.target += url.substr(path);
  std::string_view authority = url.substr(0, path);
  TINYSPLIT_ASSIGN_OR_RETURN(parsed.host, take_host(authority));
  if (authority.empty()) return parsed;
  const std::string_view digits = authority.substr(1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, parsed.port);
  if (authority[0] != ':' || error != std::errc() || stop != end || parsed.port == 0) {
    return bad_url("has a port that is no number from 1 to 65535");
  }
  return parsed;
}

}  // namespace tinysplit
