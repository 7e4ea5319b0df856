#pragma once

#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "core/shape.h"
#include "core/status.h"

namespace tinysplit::training {

// What the steps that use oneDNN share. Only the onednn_*.cpp know its types. Tensors are plain
// [N,H,W,C]: on the networks trained here its kernels reach the same speed with that layout as with
// the blocked ones (docs/training-engine.md), and then nothing has to be reordered but the weights.

dnnl::engine& cpu_engine();
dnnl::stream& cpu_stream();

// [N,H,W,C] as oneDNN's logical N,C,H,W.
dnnl::memory::desc image_desc(const Shape& shape);
// Attributes for scratch memory that the caller hands in.
dnnl::primitive_attr user_scratch();

// A primitive with the memory that it works on, ready to run any number of times.
class BoundPrimitive {
 public:
  BoundPrimitive() = default;
  explicit BoundPrimitive(dnnl::primitive primitive) : primitive_(std::move(primitive)) {}

  // `data` may be null until set_data().
  void bind(int argument, const dnnl::memory::desc& desc, const void* data);
  void set_data(int argument, void* data);
  Status run() const;
  explicit operator bool() const { return bool(primitive_); }

 private:
  dnnl::primitive primitive_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

// A copy of a parameter in the layout that a primitive chose; none if that is the parameter's own.
class PackedWeights {
 public:
  PackedWeights() = default;
  PackedWeights(const dnnl::memory::desc& plain, const dnnl::memory::desc& packed,
                const float* values);

  // Where the primitive finds the weights.
  const float* data() const {
    return buffer_ ? static_cast<float*>(buffer_.get_data_handle()) : values_;
  }
  Status pack() const { return pack_ ? pack_.run() : ok_status(); }        // plain to packed
  Status unpack() const { return unpack_ ? unpack_.run() : ok_status(); }  // and back

 private:
  const float* values_ = nullptr;
  dnnl::memory buffer_;
  BoundPrimitive pack_;
  BoundPrimitive unpack_;
};

// The status of a oneDNN exception.
Status onednn_error(const dnnl::error& error);

}  // namespace tinysplit::training
