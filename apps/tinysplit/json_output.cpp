#include "json_output.h"

#include <cmath>

namespace tinysplit {

using Json = nlohmann::ordered_json;

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_values(const Graph& graph, const std::vector<ValueId>& ids) {
  Json list = Json::array();
  for (const ValueId id : ids) {
    const Value& value = graph.value(id);
    Json entry{
        {"name", value.name}, {"shape", value.shape.dims()}, {"dtype", dtype_name(value.dtype)}};
    if (value.quantization) {
      entry["quantization"] = {{"scale", value.quantization->scale},
                               {"zero_point", value.quantization->zero_point},
                               {"axis", value.quantization->axis}};
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace tinysplit
