// Damaged and hostile files: whatever the bytes, an error and no harm.
#include <gtest/gtest.h>
#include <zip.h>

#include <random>
#include <string>

#include "core/limits.h"
#include "formats/hdf5_images.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras_test_files.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
using Json = nlohmann::json;

std::string good() { return read_bytes(bad_file("good.keras")); }
std::string small_h5() { return read_bytes(golden_file("k2_h5_fixed_batch.h5")); }

void expect_every_truncation_refused(const std::string& bytes) {
  ASSERT_TRUE(read_keras_model_bytes(bytes, "whole").ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const GraphResult graph =
        read_keras_model_bytes(std::string_view(bytes).substr(0, size), "cut");
    ASSERT_FALSE(graph.ok()) << size << " of " << bytes.size() << " bytes";
    ASSERT_FALSE(graph.status().message().empty());
  }
}

TEST(KerasHostile, RefusesEveryTruncationOfAnArchive) { expect_every_truncation_refused(good()); }

TEST(KerasHostile, RefusesEveryTruncationOfAnHdf5File) {
  expect_every_truncation_refused(small_h5());
}

// What a flip leaves valid may load; nothing may crash, hang or eat memory.
void flip_bytes(const std::string& bytes, int copies) {
  std::mt19937 random(7);
  std::vector<std::size_t> places;  // most of an HDF5 file is zeros that nothing reads
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\0') places.push_back(i);
  }
  int refused = 0;
  for (int copy = 0; copy < copies; ++copy) {
    std::string damaged = bytes;
    for (std::uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
      const std::size_t place =
          random() % 4 == 0 ? random() % bytes.size() : places[random() % places.size()];
      const char kinds[] = {static_cast<char>(random()), '\xff',
                            static_cast<char>(bytes[place] ^ 1), '\0'};
      damaged[place] = kinds[random() % 4];
    }
    const GraphResult graph = read_keras_model_bytes(damaged, "flipped");
    if (!graph.ok()) ++refused;
  }
  EXPECT_GT(refused, copies / 10);
}

TEST(KerasHostile, SurvivesFlippedBytesInAnArchive) { flip_bytes(good(), 1000); }

TEST(KerasHostile, SurvivesFlippedBytesInAnHdf5File) { flip_bytes(small_h5(), 3000); }

// The checksum of the zip would hide most damage from the readers behind it.
TEST(KerasHostile, SurvivesFlippedBytesBehindTheChecksum) {
  const Entries entries = unzip(good());
  std::mt19937 random(11);
  for (const char* name : {"config.json", "model.weights.h5", "metadata.json"}) {
    for (int copy = 0; copy < 300; ++copy) {
      Entries damaged = entries;
      std::string& bytes = damaged[name];
      for (std::uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      (void)read_keras_model_bytes(zip(damaged), "flipped");
    }
  }
}

TEST(KerasHostile, RefusesAWeightBombBeforeUnpackingIt) {
  Entries entries = unzip(good());
  entries["model.weights.h5"] = std::string(std::size_t{64} << 20, '\0');
  const std::string bytes = zip(entries);
  ASSERT_LT(bytes.size(), std::size_t{1} << 20);
  expect_refused(bytes, StatusCode::kResourceExhausted,
                 {"model.weights.h5", "times its packed size"});
}

// A size in the directory that is not the true one.
TEST(KerasHostile, RefusesAZipThatLiesAboutSizes) {
  std::string bytes = good();
  const std::string signature = "PK\x01\x02";
  for (std::size_t at = bytes.find(signature); at != bytes.npos;
       at = bytes.find(signature, at + 4)) {
    constexpr std::size_t kUnpackedSize = 24;
    bytes[at + kUnpackedSize] = static_cast<char>(bytes[at + kUnpackedSize] + 1);
  }
  EXPECT_FALSE(read_keras_model_bytes(bytes, "liar").ok());
}

TEST(KerasHostile, RefusesNamesThatPointOutOfTheArchive) {
  for (const char* name :
       {"../config.json", "/etc/passwd", "assets/../../x", "a\\..\\..\\b", ".."}) {
    Entries entries = unzip(good());
    entries[name] = "x";
    expect_refused(zip(entries), StatusCode::kInvalidArgument, {"points out"});
  }
  Entries entries = unzip(good());
  entries["assets/harmless..txt"] = "x";
  EXPECT_TRUE(read_keras_model_bytes(zip(entries), "assets").ok());
}

TEST(KerasHostile, RefusesTooManyEntries) {
  Entries entries = unzip(good());
  for (std::size_t i = 0; i < limits::kMaxModelArchiveEntries; ++i) entries[std::to_string(i)] = "";
  expect_refused(zip(entries), StatusCode::kResourceExhausted, {"entries"});
}

TEST(KerasHostile, RefusesEncryptedEntries) {
  const auto path = std::filesystem::temp_directory_path() / "tinysplit_encrypted_test.zip";
  {
    std::filesystem::remove(path);
    int error = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, &error);
    ASSERT_NE(archive, nullptr);
    const std::string text = "{}";
    zip_source_t* source = zip_source_buffer(archive, text.data(), text.size(), 0);
    const zip_int64_t index = zip_file_add(archive, "config.json", source, 0);
    ASSERT_EQ(
        zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index), ZIP_EM_AES_256, "p"), 0);
    ASSERT_EQ(zip_close(archive), 0);
  }
  expect_refused(read_bytes(path), StatusCode::kInvalidArgument, {"config.json", "encrypted"});
  std::filesystem::remove(path);
}

