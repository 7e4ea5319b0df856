#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit::keras {

struct LayerConfig;
class LayerContext;

// Masks that Keras hands on beside tensors, until a layer uses one or drops it: which of the steps
// of [N,T,...] count. They are made where a layer first asks for one.
class Masks {
 public:
  bool is_masked(ValueId x) const { return of_.contains(x); }

  // The mask of x, [N,T] of bool; none if it has none.
  // Errors: UNIMPLEMENTED (one that is joined of several).
  Result<std::optional<ValueId>> find(LayerContext& context, ValueId x);

  // Gives the outputs of a layer the mask that it makes or hands on.
  void carry(const LayerConfig& layer, const std::vector<ValueId>& inputs,
             const std::vector<ValueId>& outputs);

 private:
  enum class Kind { kNotZero, kAnyOther, kJoined };
  struct Source {
    Kind kind = Kind::kJoined;
    ValueId input = -1;   // what it looks at
    float masked = 0.0f;  // the value that does not count
    ValueId made = -1;
  };

  std::vector<Source> sources_;
  std::map<ValueId, std::size_t> of_;  // numbers of sources, by value
};

// Whether steps of x differ from `masked` in any feature: [N,T,...] to [N,T] of bool.
Result<ValueId> add_any_other(LayerContext& context, ValueId x, float masked);

// Errors: UNIMPLEMENTED: the layer uses a mask in a way that is not supported, or computes on
// numbers of such a dtype.
Status check_inputs_of(const LayerConfig& layer, const LayerContext& context, const Masks& masks);

}  // namespace tinysplit::keras
