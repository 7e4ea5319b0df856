#pragma once

#include <algorithm>
#include <cstdint>

namespace tinysplit {

// Whether something that may fail is there, and when to try it again: 1, 2, 4, ... times the first
// wait after a failure, up to the longest. Times are of one monotonic clock. A plain value.
class Backoff {
 public:
  // Precondition: 0 < first_ns <= longest_ns.
  Backoff(std::int64_t first_ns, std::int64_t longest_ns)
      : first_ns_(first_ns), longest_ns_(longest_ns) {}

  void failed(std::int64_t now_ns) {
    wait_ns_ = wait_ns_ == 0 ? first_ns_ : std::min(longest_ns_, 2 * wait_ns_);
    retry_at_ns_ = now_ns + wait_ns_;
    available_ = false;
  }
  // It answers again; but the next failure, if it comes before a success, counts as one more in a
  // row.
  void recovered() { available_ = true; }
  void succeeded() {
    available_ = true;
    wait_ns_ = 0;
  }

  bool available() const { return available_; }
  bool may_try(std::int64_t now_ns) const { return available_ || now_ns >= retry_at_ns_; }

 private:
  std::int64_t first_ns_;
  std::int64_t longest_ns_;
  std::int64_t wait_ns_ = 0;
  std::int64_t retry_at_ns_ = 0;
  bool available_ = true;
};

}  // namespace tinysplit
