#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/status.h"
#include "formats/model_reader.h"
#include "offloading/offloading_manager.h"

namespace tinysplit {

struct EdgeServerOptions {
  std::filesystem::path models;  // folder of model folders
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  int workers = 1;
  int threads_per_worker = 1;
  std::size_t max_queued = 256;
  int profile_runs = 30;
  std::map<std::string, ReadOptions, std::less<>> reading;  // by model
  OffloadingSettings offloading;
};

// The edge: models, compute workers, the offloading tools and the HTTP endpoints of
// docs/protocol.md. Thread-safe.
class EdgeServer {
 public:
  // Loads the models and starts to serve. `clock` must outlive the server.
  // Errors: NOT_FOUND (folder of models), UNAVAILABLE (address).
  static Result<std::unique_ptr<EdgeServer>> start(const EdgeServerOptions& options,
                                                   const Clock& clock = SteadyClock::instance());
  // stop() without grace.
  ~EdgeServer();

  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:8080"
  std::size_t num_models() const;

  // Stops accepting; requests that have begun are answered within `grace`.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  explicit EdgeServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tinysplit
