#pragma once

#include <cstddef>

#include "training/function_ref.h"

namespace tinysplit::training {

// Runs `body(i)` for i in [0, threads) on as many threads at once, the caller's among them, and
// returns when all are done. They are those of OpenMP's runtime, which oneDNN uses too, so that
// never more run than `threads`.
void run_parallel(int threads, FunctionRef<void(int)> body);

// Splits [0, count) into one range for each thread, equal but for one, and runs body(begin, end) on
// each. The split depends on the numbers alone. On one thread if there are fewer than `grain` for
// each, because waking a thread costs more.
template <typename Body>
void parallel_ranges(int threads, std::size_t count, std::size_t grain, const Body& body) {
  const std::size_t parts = static_cast<std::size_t>(threads);
  if (parts <= 1 || count < parts * grain) return body(std::size_t{0}, count);
  run_parallel(threads, [&](int i) {
    const auto part = static_cast<std::size_t>(i);
    body(count * part / parts, count * (part + 1) / parts);
  });
}

// From now on oneDNN, called by this thread, uses `threads` threads.
void set_threads(int threads);

}  // namespace tinysplit::training
