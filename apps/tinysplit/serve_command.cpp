#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "core/limits.h"
#include "core/logging.h"
#include "model_input.h"
#include "net/signal_watcher.h"
#include "server/edge_server.h"

namespace tinysplit {
namespace {

constexpr std::chrono::seconds kShutdownGrace{10};

bool is_loopback(const std::string& host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

// Clients beyond kMaxConnections shall be told so; without descriptors they would wait unheard. The
// usual limit of a process is 1024, and it may raise it itself.
void raise_descriptor_limit() {
  constexpr rlim_t kOthers = 128;  // files, and connections that are being refused
  constexpr rlim_t kWanted = limits::kMaxConnections + kOthers;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kWanted) return;
  limit.rlim_cur = std::min(kWanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < kWanted) {
    spdlog::warn("this process may open {} files only: too few for {} connections", limit.rlim_cur,
                 limits::kMaxConnections);
  }
}

Status serve(const EdgeServerOptions& options) {
  raise_descriptor_limit();
  // Whoever reads the log may go away: no reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  TINYSPLIT_ASSIGN_OR_RETURN(const auto termination, TerminationSignal::create());
  TINYSPLIT_ASSIGN_OR_RETURN(const auto server, EdgeServer::start(options));
  if (!is_loopback(options.host)) {
    spdlog::warn(
        "{} is reachable from other machines, without TLS and without a token: put it "
        "behind a proxy or on a network that you trust",
        server->url());
  }
  if (server->num_models() == 0) {
    spdlog::warn("{} holds no model that can be served", options.models.string());
  }
  std::printf("tinysplit edge listening on %s\n", server->url().c_str());
  std::fflush(stdout);
  termination->wait();
  spdlog::info("shutting down, finishing requests in flight");
  server->stop(kShutdownGrace);
  return ok_status();
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<EdgeServerOptions>();
  options->port = 8080;
  CLI::App* command = app.add_subcommand("serve", "Run the edge server");
  command->add_option("--models", options->models, "Folder of model folders: <name>/<name>.keras")
      ->required();
  command->add_option("--host", options->host, "Address to listen on")->capture_default_str();
  command->add_option("--port", options->port, "Port, 0 for any free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--workers", options->workers, "Inferences computed at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--threads", options->threads_per_worker, "Threads inside one operation")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--queue", options->max_queued, "Requests that may wait; more get a 503")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command
      ->add_option("--forget-after-s", options->offloading.outdated_after_s,
                   "Silence after which a device is forgotten")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_reading_options(*command, options->reading);
  command->footer(
      "Prints one line with the address when ready. SIGTERM or Ctrl-C finishes what is in flight.\n"
      "Example:\n  tinysplit serve --models models --port 8080");
  command->callback([options, &exit_code] { exit_code = report(serve(*options)); });
}

}  // namespace tinysplit
