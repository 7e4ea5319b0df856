#include "engine/named_run.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/value_conversion.h"
#include "graph/cuts.h"

namespace tinysplit {
namespace {

const NamedTensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

// A name that only counts: none, NumPy's own "arr_0", or "x0".
bool is_positional(const NamedTensor& tensor) {
  std::string_view name = tensor.name;
  for (const std::string_view prefix : {"arr_", "x"}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    break;
  }
  return std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

// How often `tensor` holds what the graph calls `value`, along the first axis: a batch of inputs of
// shape [1,...], which may leave that axis out where it is 1; or the same of any other value, as a
// run of several samples hands it on.
Result<std::int64_t> batch_of(const NamedTensor& tensor, const Value& value) {
  const Shape& have = tensor.tensor.shape();
  const Shape& one = value.shape;
  if (have == one) return 1;
  if (one.rank() == 0) {
    if (have.rank() == 1 && have[0] > 0) return have[0];
  } else {
    const auto inner = one.dims().subspan(1);
    if (one[0] == 1 && std::ranges::equal(have.dims(), inner)) return 1;
    if (have.rank() == one.rank() && std::ranges::equal(have.dims().subspan(1), inner) &&
        have[0] > 0 && have[0] % one[0] == 0) {
      return have[0] / one[0];
    }
  }
  std::string wanted = one.to_string();
  if (one.rank() > 0 && one[0] == 1) wanted.replace(1, 1, "N");
  return invalid_argument("tensor \"" + value.name + "\" has shape " + have.to_string() +
                          ", the model needs " + wanted);
}

// Shape of `batch` values side by side along the first axis.
Result<Shape> batched(const Shape& one, std::int64_t batch) {
  std::vector<std::int64_t> dims(one.dims().begin(), one.dims().end());
  if (dims.empty() && batch > 1) dims.push_back(1);
  if (!dims.empty()) dims[0] *= batch;
  return Shape::create(dims);
}

class NamedRun {
 public:
  NamedRun(Segment& segment, const Graph& graph) : segment_(segment), graph_(graph) {}

  Status match(std::vector<NamedTensor>& inputs) {
    const auto& wanted = segment_.inputs();
    const bool any_known = std::ranges::any_of(
        wanted, [&](ValueId id) { return find(inputs, graph_.value(id).name) != nullptr; });
    // Any other name says that the tensor is another one, such as that of another cut.
    if (!any_known && inputs.size() == wanted.size() &&
        std::ranges::all_of(inputs, is_positional)) {
      for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].name = graph_.value(wanted[i]).name;
    }
    for (const ValueId id : wanted) {
      const Value& value = graph_.value(id);
      NamedTensor* given = const_cast<NamedTensor*>(find(inputs, value.name));
      if (given == nullptr) {
        return invalid_argument("tensor \"" + value.name + "\" " + value.shape.to_string() +
                                " is missing, layers from " + std::to_string(segment_.begin()) +
                                " on read it");
      }
      TINYSPLIT_ASSIGN_OR_RETURN(given->tensor, convert_for(std::move(given->tensor), value));
      TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t batch, batch_of(*given, value));
      if (batch_ != 0 && batch != batch_) {
        return invalid_argument("tensor \"" + value.name + "\" holds " + std::to_string(batch) +
                                " samples, another one " + std::to_string(batch_));
      }
      batch_ = batch;
      given_.push_back(given);
    }
    return ok_status();
  }

  Result<std::vector<NamedTensor>> run() {
    // A segment that reads nothing still runs once.
    const std::int64_t batch = std::max<std::int64_t>(batch_, 1);
    std::vector<NamedTensor> outputs;
    for (const ValueId id : segment_.outputs()) {
      TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, batched(graph_.value(id).shape, batch));
      outputs.push_back({graph_.value(id).name, Tensor(graph_.value(id).dtype, shape)});
    }
    for (std::int64_t sample = 0; sample < batch; ++sample) {
      const std::size_t at = static_cast<std::size_t>(sample);
      for (std::size_t i = 0; i < given_.size(); ++i) {
        const std::span<std::byte> target = segment_.input(i);
        std::memcpy(target.data(), given_[i]->tensor.data() + at * target.size(), target.size());
      }
      TINYSPLIT_RETURN_IF_ERROR(segment_.run());
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const TensorView made = segment_.output(i);
        std::memcpy(outputs[i].tensor.data() + at * made.num_bytes(), made.data, made.num_bytes());
      }
    }
    return outputs;
  }

 private:
  Segment& segment_;
  const Graph& graph_;
  std::vector<const NamedTensor*> given_;
  std::int64_t batch_ = 0;
};

}  // namespace

Result<std::vector<NamedTensor>> run_named(Segment& segment, const Graph& graph,
                                           std::vector<NamedTensor> inputs) {
  NamedRun run(segment, graph);
  TINYSPLIT_RETURN_IF_ERROR(run.match(inputs));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<NamedTensor> outputs, run.run());
  for (const ValueId made : outputs_made_by(graph, 0, segment.begin())) {
    const std::string& name = graph.value(made).name;
    const NamedTensor* early = find(inputs, name);
    if (early != nullptr && find(outputs, name) == nullptr) {
      outputs.push_back({name, early->tensor.clone()});
    }
  }
  return outputs;
}

}  // namespace tinysplit
