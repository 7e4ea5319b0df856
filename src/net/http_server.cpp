#include "net/http_server.h"

#include <spdlog/spdlog.h>

#include <thread>
#include <vector>

#include "net/asio.h"
#include "net/endpoint.h"
#include "net/http_connection.h"
#include "net/http_text.h"

namespace tinysplit {
namespace {

using tcp = asio::ip::tcp;

// Connections beyond the limit that are told so at the same time; any more are just closed.
constexpr int kMaxRejections = 64;
// When accepting fails (no more file descriptors), trying again at once would only burn the
// processor.
constexpr std::chrono::milliseconds kAcceptPause{50};

}  // namespace

bool HttpServerCore::add(HttpConnection* connection) {
  const std::lock_guard lock(mutex);
  if (stopping || connections.size() >= options.max_connections) return false;
  connections.insert(connection);
  return true;
}

void HttpServerCore::remove(HttpConnection* connection) {
  // Notified under the lock: whoever waits may destroy everything once it has seen the change.
  const std::lock_guard lock(mutex);
  connections.erase(connection);
  changed.notify_all();
}

struct HttpServer::Impl {
  explicit Impl(tcp::acceptor* opened) : acceptor(std::move(*opened)) {}

  asio::awaitable<void> accept();
  void serve(tcp::socket socket);

  std::shared_ptr<HttpServerCore> core;
  tcp::acceptor acceptor;
  tcp::endpoint local;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::vector<std::thread> threads;
  std::shared_ptr<std::atomic<int>> rejections = std::make_shared<std::atomic<int>>(0);
  std::once_flag stopped;
};

asio::awaitable<void> HttpServer::Impl::accept() {
  asio::steady_timer pause(acceptor.get_executor());
  bool is_failing = false;
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(asio::make_strand(core->io),
                                                          asio::as_tuple(asio::use_awaitable));
    if (!error) {
      is_failing = false;
      serve(std::move(socket));
    } else if (acceptor.is_open()) {
      // Once for each time of trouble, not for each attempt.
      if (!is_failing) spdlog::warn("cannot accept connections: {}", error.message());
      is_failing = true;
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
}

void HttpServer::Impl::serve(tcp::socket socket) {
  const auto executor = socket.get_executor();
  auto connection = std::make_shared<HttpConnection>(*core, std::move(socket));
  if (core->add(connection.get())) {
    asio::co_spawn(
        executor,
        [](HttpServerCore& owner, std::shared_ptr<HttpConnection> self) -> asio::awaitable<void> {
          const auto leave = [&owner](HttpConnection* gone) { owner.remove(gone); };
          const std::unique_ptr<HttpConnection, decltype(leave)> membership(self.get(), leave);
          co_await self->run();
        }(*core, std::move(connection)),
        asio::detached);
  } else if (rejections->fetch_add(1) < kMaxRejections && !core->stopping) {
    asio::co_spawn(executor, connection->reject(),
                   [connection, count = rejections](std::exception_ptr) { --*count; });
  } else {
    --*rejections;
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::bind(const HttpServerOptions& options) {
  auto core = std::make_shared<HttpServerCore>();
  core->options = options;
  TINYSPLIT_ASSIGN_OR_RETURN(tcp::acceptor acceptor,
                             open_acceptor(core->io, options.host, options.port));
  auto impl = std::make_unique<Impl>(&acceptor);
  impl->core = std::move(core);
  impl->local = impl->acceptor.local_endpoint();
  impl->work.emplace(impl->core->io.get_executor());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::serve(HttpHandler handler) {
  impl_->core->handler = std::move(handler);
  asio::co_spawn(impl_->acceptor.get_executor(), impl_->accept(), asio::detached);
  for (int i = 0; i < std::max(1, impl_->core->options.io_threads); ++i) {
    impl_->threads.emplace_back([io = &impl_->core->io] { run_io(*io); });
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const HttpServerOptions& options,
                                                       HttpHandler handler) {
  TINYSPLIT_ASSIGN_OR_RETURN(auto server, bind(options));
  server->serve(std::move(handler));
  return server;
}

std::uint16_t HttpServer::port() const { return impl_->local.port(); }

std::string HttpServer::address() const {
  return host_and_port(impl_->local.address().to_string(), impl_->local.port());
}

std::size_t HttpServer::num_connections() const {
  const std::lock_guard lock(impl_->core->mutex);
  return impl_->core->connections.size();
}

void HttpServer::stop(std::chrono::milliseconds grace) {
  std::call_once(impl_->stopped, [this, grace] {
    HttpServerCore& core = *impl_->core;
    asio::post(impl_->acceptor.get_executor(), [this] {
      boost::system::error_code unimportant;
      impl_->acceptor.close(unimportant);
    });
    std::vector<std::future<void>> closed;
    {
      std::unique_lock lock(core.mutex);
      core.stopping = true;
      for (HttpConnection* connection : core.connections) connection->finish();
      core.changed.wait_for(lock, grace, [&core] { return core.connections.empty(); });
      for (HttpConnection* connection : core.connections) closed.push_back(connection->abort());
    }
    // Responders that are still out keep the core, but must not keep clients waiting.
    for (const std::future<void>& one : closed) one.wait();
    impl_->work.reset();
    core.io.stop();
    for (std::thread& thread : impl_->threads) thread.join();
    boost::system::error_code ignored;
    impl_->acceptor.close(ignored);
  });
}

}  // namespace tinysplit
