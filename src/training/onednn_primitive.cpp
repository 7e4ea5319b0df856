#include "training/onednn_primitive.h"

namespace tinysplit::training {

using dnnl::memory;

dnnl::engine& cpu_engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& cpu_stream() {
  static thread_local dnnl::stream stream(cpu_engine());
  return stream;
}

memory::desc image_desc(const Shape& shape) {
  return {
      {shape[0], shape[3], shape[1], shape[2]}, memory::data_type::f32, memory::format_tag::nhwc};
}

dnnl::primitive_attr user_scratch() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void BoundPrimitive::bind(int argument, const memory::desc& desc, const void* data) {
  memories_.emplace_back(desc, cpu_engine(), const_cast<void*>(data));
  arguments_.push_back({argument, memories_.back().get()});
}

void BoundPrimitive::set_data(int argument, void* data) {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    if (arguments_[i].arg == argument) memories_[i].set_data_handle(data);
  }
}

Status BoundPrimitive::run() const {
  // The C call, because the C++ one builds a map of arguments for every execution.
  const dnnl_status_t status = dnnl_primitive_execute(
      primitive_.get(), cpu_stream().get(), static_cast<int>(arguments_.size()), arguments_.data());
  if (status == dnnl_success) return ok_status();
  return internal_error("oneDNN failed with status " + std::to_string(status));
}

PackedWeights::PackedWeights(const memory::desc& plain, const memory::desc& packed,
                             const float* values)
    : values_(values) {
  if (plain == packed) return;
  buffer_ = memory(packed, cpu_engine());
  const auto reorder = [&](const memory::desc& from, const void* source, const memory::desc& to,
                           const void* target) {
    BoundPrimitive bound(
        dnnl::reorder(dnnl::reorder::primitive_desc(cpu_engine(), from, cpu_engine(), to)));
    bound.bind(DNNL_ARG_FROM, from, source);
    bound.bind(DNNL_ARG_TO, to, target);
    return bound;
  };
  pack_ = reorder(plain, values, packed, data());
  unpack_ = reorder(packed, data(), plain, values);
}

Status onednn_error(const dnnl::error& error) {
  return internal_error(std::string("oneDNN: ") + error.what());
}

}  // namespace tinysplit::training
