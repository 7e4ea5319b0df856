#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/named_run.h"

// How tests of several folders run a part of a model.
namespace tinysplit::test {

inline std::vector<NamedTensor> copies_of(const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> copies;
  for (const NamedTensor& tensor : tensors) copies.push_back({tensor.name, tensor.tensor.clone()});
  return copies;
}

// The outputs of layers [begin, end); none, and a failure of the test, on an error.
inline std::vector<NamedTensor> run_layers(Engine& engine, int begin, int end,
                                           std::vector<NamedTensor> inputs) {
  auto segment = engine.make_segment(begin, end);
  EXPECT_TRUE(segment.ok()) << segment.status().to_string();
  if (!segment.ok()) return {};
  auto outputs = run_named(**segment, engine.graph(), std::move(inputs));
  EXPECT_TRUE(outputs.ok()) << outputs.status().to_string();
  return outputs.ok() ? std::move(*outputs) : std::vector<NamedTensor>();
}

}  // namespace tinysplit::test
