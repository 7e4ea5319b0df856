#include "net/link_shaper.h"

#include <boost/asio.hpp>
#include <cmath>
#include <mutex>
#include <optional>
#include <thread>

#include "core/clock.h"
#include "core/limits.h"
#include "net/asio.h"
#include "net/endpoint.h"
#include "net/http_text.h"
#include "net/link_relay.h"

namespace tinysplit {
namespace {

using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

// A link that is parsed and checked.
struct Profiles {
  RateProfile up;
  RateProfile down;
  std::int64_t delay_ns;
};

Result<RateProfile> make_profile(double bits_per_s, const std::vector<RatePoint>& trace) {
  return trace.empty() ? RateProfile::constant(bits_per_s) : RateProfile::repeating(trace);
}

Result<Profiles> make_profiles(const LinkParameters& link) {
  constexpr double kMaxDelayS = 3600;
  if (!(link.delay_s >= 0) || link.delay_s > kMaxDelayS) {
    return invalid_argument("the delay of a link must be 0 to 3600 seconds, it is " +
                            std::to_string(link.delay_s));
  }
  Result<RateProfile> up = make_profile(link.uplink_bits_per_s, link.uplink_trace);
  if (!up.ok()) return up.status().with_context("uplink");
  Result<RateProfile> down = make_profile(link.downlink_bits_per_s, link.downlink_trace);
  if (!down.ok()) return down.status().with_context("downlink");
  return Profiles{std::move(*up), std::move(*down), std::llround(link.delay_s * 1e9)};
}

LinkSchedule make_schedule(const RateProfile& profile, std::int64_t delay_ns) {
  return {profile, delay_ns, SteadyClock::instance().now_ns()};
}

}  // namespace

struct LinkShaper::Impl {
  explicit Impl(const Profiles& link)
      : core(make_schedule(link.up, link.delay_ns), make_schedule(link.down, link.delay_ns),
             link.delay_ns) {
    core.state_changed.emplace(io, asio::steady_timer::time_point::max());
  }
  // Connections that are still suspended end with `io`, and leave `core` then.
  ~Impl() {
    acceptor.reset();
    core.state_changed.reset();
  }

  asio::awaitable<void> accept();
  void apply(const Profiles& link);
  void apply(LinkState state);
  void close_all();

  LinkCore core;
  std::atomic<std::uint64_t> connections{0};
  std::string address;
  std::uint16_t port = 0;
  std::thread thread;
  std::once_flag stopped;
  asio::io_context io{1};
  std::optional<tcp::acceptor> acceptor;
};

asio::awaitable<void> LinkShaper::Impl::accept() {
  while (acceptor->is_open()) {
    auto [error, socket] = co_await acceptor->async_accept(io, asio::as_tuple(asio::use_awaitable));
    if (error) {
      asio::steady_timer pause(io, std::chrono::milliseconds(50));
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    ++connections;
    const auto relay = std::make_shared<LinkRelay>(core, std::move(socket));
    if (core.state == LinkState::kReset || core.relays.size() > limits::kMaxConnections) {
      relay->reset();
    } else {
      relay->start();
    }
  }
}

void LinkShaper::Impl::apply(const Profiles& link) {
  const std::int64_t now_ns = SteadyClock::instance().now_ns();
  core.delay_ns = link.delay_ns;
  core.up.schedule.set_profile(link.up, now_ns);
  core.up.schedule.set_delay_ns(link.delay_ns);
  core.down.schedule.set_profile(link.down, now_ns);
  core.down.schedule.set_delay_ns(link.delay_ns);
}

void LinkShaper::Impl::apply(LinkState state) {
  core.state = state;
  if (state == LinkState::kReset) close_all();
  core.state_changed->cancel();
}

void LinkShaper::Impl::close_all() {
  for (LinkRelay* relay : core.relays) relay->reset();
  core.state_changed->cancel();
}

LinkShaper::LinkShaper(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LinkShaper::~LinkShaper() { stop(); }

Result<std::unique_ptr<LinkShaper>> LinkShaper::start(const LinkShaperOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Profiles link, make_profiles(options.link));
  auto impl = std::make_unique<Impl>(link);
  TINYSPLIT_ASSIGN_OR_RETURN(impl->core.server,
                             resolve(impl->io, options.to_host, options.to_port));
  TINYSPLIT_ASSIGN_OR_RETURN(impl->acceptor,
                             open_acceptor(impl->io, options.listen_host, options.listen_port));
  const tcp::endpoint local = impl->acceptor->local_endpoint();
  impl->port = local.port();
  impl->address = host_and_port(local.address().to_string(), local.port());
  asio::co_spawn(impl->io, impl->accept(), asio::detached);
  impl->thread = std::thread([io = &impl->io] { run_io(*io); });
  return std::unique_ptr<LinkShaper>(new LinkShaper(std::move(impl)));
}

std::uint16_t LinkShaper::port() const { return impl_->port; }
std::string LinkShaper::address() const { return impl_->address; }

Status LinkShaper::set_link(const LinkParameters& link) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Profiles profiles, make_profiles(link));
  asio::post(impl_->io, [impl = impl_.get(), profiles] { impl->apply(profiles); });
  return ok_status();
}

void LinkShaper::set_state(LinkState state) {
  asio::post(impl_->io, [impl = impl_.get(), state] { impl->apply(state); });
}

LinkShaper::Counters LinkShaper::counters() const {
  return {impl_->connections, impl_->core.up.delivered_bytes, impl_->core.down.delivered_bytes};
}

void LinkShaper::stop() {
  std::call_once(impl_->stopped, [this] {
    asio::post(impl_->io, asio::use_future([impl = impl_.get()] {
                 ErrorCode ignored;
                 impl->acceptor->close(ignored);
                 impl->close_all();
               }))
        .wait();
    impl_->io.stop();
    impl_->thread.join();
  });
}

}  // namespace tinysplit