TEST(KerasHostile, RefusesJsonThatNeverEnds) {
  Entries entries = unzip(good());
  for (const char* text : {"", "{", "{\"class_name\": \"Sequential\", \"config\": ", "nul",
                           "{\"a\": NaN}", "\"\xff\xfe\"", "1e99999", "[[[[[]]]]] x"}) {
    entries["config.json"] = text;
    expect_refused(zip(entries), StatusCode::kInvalidArgument, {"config.json"});
  }
  entries["config.json"] =
      std::string(limits::kMaxJsonDepth + 1, '[') + std::string(limits::kMaxJsonDepth + 1, ']');
  expect_refused(zip(entries), StatusCode::kResourceExhausted, {"deeper"});
  // Brackets in a text are no nesting.
  entries["config.json"] =
      "{\"class_name\": \"" + std::string(200, '[') + "\\\"" + std::string(99, '{') + "\"}";
  expect_refused(zip(entries), StatusCode::kUnimplemented, {"only Sequential and Functional"});
}

// Each small part of a valid configuration replaced by another type of value.
TEST(KerasHostile, SurvivesValuesOfOtherTypesAnywhereInTheConfiguration) {
  const Entries entries = unzip(read_bytes(golden_file("two_inputs.keras")));
  const Json config = Json::parse(entries.at("config.json")).flatten();
  const Json others = {nullptr,
                       true,
                       -1,
                       0,
                       1e30,
                       9223372036854775807u,
                       "",
                       "conv2d",
                       Json::object(),
                       Json::array(),
                       {1, 2, 3},
                       {nullptr, nullptr}};
  std::size_t which = 0;
  for (auto item = config.begin(); item != config.end(); ++item, ++which) {
    for (std::size_t shift = 0; shift < 3; ++shift) {
      Json changed = Json::parse(entries.at("config.json"));
      changed[Json::json_pointer(item.key())] = others[(which * 3 + shift) % others.size()];
      Entries copy = entries;
      copy["config.json"] = changed.dump();
      (void)read_keras_model_bytes(zip(copy), "mixed up");
    }
  }
}

TEST(KerasHostile, RefusesAbsurdShapes) {
  const std::string pool = read_bytes(golden_file("pooling_chain.keras"));
  const auto refuse = [&](const char* layer, const char* option, const Json& value,
                          StatusCode code) {
    SCOPED_TRACE(std::string(layer) + " " + option + " " + value.dump());
    expect_refused(edit_layer(pool, layer, [&](Json& json) { json["config"][option] = value; }),
                   code, {layer});
  };
  using enum StatusCode;
  refuse("input_layer", "batch_shape", {nullptr, 1 << 20, 1 << 20, 3}, kOutOfRange);
  refuse("input_layer", "batch_shape", {nullptr, 0, 4, 3}, kInvalidArgument);
  refuse("input_layer", "batch_shape", {nullptr, -5, 4, 3}, kInvalidArgument);
  refuse("input_layer", "batch_shape", {nullptr, 2, 2, 2, 2, 2, 2, 2, 2}, kInvalidArgument);
  refuse("input_layer", "batch_shape", {nullptr, 1 << 30, 4, 3}, kInvalidArgument);
  refuse("conv2d", "strides", {0, 1}, kInvalidArgument);
  refuse("conv2d", "strides", {std::int64_t{1} << 40, 1}, kInvalidArgument);
  refuse("conv2d", "kernel_size", {1 << 20, 1 << 20}, kInvalidArgument);
  refuse("conv2d", "kernel_size", {3, 3, 3}, kInvalidArgument);
  refuse("conv2d", "dilation_rate", {1 << 20, 1 << 20}, kInvalidArgument);
  refuse("conv2d", "groups", 2, kInvalidArgument);
  refuse("conv2d", "filters", 7, kInvalidArgument);
  refuse("max_pooling2d", "pool_size", {1 << 20, 1 << 20}, kInvalidArgument);
  refuse("max_pooling2d", "strides", "two", kInvalidArgument);
}

