#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/limits.h"
#include "core/status.h"
#include "engine/engine.h"

namespace tinysplit {

// The segments that one worker thread keeps ready, the latest used first. Not thread-safe.
class SegmentCache {
 public:
  static constexpr std::size_t kMaxSegments = 64;

  // Layers [begin, end) of `engine`'s model, valid until the next call. Errors: as
  // Engine::make_segment.
  Result<Segment*> get(const std::shared_ptr<Engine>& engine, int begin, int end);
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::shared_ptr<Engine> engine;
    std::unique_ptr<Segment> segment;
  };
  std::list<Entry> entries_;
};

struct ComputePoolOptions {
  int workers = 1;
  std::size_t max_queued = limits::kMaxQueuedJobs;
};

// Worker threads behind one bounded queue, first come first served. Thread-safe.
class ComputePool {
 public:
  // Runs on a worker; `queue_s` is the time that it waited.
  using Job = std::function<void(SegmentCache& segments, double queue_s)>;
  // Runs on the worker where the job threw: UNAVAILABLE (out of memory), INTERNAL (anything else).
  using Failure = std::function<void(const Status&)>;

  // `clock` must outlive the pool.
  explicit ComputePool(const ComputePoolOptions& options,
                       const Clock& clock = SteadyClock::instance());
  // stop().
  ~ComputePool();

  // Whatever the job or `failure` throw, the worker goes on. Errors: UNAVAILABLE (the queue is
  // full, or the pool was stopped); the job is then dropped.
  Status submit(Job job, Failure failure);

  // Takes no more jobs, finishes those that it has, and returns. The second call does nothing.
  void stop();

  std::size_t queued() const;
  // Wait that the next job can expect: smoothed over the last ones, and falling while none waits.
  double expected_wait_s() const;

 private:
  struct Waiting {
    Job job;
    Failure failure;
    std::int64_t since_ns = 0;
  };
  void work();
  double expected_wait_s(std::int64_t now_ns) const;

  const ComputePoolOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards everything below but threads_
  std::condition_variable changed_;
  std::deque<Waiting> queue_;
  double smoothed_wait_s_ = 0.0;
  std::int64_t smoothed_at_ns_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tinysplit
