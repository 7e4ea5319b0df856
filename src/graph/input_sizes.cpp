#include "graph/input_sizes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "core/limits.h"
#include "core/suggestion.h"

namespace tinysplit {
namespace {

using Sizes = std::vector<std::int64_t>;

std::optional<Sizes> parse_sizes(std::string_view text) {
  Sizes sizes;
  while (sizes.size() < limits::kMaxRank) {
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || size < 1 || size > limits::kMaxElements) return std::nullopt;
    sizes.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return sizes;
    if (text.front() != ',' && text.front() != 'x') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

std::string joined(const Sizes& sizes) {
  std::string text;
  for (const std::int64_t size : sizes) {
    text += (text.empty() ? "" : ",") + (size == kOpenSize ? "?" : std::to_string(size));
  }
  return text;
}

std::string name_of_size(const DeclaredInput& input, std::size_t i) {
  return i < input.names.size() ? input.names[i] : "";
}

// "[1,?,?,3]", with the names that the file has for open sizes.
std::string declared_text(const DeclaredInput& input) {
  std::string text;
  for (std::size_t i = 0; i < input.sizes.size(); ++i) {
    const bool open = input.sizes[i] == kOpenSize;
    const std::string name = name_of_size(input, i);
    text += (i == 0 ? "" : ",") + (!open          ? std::to_string(input.sizes[i])
                                   : name.empty() ? "?"
                                                  : name);
  }
  return "[" + text + "]";
}

// Sizes as a user may state them, for a message.
std::string example(const DeclaredInput& input) {
  if (!input.has_rank) return "1,224,224,3";
  const std::int64_t usual = input.sizes.size() > 3 ? 224 : 128;
  Sizes sizes = input.sizes;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == kOpenSize) sizes[i] = i == 0 ? 1 : usual;
  }
  return joined(sizes);
}

class Closing {
 public:
  Closing(const std::vector<DeclaredInput>& inputs, const InputSizes& sizes)
      : inputs_(inputs), stated_(sizes.stated()) {
    for (const DeclaredInput& input : inputs) {
      names_.insert(input.name);
      if (!name_of_size(input, 0).empty()) batch_names_.insert(name_of_size(input, 0));
      for (std::size_t i = 0; i < input.sizes.size(); ++i) {
        if (input.sizes[i] == kOpenSize) open_names_.insert(name_of_size(input, i));
      }
    }
    open_names_.erase("");
  }

  Result<std::vector<Shape>> run() const {
    TINYSPLIT_RETURN_IF_ERROR(check_names());
    std::vector<Shape> shapes;
    for (const DeclaredInput& input : inputs_) {
      Result<Shape> shape = close(input);
      if (!shape.ok()) return shape.status().with_context("input \"" + input.name + "\"");
      shapes.push_back(*shape);
    }
    return shapes;
  }

 private:
  Status check_names() const {
    for (const auto& [name, sizes] : stated_) {
      if (name.empty() && inputs_.size() == 1) continue;
      if (name.empty()) {
        return invalid_argument("--input-shape " + joined(sizes) + ": the model has " +
                                std::to_string(inputs_.size()) + " inputs; name the one meant, " +
                                every_input());
      }
      if (names_.contains(name) || (sizes.size() == 1 && open_names_.contains(name))) continue;
      if (open_names_.contains(name)) {
        return invalid_argument("--input-shape " + name + "=" + joined(sizes) + ": " + name +
                                " is one size");
      }
      std::vector<std::string> known(names_.begin(), names_.end());
      known.insert(known.end(), open_names_.begin(), open_names_.end());
      const std::string meant = did_you_mean(name, known);
      return invalid_argument("--input-shape " + name + "=" + joined(sizes) +
                              ": the model has no input " +
                              (sizes.size() == 1 ? "and no open size " : "") + "of that name" +
                              (meant.empty() ? "; it has " + every_input() : meant));
    }
    return ok_status();
  }

  std::string every_input() const {
    constexpr std::size_t kShown = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, inputs_.size()); ++i) {
      text += (text.empty() ? "" : ", ") + inputs_[i].name + "=" + example(inputs_[i]);
    }
    return inputs_.size() > kShown ? text + ", ..." : text;
  }

  // What is stated of the input as a whole.
  const Sizes* stated_shape(const DeclaredInput& input) const {
    auto found = stated_.find(input.name);
    if (found == stated_.end() && inputs_.size() == 1) found = stated_.find("");
    return found == stated_.end() ? nullptr : &found->second;
  }

  Result<Shape> close(const DeclaredInput& input) const {
    const Sizes* given = stated_shape(input);
    if (given == nullptr) return close_by_size(input);
    if (!input.has_rank) return Shape::create(*given);
    Sizes sizes = *given;
    const bool without_batch =
        sizes.size() + 1 == input.sizes.size() && input.sizes.front() == kOpenSize;
    if (without_batch) sizes.insert(sizes.begin(), 1);
    const bool fits = sizes.size() == input.sizes.size() &&
                      std::ranges::equal(sizes, input.sizes, [](std::int64_t a, std::int64_t b) {
                        return b == kOpenSize || a == b;
                      });
    if (!fits) {
      return invalid_argument("--input-shape " + joined(*given) + " does not fit " +
                              declared_text(input) + ", as the file declares it");
    }
    if (input.batch_is_one && sizes.front() != 1) {
      return invalid_argument("--input-shape " + joined(*given) +
                              " has a batch of more than 1; a run takes one sample");
    }
    return Shape::create(sizes);
  }

  // Size by size, where no shape is stated of the whole.
  Result<Shape> close_by_size(const DeclaredInput& input) const {
    bool open = !input.has_rank;
    Sizes sizes = input.sizes;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] != kOpenSize) continue;
      const std::string name = name_of_size(input, i);
      const auto given = name.empty() ? stated_.end() : stated_.find(name);
      if (given != stated_.end() && given->second.size() == 1) {
        sizes[i] = given->second.front();
      } else if (i == 0 || batch_names_.contains(name)) {
        sizes[i] = 1;
      } else {
        open = true;
      }
    }
    if (!open) return Shape::create(sizes);
    const std::string what =
        input.has_rank ? declared_text(input) + " leaves sizes open" : "has no shape in the file";
    return unimplemented(what + "; state them, such as --input-shape " +
                         (inputs_.size() == 1 ? "" : input.name + "=") + example(input));
  }

  const std::vector<DeclaredInput>& inputs_;
  const std::map<std::string, Sizes, std::less<>>& stated_;
  std::set<std::string> names_, batch_names_, open_names_;
};

}  // namespace

Status InputSizes::add(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  const bool named = equals != std::string_view::npos;
  const std::string_view numbers = named ? text.substr(equals + 1) : text;
  const std::optional<Sizes> sizes = parse_sizes(numbers);
  if (!sizes || (named && equals == 0)) {
    return invalid_argument("\"" + std::string(text) +
                            "\" is no shape such as 1,224,224,3 or image=1,224,224,3, and no size "
                            "such as height=224");
  }
  const std::string name(named ? text.substr(0, equals) : "");
  if (stated_.emplace(name, *sizes).second) return ok_status();
  return invalid_argument("\"" + std::string(text) + "\" is stated twice");
}

Result<std::vector<Shape>> close_input_shapes(const std::vector<DeclaredInput>& inputs,
                                              const InputSizes& sizes) {
  return Closing(inputs, sizes).run();
}

}  // namespace tinysplit
