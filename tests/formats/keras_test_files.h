#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit::test {

using GraphResult = Result<std::shared_ptr<const Graph>>;

// tests/data/keras/<name>, tests/data/keras_bad/<name>; the real models lie beside the sources and
// may be missing.
std::filesystem::path golden_file(const std::string& name);
std::filesystem::path bad_file(const std::string& name);
std::filesystem::path mlperf_file(const std::string& name);
// Every .keras and .h5 file of tests/data/keras, sorted.
std::vector<std::filesystem::path> golden_models();

std::string read_bytes(const std::filesystem::path& path);

// A zip archive as a map, and back; entries deflated, which takes most of the time of making one.
using Entries = std::map<std::string, std::string>;
Entries unzip(const std::string& bytes);
std::string zip(const Entries& entries, bool deflated = true);

// The .keras file `bytes` with its configuration changed by `edit`.
std::string edit_config(const std::string& bytes, const std::function<void(nlohmann::json&)>& edit);
// The same with the configuration of the layer `name` only.
std::string edit_layer(const std::string& bytes, const std::string& name,
                       const std::function<void(nlohmann::json&)>& edit);
// The same with the HDF5 file of its weights; `edit` gets an HDF5 file handle.
std::string edit_weights(const std::string& bytes, const std::function<void(std::int64_t)>& edit);

// Reads and expects an error of this code whose message has all of `parts`.
void expect_refused(const std::string& bytes, StatusCode code,
                    const std::vector<std::string>& parts);

// Expects the same layers, operations, shapes and constants.
void expect_same_graph(const Graph& a, const Graph& b);

}  // namespace tinysplit::test
