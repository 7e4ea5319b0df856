#include "offloading/offloading_model.h"

namespace tinysplit {

Result<std::shared_ptr<const OffloadingModel>> OffloadingModel::create(std::string name,
                                                                       std::string path,
                                                                       std::string analytics_path,
                                                                       Analytics analytics) {
  if (analytics.layers.empty() || analytics.cuts.size() != analytics.layers.size() + 1) {
    return invalid_argument("the analytics of model " + name + " describe " +
                            std::to_string(analytics.layers.size()) + " layers and " +
                            std::to_string(analytics.cuts.size()) + " cuts");
  }
  std::shared_ptr<OffloadingModel> model(new OffloadingModel());
  model->name_ = std::move(name);
  model->path_ = std::move(path);
  model->analytics_path_ = std::move(analytics_path);
  model->analytics_ = std::move(analytics);
  constexpr std::int64_t kBitsPerByte = 8;
  for (const LayerAnalytics& layer : model->analytics_.layers) {
    model->layer_sizes_bits_.push_back(layer.output_bytes * kBitsPerByte);
    model->edge_time_s_.push_back(layer.time_s);
  }
  model->cuts_ = cut_facts(model->analytics_);
  model->ram_is_estimated_ = estimate_chain_ram(model->analytics_, model->cuts_);
  return std::shared_ptr<const OffloadingModel>(std::move(model));
}

}  // namespace tinysplit
