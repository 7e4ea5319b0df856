#pragma once

#include <algorithm>
#include <cmath>
#include <ctime>
#include <vector>

namespace tinysplit::bench {

// Seconds of one call of each of two ways on one thread, and how many times slower the first is.
struct Paired {
  double first_s = 0.0;
  double second_s = 0.0;
  double ratio = 1.0;  // median over the pairs of first / second
};

inline double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Of this thread alone: what else the machine runs in between does not count.
inline double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <typename Call>
double seconds_per_call(Call& call, int calls) {
  const double begin = thread_seconds();
  for (int i = 0; i < calls; ++i) call();
  return (thread_seconds() - begin) / calls;
}

// Runs the two in turn, `pairs` times, each time for `batch_s` seconds at least. A machine that
// slows down for a while slows both of a pair, so the ratio holds on one that is not quiet. Which
// of the two goes first changes from pair to pair.
template <typename First, typename Second>
Paired measure_paired(First&& first, Second&& second, int pairs, double batch_s) {
  seconds_per_call(first, 3);
  seconds_per_call(second, 3);
  const double slower = std::max(seconds_per_call(first, 3), seconds_per_call(second, 3));
  const int calls = std::max(1, static_cast<int>(std::ceil(batch_s / slower)));
  std::vector<double> firsts, seconds, ratios;
  for (int i = 0; i < pairs; ++i) {
    double a = 0.0, b = 0.0;
    if (i % 2 == 0) {
      a = seconds_per_call(first, calls);
      b = seconds_per_call(second, calls);
    } else {
      b = seconds_per_call(second, calls);
      a = seconds_per_call(first, calls);
    }
    firsts.push_back(a);
    seconds.push_back(b);
    ratios.push_back(a / b);
  }
  return {median_of(firsts), median_of(seconds), median_of(ratios)};
}

}  // namespace tinysplit::bench
