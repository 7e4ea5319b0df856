#include "graph/cut_names.h"

#include <algorithm>
#include <charconv>

#include "core/suggestion.h"

namespace tinysplit {
namespace {

Result<int> cut_beside(std::string_view name, bool after, const std::vector<std::string>& layers,
                       const std::string& what) {
  const auto found = std::ranges::find(layers, name);
  if (found != layers.end()) return static_cast<int>(found - layers.begin()) + (after ? 1 : 0);
  const std::string meant = did_you_mean(name, layers);
  return not_found(what + ": the model has no layer of that name" +
                   (meant.empty() ? "; tinysplit inspect lists them" : meant));
}

}  // namespace

Result<int> parse_cut(std::string_view text, const std::vector<std::string>& layers,
                      std::string_view option) {
  const std::string what = std::string(option) + " " + std::string(text);
  const std::string cuts = "cuts are 0 to " + std::to_string(layers.size());
  constexpr std::string_view kAfter = "after:";
  constexpr std::string_view kBefore = "before:";
  if (text.starts_with(kAfter)) return cut_beside(text.substr(kAfter.size()), true, layers, what);
  if (text.starts_with(kBefore))
    return cut_beside(text.substr(kBefore.size()), false, layers, what);
  int cut = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cut);
  const bool is_number = !text.empty() && end == text.data() + text.size();
  if (!is_number || (error != std::errc() && error != std::errc::result_out_of_range)) {
    const bool is_layer = std::ranges::count(layers, text) > 0;
    const std::string name = is_layer ? std::string(text) : "LAYER";
    return invalid_argument(what + " is neither a number of layers nor after:" + name +
                            " or before:" + name);
  }
  if (error != std::errc() || cut < 0 || cut > static_cast<int>(layers.size())) {
    return out_of_range(what + ": the model has " + std::to_string(layers.size()) + " layers; " +
                        cuts);
  }
  return cut;
}

std::vector<std::string> layer_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Layer& layer : graph.layers()) names.push_back(layer.name);
  return names;
}

}  // namespace tinysplit
