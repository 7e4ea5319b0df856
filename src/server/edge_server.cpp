#include "server/edge_server.h"

#include <array>

#include "server/endpoints.h"

namespace tinysplit {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;  // one that ends in '/' stands for everything below it
  void (*handle)(EdgeState&, HttpRequest&&, HttpResponder);
};

// The original's README spells evaluate with a hyphen, its code with a slash; clients use both.
constexpr std::array<Route, 9> kRoutes = {{
    {"POST", "/v1/infer", handle_infer},
    {"GET", "/v1/models", handle_models},
    {"GET", "/v1/models/", handle_model},
    {"GET", "/healthz", handle_health},
    {"POST", "/api/offloading/evaluate", handle_evaluate},
    {"POST", "/api-offloading/evaluate", handle_evaluate},
    {"GET", "/api/offloading/communication-status", handle_communication_status},
    {"POST", "/api/offloading/model-initialization", handle_model_initialization},
    {"POST", "/api/offloading/model-inference", handle_model_inference},
}};

bool matches(const Route& route, const std::string& path) {
  if (!route.path.ends_with('/')) return path == route.path;
  return path.size() > route.path.size() && path.starts_with(route.path);
}

void dispatch(EdgeState& state, HttpRequest&& request, HttpResponder respond) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (!matches(route, request.path)) continue;
    if (request.method == route.method) {
      route.handle(state, std::move(request), std::move(respond));
      return;
    }
    allowed = route.method;
  }
  if (allowed.empty()) {
    respond(json_error(404, "there is no " + request.path.substr(0, 200) +
                                " here; docs/protocol.md lists the endpoints"));
    return;
  }
  HttpResponse response =
      json_error(405, request.path + " takes " + allowed + ", not " + request.method);
  response.headers.emplace_back("Allow", allowed);
  respond(std::move(response));
}

// HTTP head and frame around the tensors of an inference, as `tinysplit device --json` counts them
// on the bundled models: 227 bytes up (and 5 for each layer of the head), 168 down.
constexpr std::int64_t kRequestOverheadBytes = 250;
constexpr std::int64_t kReplyOverheadBytes = 168;

OffloadingSettings with_overhead(OffloadingSettings settings) {
  CostParameters& costs = settings.costs;
  if (costs.uplink_overhead_bytes == 0) costs.uplink_overhead_bytes = kRequestOverheadBytes;
  if (costs.downlink_overhead_bytes == 0) costs.downlink_overhead_bytes = kReplyOverheadBytes;
  return settings;
}

}  // namespace

struct EdgeServer::Impl {
  Impl(const EdgeServerOptions& options, const Clock& clock)
      : manager(with_overhead(options.offloading), clock) {}

  OffloadingManager manager;
  std::unique_ptr<ModelStore> models;
  std::unique_ptr<ComputePool> pool;
  std::unique_ptr<EdgeState> state;
  std::unique_ptr<HttpServer> http;  // last: its threads use all of the above
};

EdgeServer::EdgeServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

EdgeServer::~EdgeServer() { stop(std::chrono::milliseconds{0}); }

Result<std::unique_ptr<EdgeServer>> EdgeServer::start(const EdgeServerOptions& options,
                                                      const Clock& clock) {
  auto impl = std::make_unique<Impl>(options, clock);
  // First, since measuring models takes a while: a port in use should show at once.
  HttpServerOptions http_options;
  http_options.host = options.host;
  http_options.port = options.port;
  TINYSPLIT_ASSIGN_OR_RETURN(impl->http, HttpServer::bind(http_options));
  ModelStoreOptions store_options;
  store_options.threads = options.threads_per_worker;
  store_options.profile_runs = options.profile_runs;
  store_options.reading = options.reading;
  TINYSPLIT_ASSIGN_OR_RETURN(impl->models,
                             ModelStore::open(options.models, impl->manager, store_options));
  ComputePoolOptions pool_options;
  pool_options.workers = options.workers;
  pool_options.max_queued = options.max_queued;
  impl->pool = std::make_unique<ComputePool>(pool_options, clock);
  impl->state = std::make_unique<EdgeState>(
      EdgeState{*impl->models, impl->manager, *impl->pool, clock, clock.now_ns()});

  EdgeState* const state = impl->state.get();
  impl->http->serve([state](HttpRequest&& request, HttpResponder respond) {
    dispatch(*state, std::move(request), std::move(respond));
  });
  return std::unique_ptr<EdgeServer>(new EdgeServer(std::move(impl)));
}

std::uint16_t EdgeServer::port() const { return impl_->http->port(); }
std::string EdgeServer::url() const { return "http://" + impl_->http->address(); }
std::size_t EdgeServer::num_models() const { return impl_->models->all().size(); }

void EdgeServer::stop(std::chrono::milliseconds grace) {
  impl_->http->stop(grace);
  impl_->pool->stop();
}

}  // namespace tinysplit
