#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include "brute_force.h"
#include "offloading/network_estimator.h"
#include "offloading/offloading_algo.h"

namespace {

std::atomic<long> num_allocations{0};

}  // namespace

// Counts for this test program; behaves as the standard ones.
void* operator new(std::size_t size) {
  ++num_allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace tinysplit {
namespace {

TEST(OffloadingAlgo, ChoosingDoesNotAllocate) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    const brute_force::RandomCase random_case(random);
    std::vector<CutCost> costs(random_case.input().cuts.size());
    const long before = num_allocations.load();
    OffloadingAlgo::choose(random_case.input(), costs);
    EXPECT_EQ(num_allocations.load(), before);
  }
}

TEST(NetworkEstimator, AddingDoesNotAllocate) {
  NetworkEstimator estimator;
  const long before = num_allocations.load();
  for (int i = 0; i < 100; ++i) {
    estimator.add({1000.0 * (i % 7 + 1), 100.0, 0.01 * (i % 7), true}, 1'000'000 * i);
  }
  EXPECT_EQ(num_allocations.load(), before);
  EXPECT_EQ(estimator.num_samples(), 100u);
}

}  // namespace
}  // namespace tinysplit
