#include "server/compute_pool.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>
#include <string>

#include "core/logging.h"

namespace tinysplit {
namespace {

constexpr double kForgetWaitS = 5.0;

// What the exception at hand means for whoever asked.
Status status_of_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return unavailable("the edge has no memory left for this request, try again later");
  } catch (const std::exception& error) {
    return internal_error("the edge failed on this request: " + std::string(error.what()));
  } catch (...) {
    return internal_error("the edge failed on this request");
  }
}

// True if the job ran to its end.
bool run_safely(const ComputePool::Job& job, const ComputePool::Failure& failure,
                SegmentCache& segments, double queue_s) {
  try {
    try {
      job(segments, queue_s);
      return true;
    } catch (...) {
      const Status status = status_of_exception();
      spdlog::error("{}", status.message());
      failure(status);
    }
  } catch (...) {
    // Not even the report had the memory. The request's responder answers as it is destroyed.
  }
  return false;
}

}  // namespace

Result<Segment*> SegmentCache::get(const std::shared_ptr<Engine>& engine, int begin, int end) {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.engine == engine && entry.segment->begin() == begin && entry.segment->end() == end;
  });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return entries_.front().segment.get();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<Segment> segment, engine->make_segment(begin, end));
  if (entries_.size() >= kMaxSegments) entries_.pop_back();
  entries_.push_front({engine, std::move(segment)});
  return entries_.front().segment.get();
}

ComputePool::ComputePool(const ComputePoolOptions& options, const Clock& clock)
    : options_(options), clock_(clock) {
  for (int i = 0; i < std::max(1, options.workers); ++i) threads_.emplace_back([this] { work(); });
}

ComputePool::~ComputePool() { stop(); }

Status ComputePool::submit(Job job, Failure failure) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return unavailable("the edge is shutting down, try another one");
    if (queue_.size() >= options_.max_queued) {
      return unavailable("the edge is busy: " + std::to_string(queue_.size()) +
                         " requests are waiting, try again later");
    }
    queue_.push_back({std::move(job), std::move(failure), clock_.now_ns()});
  }
  changed_.notify_one();
  return ok_status();
}

void ComputePool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t ComputePool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

double ComputePool::expected_wait_s() const {
  const std::lock_guard lock(mutex_);
  return expected_wait_s(clock_.now_ns());
}

// Devices that a burst sent away from the edge bring no jobs that would tell its end: time does.
double ComputePool::expected_wait_s(std::int64_t now_ns) const {
  if (!queue_.empty()) return smoothed_wait_s_;
  return smoothed_wait_s_ * std::exp(-seconds_between(smoothed_at_ns_, now_ns) / kForgetWaitS);
}

void ComputePool::work() {
  SegmentCache segments;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Waiting next = std::move(queue_.front());
    queue_.pop_front();
    const std::int64_t now_ns = clock_.now_ns();
    const double queue_s = seconds_between(next.since_ns, now_ns);
    // About the last ten jobs count, so that the decision follows a burst and its end.
    const double before_s = expected_wait_s(now_ns);
    smoothed_wait_s_ = before_s + 0.1 * (queue_s - before_s);
    smoothed_at_ns_ = now_ns;
    lock.unlock();
    // What a job left behind that was cut short is not to be run again.
    if (!run_safely(next.job, next.failure, segments, queue_s)) segments.clear();
    next.job = nullptr;
    next.failure = nullptr;
    lock.lock();
  }
}

}  // namespace tinysplit
