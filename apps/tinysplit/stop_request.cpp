#include "stop_request.h"

#include <atomic>
#include <csignal>

namespace tinysplit {
namespace {

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

void request_stop(int) { stop_requested.store(true); }

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

StopRequest::StopRequest() {
  stop_requested.store(false);
  // After the first signal its handler is gone.
  for (const int signal : {SIGINT, SIGTERM})
    handle(signal, request_stop, SA_RESETHAND | SA_RESTART);
}

StopRequest::~StopRequest() {
  for (const int signal : {SIGINT, SIGTERM}) handle(signal, SIG_DFL, 0);
}

bool StopRequest::is_made() const { return stop_requested.load(); }

}  // namespace tinysplit
