#include "formats/keras_test_files.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "formats/hdf5_images.h"
#include "formats/keras/keras_reader.h"

namespace tinysplit::test {

namespace fs = std::filesystem;
using Json = nlohmann::json;

fs::path golden_file(const std::string& name) {
  return fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/keras" / name;
}

fs::path bad_file(const std::string& name) {
  return fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/keras_bad" / name;
}

fs::path mlperf_file(const std::string& name) {
  return fs::path(TINYSPLIT_SOURCE_DIR) / "../shared/models/mlperf_tiny" / name;
}

std::vector<fs::path> golden_models() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(golden_file(""))) {
    const fs::path extension = entry.path().extension();
    if (extension == ".keras" || extension == ".h5") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

std::string read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream contents;
  contents << in.rdbuf();
  return contents.str();
}

Entries unzip(const std::string& bytes) {
  Entries entries;
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr) {
    ADD_FAILURE() << "no zip archive";
    return entries;
  }
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    zip_stat_t info;
    zip_stat_index(archive, static_cast<zip_uint64_t>(i), 0, &info);
    std::string contents(info.size, '\0');
    zip_file_t* file = zip_fopen_index(archive, static_cast<zip_uint64_t>(i), 0);
    EXPECT_EQ(zip_fread(file, contents.data(), info.size), static_cast<zip_int64_t>(info.size));
    zip_fclose(file);
    entries[info.name] = std::move(contents);
  }
  zip_discard(archive);
  return entries;
}

std::string zip(const Entries& entries, bool deflated) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(target);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  EXPECT_NE(archive, nullptr);
  for (const auto& [name, contents] : entries) {
    zip_source_t* source = zip_source_buffer(archive, contents.data(), contents.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
    EXPECT_GE(index, 0);
    if (!deflated) {
      EXPECT_EQ(
          zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0), 0);
    }
  }
  EXPECT_EQ(zip_close(archive), 0);
  zip_stat_t info;
  EXPECT_EQ(zip_source_stat(target, &info), 0);
  std::string bytes(info.size, '\0');
  EXPECT_EQ(zip_source_open(target), 0);
  EXPECT_EQ(zip_source_read(target, bytes.data(), bytes.size()),
            static_cast<zip_int64_t>(info.size));
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

std::string edit_config(const std::string& bytes, const std::function<void(Json&)>& edit) {
  Entries entries = unzip(bytes);
  Json config = Json::parse(entries.at("config.json"));
  edit(config);
  entries["config.json"] = config.dump();
  return zip(entries);
}

std::string edit_layer(const std::string& bytes, const std::string& name,
                       const std::function<void(Json&)>& edit) {
  return edit_config(bytes, [&](Json& config) {
    int found = 0;
    for (Json& layer : config["config"]["layers"]) {
      if (layer["config"]["name"] != name) continue;
      edit(layer);
      ++found;
    }
    EXPECT_EQ(found, 1) << name;
  });
}

std::string edit_weights(const std::string& bytes, const std::function<void(std::int64_t)>& edit) {
  Entries entries = unzip(bytes);
  std::string& weights = entries.at("model.weights.h5");
  weights = Hdf5Image::edit(weights, edit);
  return zip(entries);
}

void expect_refused(const std::string& bytes, StatusCode code,
                    const std::vector<std::string>& parts) {
  const GraphResult graph = read_keras_model_bytes(bytes, "hostile");
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), code) << graph.status().to_string();
  for (const std::string& part : parts) {
    EXPECT_NE(graph.status().message().find(part), std::string::npos)
        << "no \"" << part << "\" in: " << graph.status().message();
  }
}

void expect_same_graph(const Graph& a, const Graph& b) {
  ASSERT_EQ(a.num_layers(), b.num_layers());
  for (int i = 0; i < a.num_layers(); ++i) {
    const Layer& left = a.layers()[static_cast<std::size_t>(i)];
    const Layer& right = b.layers()[static_cast<std::size_t>(i)];
    EXPECT_EQ(left.name, right.name);
    EXPECT_EQ(left.kind, right.kind);
    EXPECT_EQ(left.weight_bytes, right.weight_bytes) << left.name;
    EXPECT_EQ(left.end_node, right.end_node) << left.name;
  }
  ASSERT_EQ(a.values().size(), b.values().size());
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    const Value& left = a.values()[i];
    const Value& right = b.values()[i];
    EXPECT_EQ(left.name, right.name);
    EXPECT_EQ(left.shape.to_string(), right.shape.to_string()) << left.name;
    ASSERT_EQ(left.is_constant(), right.is_constant());
    if (!left.is_constant()) continue;
    ASSERT_EQ(left.num_bytes(), right.num_bytes());
    EXPECT_EQ(std::memcmp(left.data->data(), right.data->data(), left.num_bytes()), 0)
        << "constant " << i << " " << left.shape.to_string();
  }
  EXPECT_EQ(a.inputs(), b.inputs());
  EXPECT_EQ(a.outputs(), b.outputs());
}

}  // namespace tinysplit::test
