#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "engine/engine.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "offloading/offloading_manager.h"

namespace tinysplit {

// A model that the edge serves.
struct ServedModel {
  ModelFolder folder;
  std::shared_ptr<Engine> engine;
  std::shared_ptr<const OffloadingModel> offloading;  // sizes, and times measured on this edge

  const Graph& graph() const { return engine->graph(); }
};

struct ModelStoreOptions {
  int threads = 1;        // inside one operation
  int profile_runs = 30;  // where a model comes without usable analytics
  std::map<std::string, ReadOptions, std::less<>> reading;  // by model
};

// The models of one folder. Analytics that are missing or of another model are measured anew.
// Thread-safe: entries are immutable and replaced whole.
class ModelStore {
 public:
  // Loads every model of `models`; one that cannot be loaded is logged and left out. `manager`
  // learns of each model and must outlive the store. Errors: NOT_FOUND (no such folder, or no model
  // that options.reading names).
  static Result<std::unique_ptr<ModelStore>> open(const std::filesystem::path& models,
                                                  OffloadingManager& manager,
                                                  const ModelStoreOptions& options = {});

  // Errors: NOT_FOUND that names the model.
  Result<std::shared_ptr<const ServedModel>> find(std::string_view name) const;
  std::vector<std::shared_ptr<const ServedModel>> all() const;

  // Measures the model on `input` (of its one input's shape), takes the result into use and writes
  // analytics.json. Errors: NOT_FOUND, INVALID_ARGUMENT (shape), FAILED_PRECONDITION (the file
  // cannot be written; the new times are in use all the same).
  Result<std::shared_ptr<const ServedModel>> measure(std::string_view name, const Tensor& input,
                                                     int runs);

 private:
  ModelStore(OffloadingManager& manager, const ModelStoreOptions& options)
      : manager_(manager), options_(options) {}
  Status load(const ModelFolder& folder);
  Status take(const ModelFolder& folder, std::shared_ptr<Engine> engine, Analytics analytics);

  OffloadingManager& manager_;
  const ModelStoreOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const ServedModel>, std::less<>> models_;
};

}  // namespace tinysplit
