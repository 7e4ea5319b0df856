#include "formats/tflite/signatures.h"

#include <algorithm>

#include "core/suggestion.h"
#include "formats/tflite/names.h"

namespace tinysplit::tflite {
namespace {

constexpr std::size_t kShownBytes = 80;
constexpr std::size_t kShownSignatures = 10;

std::string key_of(const schema::SignatureDef& signature) {
  return signature.signature_key() == nullptr ? "" : signature.signature_key()->str();
}

std::vector<const schema::SignatureDef*> signatures_of(const schema::Model& model) {
  const auto* list = model.signature_defs();
  if (list == nullptr) return {};
  return {list->begin(), list->end()};
}

std::string quoted(const std::string& key) { return "\"" + clean_text(key, kShownBytes) + "\""; }

std::string listed(const std::vector<const schema::SignatureDef*>& signatures) {
  std::string text;
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    if (i == kShownSignatures) return text + " and others";
    text += (i == 0 ? "" : ", ") + quoted(key_of(*signatures[i]));
  }
  return text;
}

Status no_such(const std::string& wanted,
               const std::vector<const schema::SignatureDef*>& signatures) {
  const std::string text = "it has no signature " + quoted(wanted);
  if (signatures.empty()) return invalid_argument(text + ", nor any other");
  std::vector<std::string> keys;
  for (const schema::SignatureDef* each : signatures) keys.push_back(key_of(*each));
  return invalid_argument(text + ", but " + listed(signatures) + did_you_mean(wanted, keys));
}

// Null: the file has none for its first subgraph.
Result<const schema::SignatureDef*> choose(const schema::Model& model,
                                           const TfliteOptions& options) {
  const auto signatures = signatures_of(model);
  const auto named = [&](const std::string& key) {
    const auto found = std::ranges::find_if(
        signatures, [&](const schema::SignatureDef* each) { return key_of(*each) == key; });
    return found == signatures.end() ? nullptr : *found;
  };
  if (!options.signature.empty()) {
    const schema::SignatureDef* found = named(options.signature);
    if (found == nullptr) return no_such(options.signature, signatures);
    return found;
  }
  const schema::SignatureDef* chosen = named("serving_default");
  if (chosen == nullptr) {
    const auto first = std::ranges::find_if(
        signatures, [](const schema::SignatureDef* each) { return each->subgraph_index() == 0; });
    if (first != signatures.end()) chosen = *first;
  }
  if (signatures.size() > 1 && options.note) {
    options.note("it has the signatures " + listed(signatures) + "; " +
                 (chosen == nullptr ? "its first subgraph, which none of them names,"
                                    : quoted(key_of(*chosen))) +
                 " is read (--signature chooses another)");
  }
  return chosen;
}

}  // namespace

Result<EntryPoint> find_entry_point(const schema::Model& model, const TfliteOptions& options) {
  if (model.subgraphs() == nullptr || model.subgraphs()->size() == 0) {
    return invalid_argument("the model has no subgraph");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const schema::SignatureDef* signature, choose(model, options));
  EntryPoint entry;
  if (signature != nullptr) {
    if (signature->subgraph_index() >= model.subgraphs()->size()) {
      return invalid_argument("its signature " + quoted(key_of(*signature)) + " is of subgraph " +
                              std::to_string(signature->subgraph_index()) +
                              ", which does not exist");
    }
    entry.index = static_cast<int>(signature->subgraph_index());
    for (const auto* maps : {signature->inputs(), signature->outputs()}) {
      if (maps == nullptr) continue;
      for (const schema::TensorMap* map : *maps) {
        if (map->name() != nullptr) entry.names[map->tensor_index()] = map->name()->str();
      }
    }
  }
  entry.subgraph = model.subgraphs()->Get(static_cast<flatbuffers::uoffset_t>(entry.index));
  return entry;
}

}  // namespace tinysplit::tflite
