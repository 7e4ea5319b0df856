#include "datasets/class_match.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace tinysplit {
namespace {

using Names = std::vector<std::string>;
using Indices = std::vector<std::int32_t>;

std::size_t digits_in_front(const std::string& name) {
  return std::min(name.find_first_not_of("0123456789"), name.size());
}

// The number that a name begins with, or is.
std::optional<std::int32_t> number_in_front(const std::string& name) {
  std::int32_t number = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + digits_in_front(name), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

bool is_number(const std::string& name) {
  return !name.empty() && digits_in_front(name) == name.size();
}

std::string as_it_is(const std::string& name) { return name; }

std::string without_style(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

std::string without_number(const std::string& name) {
  const std::string rest = without_style(name.substr(digits_in_front(name)));
  return rest.empty() ? without_style(name) : rest;
}

// Which label each name is once both are written as `form` has them; nothing unless all are one
// label each, and no two the same.
std::optional<Indices> match_by_name(const Names& names, const Names& labels,
                                     std::string (*form)(const std::string&)) {
  constexpr std::int32_t kSeveral = -1;
  std::map<std::string, std::int32_t> label_of;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto [at, is_new] = label_of.emplace(form(labels[i]), static_cast<std::int32_t>(i));
    if (!is_new) at->second = kSeveral;
  }
  Indices indices;
  std::set<std::int32_t> taken;
  for (const std::string& name : names) {
    const auto found = label_of.find(form(name));
    if (found == label_of.end() || found->second == kSeveral) return std::nullopt;
    if (!taken.insert(found->second).second) return std::nullopt;
    indices.push_back(found->second);
  }
  return indices;
}

std::optional<Indices> match_by_name(const Names& names, const Names& labels) {
  for (const auto form : {as_it_is, without_style, without_number}) {
    if (const auto indices = match_by_name(names, labels, form)) return indices;
  }
  return std::nullopt;
}

// The classes' own numbers, or those that all their names begin with; nothing unless each is that
// of another one of `outputs` classes.
std::optional<Indices> numbers_of(const Names& names, ClassNumbers numbers, std::size_t outputs) {
  Indices indices;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::optional<std::int32_t> number = numbers == ClassNumbers::kOfNames
                                                   ? number_in_front(names[i])
                                                   : static_cast<std::int32_t>(i);
    if (!number || static_cast<std::size_t>(*number) >= outputs) return std::nullopt;
    indices.push_back(*number);
  }
  if (std::set(indices.begin(), indices.end()).size() != indices.size()) return std::nullopt;
  return indices;
}

std::string list_of(const Names& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    text += (i == 0 ? "\"" : ", \"") + names[i] + "\"";
  }
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

Names missing_from(const Names& labels, const Names& names) {
  Names missing;
  for (const std::string& name : names) {
    if (!match_by_name({name}, labels)) missing.push_back(name);
  }
  return missing.empty() ? names : missing;
}

Result<ClassMatch> match_with_labels(const Names& data, ClassNumbers numbers, const Names& labels) {
  if (numbers != ClassNumbers::kAlone) {
    if (auto indices = match_by_name(data, labels)) {
      return ClassMatch{std::move(*indices), ClassMatch::Basis::kNames, ""};
    }
  }
  // Beside the model's names only a number that is the whole name counts.
  const bool are_numbers =
      numbers != ClassNumbers::kOfNames || std::ranges::all_of(data, is_number);
  if (are_numbers) {
    if (auto indices = numbers_of(data, numbers, labels.size())) {
      std::string note;
      if (numbers != ClassNumbers::kAlone) {
        note = "the data's classes (" + list_of(data) + ") have other names than in labels.txt (" +
               list_of(labels) + "); they are taken by their numbers";
      }
      return ClassMatch{std::move(*indices), ClassMatch::Basis::kNumbers, std::move(note)};
    }
  }
  return invalid_argument("the model's labels.txt (" + list_of(labels) +
                          ") has no or no single class for " + list_of(missing_from(labels, data)) +
                          " of the data's " + std::to_string(data.size()) +
                          " classes; name them alike");
}

Result<ClassMatch> match_without_labels(const Names& data, ClassNumbers numbers,
                                        std::size_t outputs) {
  Indices in_order;
  for (std::size_t i = 0; i < data.size(); ++i) in_order.push_back(static_cast<std::int32_t>(i));
  if (auto indices = numbers_of(data, numbers, outputs)) {
    const bool may_differ = data.size() == outputs && *indices != in_order;
    if (!may_differ) return ClassMatch{std::move(*indices), ClassMatch::Basis::kNumbers, ""};
  }
  if (numbers == ClassNumbers::kOfNames && data.size() == outputs) {
    return ClassMatch{std::move(in_order), ClassMatch::Basis::kOrder,
                      "the model has no labels.txt that names its classes; they are taken to be "
                      "in the order of the data's names: " +
                          list_of(data)};
  }
  return invalid_argument("the model scores " + std::to_string(outputs) +
                          " classes and has no labels.txt that names them, the data has " +
                          std::to_string(data.size()) + " classes (" + list_of(data) +
                          "); write the names of the model's classes, one a line, in a labels.txt "
                          "beside it");
}

}  // namespace

Result<ClassMatch> match_classes(const Names& data, ClassNumbers numbers, const Names& labels,
                                 std::size_t outputs) {
  if (labels.empty()) return match_without_labels(data, numbers, outputs);
  if (labels.size() != outputs) {
    return invalid_argument("labels.txt names " + std::to_string(labels.size()) +
                            " classes, but the model scores " + std::to_string(outputs));
  }
  return match_with_labels(data, numbers, labels);
}

}  // namespace tinysplit
