#include "training/parallel.h"

// The parts of libgomp's interface that compiled code calls: with them the project needs no OpenMP
// of the compiler's own, which clang would take from another library than oneDNN.
extern "C" {
void GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
void omp_set_num_threads(int);
}

namespace tinysplit::training {
namespace {

struct Region {
  const FunctionRef<void(int)>* body;
  int parts;
};

// The runtime may give fewer threads than asked for: each part is still run exactly once.
void run_region(void* data) {
  const auto& region = *static_cast<const Region*>(data);
  const int team = omp_get_num_threads();
  for (int i = omp_get_thread_num(); i < region.parts; i += team) (*region.body)(i);
}

}  // namespace

void run_parallel(int threads, FunctionRef<void(int)> body) {
  if (threads <= 1) return body(0);
  Region region{&body, threads};
  GOMP_parallel(run_region, &region, static_cast<unsigned>(threads), 0);
}

void set_threads(int threads) { omp_set_num_threads(threads); }

}  // namespace tinysplit::training
