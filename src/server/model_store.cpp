#include "server/model_store.h"

#include <algorithm>

#include "core/logging.h"
#include "core/suggestion.h"
#include "engine/profiler.h"
#include "graph/analytics.h"

namespace tinysplit {
namespace {

// A camera delivers bytes; the float32 that the network computes with never has to travel.
void set_raw_input(Analytics& analytics, const ModelFolder& folder) {
  if (folder.takes_images()) analytics.input_bytes_raw = analytics.input_bytes_f32 / 4;
}

// Sizes from the graph, times from the file: old files hold little else.
Result<Analytics> analytics_from_file(const ModelFolder& folder, const Graph& graph) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Analytics stored, read_analytics(folder.analytics_path));
  TINYSPLIT_RETURN_IF_ERROR(check_analytics(stored, graph.digest(), graph.num_layers()));
  Analytics analytics = Analytics::from_graph(graph);
  analytics.machine = stored.machine;
  analytics.date = stored.date;
  analytics.threads = stored.threads;
  analytics.runs = stored.runs;
  for (std::size_t i = 0; i < analytics.layers.size(); ++i) {
    analytics.layers[i].time_s = stored.layers[i].time_s;
    analytics.layers[i].time_p10_s = stored.layers[i].time_p10_s;
    analytics.layers[i].time_p90_s = stored.layers[i].time_p90_s;
  }
  set_raw_input(analytics, folder);
  return analytics;
}

}  // namespace

Result<std::unique_ptr<ModelStore>> ModelStore::open(const std::filesystem::path& models,
                                                     OffloadingManager& manager,
                                                     const ModelStoreOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ModelFolder> folders, list_model_folders(models));
  for (const auto& [name, reading] : options.reading) {
    if (std::ranges::count(folders, name, &ModelFolder::name) > 0) continue;
    std::vector<std::string> names;
    for (const ModelFolder& folder : folders) names.push_back(folder.name);
    return not_found(models.string() + " has no model \"" + name + "\"" +
                     did_you_mean(name, names));
  }
  std::unique_ptr<ModelStore> store(new ModelStore(manager, options));
  for (const ModelFolder& folder : folders) {
    if (const Status status = store->load(folder); !status.ok()) {
      spdlog::error("model {} is left out: {}", folder.name, status.message());
    }
  }
  return store;
}

Status ModelStore::load(const ModelFolder& folder) {
  const auto options = options_.reading.find(folder.name);
  const ReadOptions reading = options == options_.reading.end() ? ReadOptions() : options->second;
  TINYSPLIT_ASSIGN_OR_RETURN(auto graph, read_model(folder.model_path, reading));
  EngineOptions engine_options;
  engine_options.threads = options_.threads;
  TINYSPLIT_ASSIGN_OR_RETURN(auto engine, Engine::create(graph, engine_options));
  Result<Analytics> analytics = analytics_from_file(folder, *graph);
  // Times of another machine say nothing about this edge.
  if (analytics.ok() && !analytics->machine.empty() && analytics->machine != describe_machine()) {
    analytics = failed_precondition("was measured on " + analytics->machine);
  }
  if (!analytics.ok()) {
    spdlog::info("measuring {} anew: {}", folder.name, analytics.status().message());
    ProfileOptions profile;
    profile.runs = options_.profile_runs;
    profile.threads = options_.threads;
    analytics = profile_model(*engine, {}, profile);
    if (!analytics.ok()) return analytics.status();
    set_raw_input(*analytics, folder);
  }
  TINYSPLIT_RETURN_IF_ERROR(take(folder, engine, std::move(*analytics)));
  spdlog::info("serving {}: {} layers, sha256 {:.12}", folder.name, graph->num_layers(),
               graph->digest());
  return ok_status();
}

Status ModelStore::take(const ModelFolder& folder, std::shared_ptr<Engine> engine,
                        Analytics analytics) {
  TINYSPLIT_ASSIGN_OR_RETURN(
      auto offloading,
      OffloadingModel::create(folder.name, folder.model_path.string(),
                              folder.analytics_path.string(), std::move(analytics)));
  manager_.set_model(offloading);
  auto served = std::make_shared<const ServedModel>(
      ServedModel{folder, std::move(engine), std::move(offloading)});
  const std::lock_guard lock(mutex_);
  models_.insert_or_assign(folder.name, std::move(served));
  return ok_status();
}

Result<std::shared_ptr<const ServedModel>> ModelStore::find(std::string_view name) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = models_.find(name); found != models_.end()) return found->second;
  }
  return not_found("this edge has no model \"" + std::string(name.substr(0, 64)) +
                   "\"; GET /v1/models lists those that it has");
}

std::vector<std::shared_ptr<const ServedModel>> ModelStore::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const ServedModel>> models;
  for (const auto& [name, model] : models_) models.push_back(model);
  return models;
}

Result<std::shared_ptr<const ServedModel>> ModelStore::measure(std::string_view name,
                                                               const Tensor& input, int runs) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto model, find(name));
  ProfileOptions profile;
  profile.runs = runs;
  profile.threads = options_.threads;
  const TensorView view = input.view();
  TINYSPLIT_ASSIGN_OR_RETURN(Analytics analytics,
                             profile_model(*model->engine, {&view, 1}, profile));
  set_raw_input(analytics, model->folder);
  TINYSPLIT_RETURN_IF_ERROR(take(model->folder, model->engine, analytics));
  TINYSPLIT_RETURN_IF_ERROR(write_analytics(analytics, model->folder.analytics_path));
  return find(name);
}

}  // namespace tinysplit
