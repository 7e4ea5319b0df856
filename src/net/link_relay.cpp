#include "net/link_relay.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "core/clock.h"
#include "net/asio.h"

namespace tinysplit {
namespace {

using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using TimePoint = asio::steady_timer::time_point;

// What fits an Ethernet frame after the IPv4 and TCP heads.
constexpr std::size_t kSegmentBytes = 1460;
constexpr std::size_t kRelayReadBytes = 16 << 10;
// How much work the link takes on in advance: enough that it never idles while a sender waits for
// its turn, little enough that a new rate soon shows.
constexpr std::int64_t kBacklogNs = 20'000'000;
// Of bytes that have arrived and whose receiver does not take them.
constexpr std::size_t kMaxQueuedBytes = std::size_t{1} << 20;

std::int64_t now_ns() { return SteadyClock::instance().now_ns(); }

}  // namespace

LinkPipe::LinkPipe(LinkCore& core, LinkDirection& direction, tcp::socket& from, tcp::socket& to)
    : core_(core),
      direction_(direction),
      from_(from),
      to_(to),
      filled_(from.get_executor(), TimePoint::max()),
      drained_(from.get_executor(), TimePoint::max()) {}

void LinkPipe::wake() {
  filled_.cancel();
  drained_.cancel();
}

asio::awaitable<void> LinkPipe::wait_until(std::int64_t time_ns) {
  asio::steady_timer timer(from_.get_executor(), TimePoint(std::chrono::nanoseconds(time_ns)));
  co_await timer.async_wait(kAwait);
}

asio::awaitable<void> LinkPipe::wait_until_up() {
  while (core_.state == LinkState::kBlackhole && is_open()) {
    co_await core_.state_changed->async_wait(kAwait);
  }
}

asio::awaitable<void> LinkPipe::wait_for_room() {
  while (is_open() && queued_bytes_ > kMaxQueuedBytes && queue_.front().arrival_ns <= now_ns()) {
    drained_.expires_at(TimePoint::max());
    co_await drained_.async_wait(kAwait);
  }
  while (is_open() && direction_.schedule.busy_until_ns() > now_ns() + kBacklogNs) {
    co_await wait_until(direction_.schedule.busy_until_ns() - kBacklogNs);
  }
}

void LinkPipe::admit(std::string_view bytes) {
  queue_.push_back({std::string(bytes), direction_.schedule.admit_ns(now_ns(), bytes.size())});
  queued_bytes_ += bytes.size();
}

asio::awaitable<bool> LinkPipe::read() {
  std::array<char, kRelayReadBytes> buffer;
  while (is_open()) {
    co_await wait_for_room();
    co_await wait_until_up();
    if (!is_open()) break;
    const double backlog_bytes =
        direction_.schedule.rate_at(now_ns()) / 8 * static_cast<double>(kBacklogNs) * 1e-9;
    const auto limit = static_cast<std::size_t>(
        std::clamp(backlog_bytes, double{kSegmentBytes}, double{kRelayReadBytes}));
    const auto [error, count] = co_await from_.async_read_some(asio::buffer(buffer, limit), kAwait);
    if (error && error != asio::error::eof) co_return false;
    // Bytes that came while the radio was off begin their way when it is on again.
    co_await wait_until_up();
    std::string_view rest(buffer.data(), count);
    do {
      admit(rest.substr(0, kSegmentBytes));
      rest.remove_prefix(std::min(kSegmentBytes, rest.size()));
    } while (!rest.empty());
    filled_.cancel();
    if (error) co_return true;
  }
  co_return false;
}

asio::awaitable<bool> LinkPipe::write() {
  std::string due;
  while (is_open()) {
    if (queue_.empty()) {
      filled_.expires_at(TimePoint::max());
      co_await filled_.async_wait(kAwait);
      continue;
    }
    if (queue_.front().arrival_ns > now_ns()) co_await wait_until(queue_.front().arrival_ns);
    co_await wait_until_up();
    if (!is_open()) break;
    due.clear();
    bool is_end = false;
    for (const std::int64_t now = now_ns();
         !queue_.empty() && queue_.front().arrival_ns <= now && !is_end; queue_.pop_front()) {
      due += queue_.front().bytes;
      is_end = queue_.front().bytes.empty();
    }
    const auto [error, count] = co_await asio::async_write(to_, asio::buffer(due), kAwait);
    if (error) co_return false;
    direction_.delivered_bytes += count;
    queued_bytes_ -= count;
    drained_.cancel();
    if (is_end) {
      ErrorCode ignored;
      to_.shutdown(tcp::socket::shutdown_send, ignored);
      co_return true;
    }
  }
  co_return false;
}

LinkRelay::LinkRelay(LinkCore& core, tcp::socket client)
    : core_(core),
      client_(std::move(client)),
      server_(client_.get_executor()),
      handshake_(client_.get_executor()),
      up_(core, core.up, client_, server_),
      down_(core, core.down, server_, client_) {
  core_.relays.insert(this);
}

LinkRelay::~LinkRelay() { core_.relays.erase(this); }

void LinkRelay::reset() {
  for (tcp::socket* socket : {&client_, &server_}) {
    ErrorCode ignored;
    socket->set_option(asio::socket_base::linger(true, 0), ignored);
    socket->close(ignored);
  }
  handshake_.cancel();
  up_.wake();
  down_.wake();
}

void LinkRelay::finish_half(bool well) {
  // A stream that ended well leaves the other way open; anything else ends both.
  if (!well) reset();
}

void LinkRelay::start() {
  asio::co_spawn(client_.get_executor(), run(),
                 [self = shared_from_this()](std::exception_ptr failure) {
                   if (failure) self->reset();
                 });
}

asio::awaitable<void> LinkRelay::run() {
  ErrorCode ignored;
  client_.set_option(tcp::no_delay(true), ignored);
  // One round trip for TCP's handshake, as over a real link.
  handshake_.expires_after(std::chrono::nanoseconds(2 * core_.delay_ns));
  co_await handshake_.async_wait(kAwait);
  if (!client_.is_open()) co_return;
  const auto [error] = co_await server_.async_connect(core_.server, kAwait);
  if (error) {
    spdlog::debug("the link cannot reach the server: {}", error.message());
    reset();
    co_return;
  }
  server_.set_option(tcp::no_delay(true), ignored);
  const auto self = shared_from_this();
  const auto spawn = [&self](asio::awaitable<bool> half) {
    asio::co_spawn(
        self->client_.get_executor(), std::move(half),
        [self](std::exception_ptr failure, bool well) { self->finish_half(well && !failure); });
  };
  spawn(up_.read());
  spawn(up_.write());
  spawn(down_.read());
  spawn(down_.write());
}

}  // namespace tinysplit
