#include "quantization/type_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/numeric.h"
#include "kernels/native_bodies.h"

namespace tinysplit {
namespace {

using Kind = TreatmentKind;

bool is_real(const Value& value) { return value.dtype == DType::kFloat32 && !value.is_constant(); }

bool is_same(const ElementType& a, const ElementType& b) {
  return a.quantization->scale == b.quantization->scale &&
         a.quantization->zero_point == b.quantization->zero_point;
}

// Sets of values that share an int8 type: that of their union's range, or one that is fixed.
class SharedTypes {
 public:
  explicit SharedTypes(std::size_t values) : parents_(values), fixed_(values), ranges_(values) {
    std::iota(parents_.begin(), parents_.end(), std::size_t{0});
  }

  const std::optional<ElementType>& fixed(ValueId id) { return fixed_[root(usize(id))]; }
  void fix(ValueId id, const ElementType& type) { fixed_[root(usize(id))] = type; }

  // Precondition: at most one of the two is fixed, or both to the same type.
  void join(ValueId a, ValueId b) {
    const std::size_t kept = root(usize(a)), gone = root(usize(b));
    if (kept == gone) return;
    if (fixed_[gone]) fixed_[kept] = fixed_[gone];
    cover(kept, ranges_[gone]);
    parents_[gone] = kept;
  }

  void cover(ValueId id, Range range) { cover(root(usize(id)), range); }

  ElementType type(ValueId id) {
    const std::size_t at = root(usize(id));
    return fixed_[at] ? *fixed_[at] : int8_type_of(ranges_[at]);
  }

 private:
  std::size_t root(std::size_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  // 0 belongs to every range.
  void cover(std::size_t at, Range range) {
    ranges_[at].low = std::min(ranges_[at].low, range.low);
    ranges_[at].high = std::max(ranges_[at].high, range.high);
  }

  std::vector<std::size_t> parents_;
  std::vector<std::optional<ElementType>> fixed_;
  std::vector<Range> ranges_;
};

class Planning {
 public:
  Planning(const Graph& graph, const Ranges& ranges,
           const std::set<std::string, std::less<>>& keep_float)
      : graph_(graph), ranges_(ranges), keep_float_(keep_float), shared_(graph.values().size()) {}

  Result<TypePlan> run() {
    for (const Layer& layer : graph_.layers()) plan_.treatments.push_back(treat(layer));
    TINYSPLIT_RETURN_IF_ERROR(cover_ranges());
    for (std::size_t i = 0; i < graph_.layers().size(); ++i) {
      share(graph_.layers()[i], plan_.treatments[i]);
    }
    plan_.types.resize(graph_.values().size());
    for (std::size_t i = 0; i < plan_.types.size(); ++i) {
      if (is_real(graph_.values()[i])) plan_.types[i] = shared_.type(static_cast<ValueId>(i));
    }
    return std::move(plan_);
  }

 private:
  const Node& node_of(const Layer& layer) const { return graph_.nodes()[usize(layer.first_node)]; }

  bool is_kept(const std::string& name) const {
    return std::ranges::any_of(keep_float_, [&](const std::string& kept) {
      return name == kept || name.starts_with(kept + "/");
    });
  }

  // A layer of its own makes it, in float32.
  bool is_made_in_float(ValueId id) const {
    const int producer = graph_.producer(id);
    if (producer < 0) return graph_.value(id).dtype != DType::kFloat32;
    const int layer = graph_.layer_of_node(producer);
    return plan_.treatments[usize(layer)].kind == Kind::kFloat;
  }

  Treatment treat(const Layer& layer) const {
    if (is_kept(layer.name)) return {Kind::kFloat, std::nullopt, "it was asked to"};
    Treatment treatment = treatment_of(graph_, layer);
    const bool moves = treatment.kind == Kind::kSame || treatment.kind == Kind::kJoin ||
                       treatment.kind == Kind::kIndex;
    const std::vector<ValueId>& inputs = node_of(layer).inputs;
    if (moves && std::ranges::all_of(inputs, [&](ValueId id) {
          return graph_.value(id).is_constant() || is_made_in_float(id);
        })) {
      return {Kind::kFloat, std::nullopt, "what it reads stays float32"};
    }
    return treatment;
  }

  Status cover_range(ValueId id) {
    const Value& value = graph_.value(id);
    if (!is_real(value)) return ok_status();
    const auto found = ranges_.find(value.name);
    if (found == ranges_.end()) {
      return invalid_argument("there is no range for \"" + value.name + "\"");
    }
    const Range range = found->second;
    if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > range.high) {
      return invalid_argument("the range of \"" + value.name + "\" is " +
                              std::to_string(range.low) + " to " + std::to_string(range.high));
    }
    shared_.cover(id, range);
    return ok_status();
  }

  Status cover_ranges() {
    for (const ValueId input : graph_.inputs()) TINYSPLIT_RETURN_IF_ERROR(cover_range(input));
    for (const Layer& layer : graph_.layers()) {
      for (const ValueId output : layer.outputs) TINYSPLIT_RETURN_IF_ERROR(cover_range(output));
    }
    return ok_status();
  }

  void share(const Layer& layer, const Treatment& treatment) {
    const ValueId output = layer.outputs[0];
    const std::vector<ValueId>& inputs = node_of(layer).inputs;
    if (treatment.kind == Kind::kFixed) shared_.fix(output, *treatment.fixed);
    if (treatment.kind == Kind::kSame) shared_.join(inputs[0], output);
    if (treatment.kind == Kind::kJoin) join(inputs, output);
  }

  void join(const std::vector<ValueId>& inputs, ValueId output) {
    std::vector<ValueId> open, fixed;
    for (const ValueId id : inputs) {
      const Value& value = graph_.value(id);
      if (value.is_constant()) {
        const auto [low, high] = std::ranges::minmax_element(value.data->as<float>());
        shared_.cover(output, {*low, *high});
      } else {
        (shared_.fixed(id) ? fixed : open).push_back(id);
      }
    }
    const bool agree =
        !fixed.empty() && open.empty() && std::ranges::all_of(fixed, [&](ValueId id) {
          return is_same(*shared_.fixed(id), *shared_.fixed(fixed[0]));
        });
    for (const ValueId id : agree ? fixed : open) shared_.join(output, id);
  }

  const Graph& graph_;
  const Ranges& ranges_;
  const std::set<std::string, std::less<>>& keep_float_;
  SharedTypes shared_;
  TypePlan plan_;
};

}  // namespace

Result<TypePlan> plan_types(const Graph& folded, const Ranges& ranges,
                            const std::set<std::string, std::less<>>& keep_float) {
  return Planning(folded, ranges, keep_float).run();
}

}  // namespace tinysplit
