#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "net/link_schedule.h"

namespace tinysplit {

// One link, both directions. Uplink is from the client (the device) to the server (the edge).
struct LinkParameters {
  double uplink_bits_per_s = 0;
  double downlink_bits_per_s = 0;
  double delay_s = 0;                   // one way, the same both ways
  std::vector<RatePoint> uplink_trace;  // if not empty, in the place of uplink_bits_per_s
  std::vector<RatePoint> downlink_trace;
};

enum class LinkState {
  kUp,
  kReset,  // connections are reset, new ones as soon as they are made: the edge's process is gone
  kBlackhole,  // nothing moves, nothing fails; when the link comes up again it goes on: the radio
               // is off
};

struct LinkShaperOptions {
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 0;  // 0: any free one
  std::string to_host = "127.0.0.1";
  std::uint16_t to_port = 0;
  LinkParameters link;
};

// A TCP proxy on one thread of its own that behaves like a slow link. All connections share the
// rate of a direction; bytes are sent in segments of at most 1460 in the order in which they come,
// each takes 8 * bytes / rate, then the delay. A new connection carries its first bytes one round
// trip later, as after TCP's handshake, though connect() itself returns at once. Buffers are
// bounded: a sender that is faster than the link is held back. Not modelled: loss, slow start,
// bytes of TCP and IP headers. Thread-safe.
class LinkShaper {
 public:
  // Listens and starts. Errors: UNAVAILABLE naming the address, INVALID_ARGUMENT (rates that are
  // not positive, a negative delay, a wrong trace).
  static Result<std::unique_ptr<LinkShaper>> start(const LinkShaperOptions& options);
  ~LinkShaper();

  std::uint16_t port() const;
  std::string address() const;  // "127.0.0.1:40312"

  // Takes effect for bytes that reach the link from now on; a trace starts anew.
  Status set_link(const LinkParameters& link);
  void set_state(LinkState state);

  struct Counters {
    std::uint64_t connections = 0;
    std::uint64_t up_bytes = 0;    // delivered to the server
    std::uint64_t down_bytes = 0;  // delivered to the client
  };
  Counters counters() const;

  // Closes every connection and returns. The second call does nothing.
  void stop();

 private:
  struct Impl;
  explicit LinkShaper(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tinysplit
