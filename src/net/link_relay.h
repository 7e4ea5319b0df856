#pragma once

#include <atomic>
#include <boost/asio.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "net/link_schedule.h"
#include "net/link_shaper.h"

// Inside of the link shaper; not for other folders. Everything runs on the shaper's one thread,
// except where an atomic says otherwise.
namespace tinysplit {

class LinkRelay;

// One direction of the link, shared by all connections.
struct LinkDirection {
  LinkSchedule schedule;
  std::atomic<std::uint64_t> delivered_bytes{0};
};

// What the connections of one link share.
struct LinkCore {
  LinkCore(LinkSchedule to_server, LinkSchedule to_client, std::int64_t one_way_ns)
      : up{std::move(to_server)}, down{std::move(to_client)}, delay_ns(one_way_ns) {}

  LinkDirection up;
  LinkDirection down;
  std::int64_t delay_ns;
  boost::asio::ip::tcp::endpoint server;
  LinkState state = LinkState::kUp;
  std::set<LinkRelay*> relays;
  // Cancelled to wake who waits for another state. Must go before the io_context, the rest after
  // it.
  std::optional<boost::asio::steady_timer> state_changed;
};

// One way through one connection: bytes read from `from` are written to `to` when they would
// arrive.
class LinkPipe {
 public:
  LinkPipe(LinkCore& core, LinkDirection& direction, boost::asio::ip::tcp::socket& from,
           boost::asio::ip::tcp::socket& to);

  // Both end after the end of the stream has passed (true), or a failure on either side (false).
  boost::asio::awaitable<bool> read();
  boost::asio::awaitable<bool> write();
  // Lets both end.
  void wake();

 private:
  struct Segment {
    std::string bytes;  // empty: the end of the stream
    std::int64_t arrival_ns = 0;
  };

  boost::asio::awaitable<void> wait_for_room();
  boost::asio::awaitable<void> wait_until_up();
  boost::asio::awaitable<void> wait_until(std::int64_t time_ns);
  void admit(std::string_view bytes);
  bool is_open() const { return from_.is_open() && to_.is_open(); }

  LinkCore& core_;
  LinkDirection& direction_;
  boost::asio::ip::tcp::socket& from_;
  boost::asio::ip::tcp::socket& to_;
  std::deque<Segment> queue_;
  std::size_t queued_bytes_ = 0;
  boost::asio::steady_timer filled_;
  boost::asio::steady_timer drained_;
};

// One connection through the link.
class LinkRelay : public std::enable_shared_from_this<LinkRelay> {
 public:
  LinkRelay(LinkCore& core, boost::asio::ip::tcp::socket client);
  ~LinkRelay();

  // Connects to the server and starts both ways; they keep the relay alive until they end.
  void start();
  // Closes both sides with a reset.
  void reset();

 private:
  boost::asio::awaitable<void> run();
  void finish_half(bool well);

  LinkCore& core_;
  boost::asio::ip::tcp::socket client_;
  boost::asio::ip::tcp::socket server_;
  boost::asio::steady_timer handshake_;
  LinkPipe up_;
  LinkPipe down_;
};

}  // namespace tinysplit
