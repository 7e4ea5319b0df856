#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/keras/json_text.h"

namespace tinysplit::keras {

// Typed, range-checked access to the configuration of one layer. An error names the option and what
// it was; the caller adds the layer. An option that is absent or null takes the fallback; without
// one it is an error. Errors: INVALID_ARGUMENT.
class LayerOptions {
 public:
  using Pair = std::array<std::int64_t, 2>;

  // `json` must outlive this.
  explicit LayerOptions(const Json& json) : json_(json) {}

  const Json& at(const char* key) const { return member(json_, key); }
  const Json& all() const { return json_; }

  Result<std::int64_t> integer(const char* key, std::int64_t least, std::int64_t most,
                               std::optional<std::int64_t> fallback = {}) const;
  Result<float> number(const char* key, std::optional<float> fallback = {}) const;
  Result<bool> flag(const char* key, std::optional<bool> fallback = {}) const;
  // Text, which is one of `known`. UNIMPLEMENTED if it is another one.
  Result<std::string> word(const char* key, std::initializer_list<const char*> known,
                           std::optional<std::string> fallback = {}) const;
  // One size of 1 .. kMaxOption for each of `count` axes, written as a list or as one number for
  // all.
  Result<std::vector<std::int64_t>> sizes(const char* key, std::size_t count,
                                          std::optional<std::int64_t> fallback = {}) const;
  // The same as {height, width} of an image; of one axis the height is 1.
  Result<Pair> pair(const char* key, int axes, std::optional<std::int64_t> fallback = {}) const;
  // One number or a list of them, each in [least, most].
  Result<std::vector<std::int64_t>> integers(const char* key, std::int64_t least,
                                             std::int64_t most) const;

  // Above any window, stride or border that makes sense.
  static constexpr std::int64_t kMaxOption = std::int64_t{1} << 20;

  // INVALID_ARGUMENT: option `key` is what it is, but must be `what`.
  Status wrong(const char* key, const std::string& what) const;
  // UNIMPLEMENTED: option `key` is what it is, which is not supported.
  Status unsupported(const char* key) const;

 private:
  const Json& json_;
};

// A boolean, which may be written as the number 0 or 1; none if it is anything else.
std::optional<bool> truth_of(const Json& json);

// The number if it is a whole one in [least, most].
std::optional<std::int64_t> whole_number(const Json& json, std::int64_t least, std::int64_t most);

}  // namespace tinysplit::keras
