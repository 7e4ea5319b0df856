#pragma once

namespace tinysplit {

// While one lives, SIGINT (Ctrl-C) and SIGTERM ask for an end instead of ending the process; a
// second one ends it as usual. One at a time.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  // Whether one was received. Async-signal-safe state behind it; callable from any thread.
  bool is_made() const;
};

}  // namespace tinysplit
