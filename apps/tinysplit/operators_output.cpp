#include "operators_output.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/table.h"
#include "report/terminal.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

// What is refused for one reason.
struct RefusedGroup {
  std::string_view reason;
  std::vector<std::string_view> names;
};

// In the order in which the reasons first come, which the readers choose.
std::vector<RefusedGroup> grouped(const std::vector<RefusedOperator>& refused) {
  std::vector<RefusedGroup> groups;
  for (const RefusedOperator& row : refused) {
    auto group = std::ranges::find(groups, row.reason, &RefusedGroup::reason);
    if (group == groups.end()) group = groups.insert(group, {row.reason, {}});
    group->names.push_back(row.name);
  }
  for (RefusedGroup& group : groups) std::ranges::sort(group.names);
  return groups;
}

std::string joined(const std::vector<std::string_view>& names, std::string_view quote = "") {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text.append(quote).append(name).append(quote);
  }
  return text;
}

std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json describe(const SupportedOperator& row) {
  return {{"name", row.name}, {"types", to_string(row.note.types)}, {"options", row.note.options}};
}

const OperatorList* find_list(const std::vector<OperatorList>& lists, std::string_view format) {
  const auto found = std::ranges::find(lists, format, &OperatorList::format);
  return found == lists.end() ? nullptr : &*found;
}

const SupportedOperator* find_supported(const OperatorList& list, std::string_view kind) {
  const auto found = std::ranges::find(list.supported, kind, &SupportedOperator::name);
  return found == list.supported.end() ? nullptr : &*found;
}

// Types and options of a kind that is supported, or why it is not.
std::pair<std::string, std::string> explain(const OperatorList& list, const OperatorUse& use) {
  const SupportedOperator* row = find_supported(list, use.kind);
  if (use.supported) {
    if (row == nullptr) return {};
    return {to_string(row->note.types), std::string(row->note.options)};
  }
  const auto refused = std::ranges::find(list.refused, use.kind, &RefusedOperator::name);
  if (refused != list.refused.end()) return {"", std::string(refused->reason)};
  return {"", "none of the format's own"};
}

bool lacks_kernel(const ModelReport& report, std::string_view kind) {
  return std::ranges::find(report.without_kernel, kind, &LayerWithoutKernel::kind) !=
         report.without_kernel.end();
}

}  // namespace

std::string to_table(const std::vector<OperatorList>& lists) {
  std::string text;
  for (const OperatorList& list : lists) {
    text += (text.empty() ? "" : "\n") + std::string(list.title) + "\n";
    for (const std::string& note : list.notes) text += "  " + note + "\n";
    Table table({{"supported", {}, Table::Fit::kWrap},
                 {"types", {}, Table::Fit::kWrap},
                 {"options", {}, Table::Fit::kWrap}});
    for (const SupportedOperator& row : list.supported) {
      table.add_row(
          {std::string(row.name), to_string(row.note.types), std::string(row.note.options)});
    }
    text += "\n" + table.to_string(true, 0, output_columns());
    Table refused({{"refused, because", {}, Table::Fit::kWrap}, {"which", {}, Table::Fit::kWrap}});
    for (const RefusedGroup& group : grouped(list.refused)) {
      refused.add_row({std::string(group.reason), joined(group.names)});
    }
    text += "\n" + refused.to_string(true, 0, output_columns());
  }
  return text;
}

std::string to_markdown(const std::vector<OperatorList>& lists) {
  std::string text =
      "# Layers and operators\n\n"
      "Will my model load? `tinysplit operators MODEL` lists the operators of a file, those that "
      "are "
      "not\nsupported among them, and says whether it loads.\n\n"
      "This page is what `tinysplit operators --markdown` prints: the tables by which the readers "
      "find their\ntranslators. A test holds the two together.\n";
  for (const OperatorList& list : lists) {
    text += "\n## " + std::string(list.title) + "\n";
    for (const std::string& note : list.notes) text += "\n" + note + "\n";
    text += "\n| supported | element types | options |\n|---|---|---|\n";
    for (const SupportedOperator& row : list.supported) {
      text += "| " + std::string(row.name) + " | " + to_string(row.note.types) + " | " +
              std::string(row.note.options) + " |\n";
    }
    text += "\n| refused, because | which |\n|---|---|\n";
    for (const RefusedGroup& group : grouped(list.refused)) {
      text += "| " + std::string(group.reason) + " | " + joined(group.names) + " |\n";
    }
  }
  return text;
}

std::string to_json(const std::vector<OperatorList>& lists) {
  Json formats = Json::object();
  for (const OperatorList& list : lists) {
    Json supported = Json::array(), refused = Json::array();
    for (const SupportedOperator& row : list.supported) supported.push_back(describe(row));
    for (const RefusedOperator& row : list.refused) {
      refused.push_back({{"name", row.name}, {"reason", row.reason}});
    }
    formats[std::string(list.format)] = {
        {"notes", list.notes}, {"supported", supported}, {"refused", refused}};
  }
  return dumped(formats);
}

std::string to_table(const ModelReport& report, const std::vector<OperatorList>& lists) {
  const OperatorList* list = find_list(lists, report.operators.format);
  if (list == nullptr) return "";
  Table table({{list->title == "Keras" ? "layer" : "operator", {}, Table::Fit::kWrap},
               {"uses", Table::Align::kRight},
               {"supported", {}},
               {"types", {}, Table::Fit::kWrap},
               {"options, or why not", {}, Table::Fit::kWrap}});
  std::size_t missing = 0;
  for (const OperatorUse& use : report.operators.uses) {
    const auto [types, options] = explain(*list, use);
    const bool runs = use.supported && !lacks_kernel(report, use.kind);
    table.add_row({use.kind, std::to_string(use.count), runs ? "yes" : "NO", types, options});
    if (!runs) ++missing;
  }
  std::string text = report.file + ": " + std::string(list->title) + ", " +
                     std::to_string(report.operators.uses.size()) + " kinds, " +
                     (missing == 0 ? "all" : "all but " + std::to_string(missing)) +
                     " supported\n\n" + table.to_string(true, 0, output_columns());
  if (!report.without_kernel.empty()) text += "\n";
  for (const LayerWithoutKernel& layer : report.without_kernel) text += layer.reason + "\n";
  if (report.loads.ok()) text += "\nIt loads, and the engine runs it, at every cut.\n";
  return text;
}

std::string to_json(const ModelReport& report, const std::vector<OperatorList>& lists) {
  const OperatorList* list = find_list(lists, report.operators.format);
  Json uses = Json::array();
  for (const OperatorUse& use : report.operators.uses) {
    const auto [types, options] =
        list == nullptr ? std::pair<std::string, std::string>() : explain(*list, use);
    const auto layer =
        std::ranges::find(report.without_kernel, use.kind, &LayerWithoutKernel::kind);
    const bool runs = use.supported && layer == report.without_kernel.end();
    Json row{{"name", use.kind}, {"count", use.count}, {"supported", runs}};
    if (use.supported && !runs) {
      row["reason"] = layer->reason;
    } else {
      row[runs ? "options" : "reason"] = options;
    }
    if (use.supported) row["types"] = types;
    uses.push_back(std::move(row));
  }
  return dumped(Json{{"file", report.file},
                     {"format", report.operators.format},
                     {"operators", std::move(uses)},
                     {"loads", report.loads.ok()},
                     {"message", report.loads.ok() ? "" : report.loads.message()}});
}

}  // namespace tinysplit