TEST(KerasHostile, BoundsConstantsThatTheFileDoesNotHold) {
  const std::string bytes = read_bytes(golden_file("rescaling_options.keras"));
  const std::string large = edit_config(bytes, [](Json& config) {
    for (Json& layer : config["config"]["layers"]) {
      if (layer["class_name"] == "InputLayer")
        layer["config"]["batch_shape"] = {nullptr, 1, 1, 1 << 25};
    }
  });
  expect_refused(large, StatusCode::kResourceExhausted, {"constants"});
}

TEST(KerasHostile, BoundsTheActivationsOfAllLayers) {
  const std::string bytes = read_bytes(golden_file("zero_padding.keras"));
  const std::string large = edit_config(bytes, [](Json& config) {
    for (Json& layer : config["config"]["layers"]) {
      if (layer["class_name"] == "ZeroPadding2D") layer["config"]["padding"] = {4000, 4000};
    }
  });
  expect_refused(large, StatusCode::kResourceExhausted, {"zero_padding2d", "activations"});
}

TEST(KerasHostile, RefusesWeightsOfAnotherShapeAndSaysWhich) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  const std::string changed = edit_weights(bytes, [](std::int64_t file) {
    H5Ldelete(file, "layers/dense/vars/0", H5P_DEFAULT);
    write_floats(file, "layers/dense/vars/0", {6, 60}, std::vector<float>(360));
  });
  expect_refused(changed, StatusCode::kInvalidArgument,
                 {"\"dense\" (Dense)", "kernel", "[6,60]", "[60,6]"});
}

TEST(KerasHostile, RefusesMissingAndSurplusWeights) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  const auto edited = [&](const char* gone, const char* extra) {
    return edit_weights(bytes, [&](std::int64_t file) {
      if (gone != nullptr) H5Ldelete(file, gone, H5P_DEFAULT);
      if (extra != nullptr) write_floats(file, extra, {6}, std::vector<float>(6));
    });
  };
  using enum StatusCode;
  expect_refused(edited("layers/dense_1/vars/1", nullptr), kInvalidArgument,
                 {"\"dense_1\"", "bias"});
  expect_refused(edited("layers/dense_1/vars/0", nullptr), kInvalidArgument,
                 {"\"dense_1\"", "weight 0"});
  expect_refused(edited("layers/dense_1", nullptr), kInvalidArgument, {"\"dense_1\"", "kernel"});
  expect_refused(edited("layers", nullptr), kInvalidArgument, {"\"layers\""});
  expect_refused(edited(nullptr, "layers/dense/vars/2"), kInvalidArgument,
                 {"\"dense\" (Dense)", "3 weights"});
}

TEST(KerasHostile, RefusesAnHdf5FileThatIsNoModel) {
  const auto weights_only = Hdf5Image::make([](hid_t file) { make_group(file, "model_weights"); });
  expect_refused(weights_only, StatusCode::kInvalidArgument, {"model_config", "weights only"});
  const auto listed_but_gone = Hdf5Image::edit(small_h5(), [](hid_t file) {
    H5Ldelete(file, "model_weights/conv2d/conv2d/bias:0", H5P_DEFAULT);
  });
  expect_refused(listed_but_gone, StatusCode::kInvalidArgument,
                 {"\"conv2d\" (Conv2D)", "conv2d/bias:0"});
}

}  // namespace
}  // namespace tinysplit
