#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace tinysplit::tflite {

// `text` of a file for a message or a name: printable ASCII, at most `max_bytes`.
std::string clean_text(std::string_view text, std::size_t max_bytes);

// Gives out names that GraphBuilder takes, each once. None ends in '/' and digits: so the builder
// names the values inside of a layer.
class Names {
 public:
  // The part of `wanted` before the first ';', or if that is taken all of it, or that with a
  // number.
  std::string claim(std::string_view wanted);

 private:
  std::unordered_set<std::string> taken_;
};

}  // namespace tinysplit::tflite
