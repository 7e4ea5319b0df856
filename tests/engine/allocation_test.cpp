// Running a segment allocates nothing once it has run, but for what oneDNN does inside its own
// call. All allocations of the program are counted, those of the libraries too: the malloc of this
// file comes before the C library's, and its dnnl_primitive_execute before oneDNN's. Sanitizers
// bring a malloc of their own, so there is no such test under them.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/engine.h"
#include "formats/model_reader.h"

namespace {

struct Counts {
  long in_onednn = 0;
  long elsewhere = 0;
};

thread_local Counts counts;
thread_local bool inside_onednn = false;

void count() { ++(inside_onednn ? counts.in_onednn : counts.elsewhere); }

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  *memory = memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

// The types are oneDNN's own behind the pointers.
int dnnl_primitive_execute(const void* primitive, void* stream, int count, const void* arguments) {
  using Execute = int (*)(const void*, void*, int, const void*);
  static const auto execute = reinterpret_cast<Execute>(dlsym(RTLD_NEXT, "dnnl_primitive_execute"));
  inside_onednn = true;
  const int status = execute(primitive, stream, count, arguments);
  inside_onednn = false;
  return status;
}

}  // extern "C"
#pragma GCC visibility pop

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> model_files() {
  const fs::path source = TINYSPLIT_SOURCE_DIR;
  std::vector<fs::path> files = {source / "models/test_model/test_model.keras",
                                 source / "models/fashion_resnet/fashion_resnet.keras"};
  // Between them, every operation that there is.
  for (const auto& entry : fs::directory_iterator(source / "tests/data/keras")) {
    if (entry.path().extension() == ".keras") files.push_back(entry.path());
  }
  return files;
}

// Allocations of `call` outside of oneDNN.
template <typename Call>
long allocations_of(Call call) {
  const long before = counts.elsewhere;
  call();
  return counts.elsewhere - before;
}

TEST(SegmentAllocation, CounterSeesTheLibraries) {
  EXPECT_EQ(allocations_of([] { free(strdup("text")); }), 1);
  EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(8)); }), 1);
}

TEST(SegmentAllocation, RunningAgainAllocatesNothing) {
  for (const fs::path& file : model_files()) {
    const auto graph = read_model(file);
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    for (const BackendPolicy policy :
         {BackendPolicy::kAuto, BackendPolicy::kOneDnn, BackendPolicy::kXnnpack}) {
      EngineOptions options;
      options.backend = policy;
      const auto engine = Engine::create(*graph, options).value();
      const int layers = (*graph)->num_layers();
      // Both halves: a segment that begins within the model has its own way of being filled.
      for (const auto& [begin, end] :
           {std::pair(0, layers), std::pair(0, layers / 2), std::pair(layers / 2, layers)}) {
        const auto segment = engine->make_segment(begin, end).value();
        std::vector<Tensor> tensors;
        std::vector<TensorView> views;
        for (const ValueId id : segment->inputs()) {
          tensors.emplace_back((*graph)->value(id).dtype, (*graph)->value(id).shape);
        }
        for (const Tensor& tensor : tensors) views.push_back(tensor.view());
        std::vector<double> seconds((*graph)->layers().size());
        ASSERT_TRUE(segment->run(views).ok());
        SCOPED_TRACE(file.filename().string() + " [" + std::to_string(begin) + ", " +
                     std::to_string(end) + ")");
        // A run may leave anything in its inputs, which is no row of a table then.
        const auto refill = [&] {
          for (std::size_t i = 0; i < views.size(); ++i) {
            std::ranges::copy(views[i].bytes(), segment->input(i).begin());
          }
        };
        Status status;
        refill();
        EXPECT_EQ(allocations_of([&] { status = segment->run(); }), 0);
        EXPECT_TRUE(status.ok());
        EXPECT_EQ(allocations_of([&] { status = segment->run(views); }), 0);
        EXPECT_TRUE(status.ok());
        refill();
        EXPECT_EQ(allocations_of([&] { status = segment->run_timed(seconds); }), 0);
        EXPECT_TRUE(status.ok());
      }
    }
  }
}

}  // namespace
}  // namespace tinysplit

#endif
