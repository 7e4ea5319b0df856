// What exists is kept, unless it is of the kind that a command writes.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "app/process.h"
#include "formats/image/png_writer.h"

namespace tinysplit::test {
namespace {

namespace fs = std::filesystem;

// A command and one of its options that names a file to write.
struct Writer {
  std::string kind;       // of what it writes
  std::string extension;  // of such files
  std::vector<std::string> words;
  std::string option;
  bool is_slow = false;  // tried only where it is to be refused
};

class Overwriting : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"clothing", "footwear"}) {
      for (int i = 0; i < 3; ++i) {
        const fs::path folder = folder_.path(std::string("images/") + name);
        fs::create_directories(folder);
        const std::vector<std::uint8_t> pixels(1200, static_cast<std::uint8_t>(40 * i));
        write_bytes(folder / (std::to_string(i) + ".png"), *encode_png(pixels, {20, 20, 3}));
      }
    }
    fs::create_directories(folder_.path("work"));
  }

  std::vector<Writer> writers() const {
    const std::string model = model_path("test_model");
    const std::string image = model + "/data/0_clothing_a.png";
    const std::string images = folder_.path("images");
    const std::vector<std::string> quantize = {"quantize", model, "--calibrate", images,
                                               "--no-test"};
    return {
        {"svg", ".svg", {"inspect", model}, "--svg"},
        {"dot", ".dot", {"inspect", model}, "--dot"},
        {"keras", ".keras", {"export", model, "--target", "keras"}, "--output"},
        {"h5", ".h5", {"export", model, "--target", "h5"}, "--output"},
        {"tflite", ".tflite", {"export", model, "--target", "tflite"}, "--output"},
        {"onnx", ".onnx", {"export", model, "--target", "onnx"}, "--output"},
        {"analytics", ".json", {"profile", model, "--runs", "1"}, "--output"},
        {"npz", ".npz", {"infer", model, "--input", image}, "--output"},
        {"npy", ".npy", {"infer", model, "--input", image}, "--output"},
        {"tflite", ".tflite", quantize, "--output"},
        {"report in JSON", ".json", quantize, "--report"},
        {"report in Markdown", ".md", quantize, "--report"},
        {"svg", ".svg", {"evaluate", model, "--dataset", images}, "--svg"},
        {"svg",
         ".svg",
         {"plan", "--device-analytics", model + "/analytics.json", "--edge-analytics",
          model + "/analytics.json", "--uplink-mbit", "8"},
         "--svg"},
        {"svg", ".svg", {"demo"}, "--output", true},
    };
  }

  Finished write(const Writer& writer, const std::string& path) const {
    std::vector<std::string> words = writer.words;
    words.push_back(writer.option);
    words.push_back(path);
    return run(words);
  }

  // Contents of every kind by its name, as the program writes them, and of others.
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> all = {
        {"text", "# Notes\n\nTwo years of them.\n"},
        {"settings", "{\"name\": \"mine\", \"layers\": [1, 2]}\n"},
        {"archive", std::string("PK\x03\x04\x14\0\0\0\0\0", 10) + std::string(40, '\x01')},
        {"image", read_bytes(model_path("test_model") + "/data/0_clothing_a.png")},
    };
    for (const Writer& writer : writers()) {
      if (writer.is_slow || all.contains(writer.kind)) continue;
      const std::string path = folder_.path("work/made" + writer.extension);
      const Finished made = write(writer, path);
      EXPECT_EQ(made.exit_code, 0) << writer.kind << ": " << made.err;
      all[writer.kind] = read_bytes(path);
      fs::remove(path);
    }
    return all;
  }

  TemporaryFolder folder_;
};

TEST_F(Overwriting, KeepsWhatIsOfAnotherKind) {
  const std::map<std::string, std::string> all = contents();
  ASSERT_EQ(all.size(), 15U);
  for (const Writer& writer : writers()) {
    const std::string path = folder_.path("work/there" + writer.extension);
    for (const auto& [kind, bytes] : all) {
      if (kind == writer.kind) continue;
      write_bytes(path, bytes);
      SCOPED_TRACE(writer.words[0] + " " + writer.option + " over " + kind);
      expect_refused(write(writer, path), 2, writer.option + " " + path);
      EXPECT_EQ(read_bytes(path), bytes);
    }
    fs::remove(path);
  }
}

TEST_F(Overwriting, RefusesNamesOfOtherKinds) {
  for (const Writer& writer : writers()) {
    for (const char* const extension : {".keras", ".h5", ".tflite", ".onnx", ".npy", ".npz", ".svg",
                                        ".dot", ".txt", ".csv", ".png", ".JSON", ".py", ".md"}) {
      const bool is_own = extension == writer.extension ||
                          (writer.extension == ".json" && extension == std::string(".JSON"));
      // These two choose what to write by the name.
      const bool chooses = writer.option == "--report" || writer.extension.starts_with(".np");
      if (is_own || (chooses && (extension == std::string(".md") || extension[1] == 'n' ||
                                 extension == std::string(".JSON")))) {
        continue;
      }
      const std::string path = folder_.path("work/new") + extension;
      SCOPED_TRACE(writer.words[0] + " " + writer.option + " " + path);
      const Finished refused = write(writer, path);
      EXPECT_EQ(refused.exit_code, 2);
      EXPECT_TRUE(refused.out.empty());
      EXPECT_FALSE(fs::exists(path));
    }
  }
}

TEST_F(Overwriting, ReplacesItsOwnKindAndEmptyFiles) {
  for (const Writer& writer : writers()) {
    if (writer.is_slow) continue;
    SCOPED_TRACE(writer.words[0] + " " + writer.option + " " + writer.extension);
    const std::string path = folder_.path("work/own" + writer.extension);
    write_bytes(path, "");
    for (int i = 0; i < 2; ++i) {
      const Finished written = write(writer, path);
      EXPECT_EQ(written.exit_code, 0) << written.err;
    }
    EXPECT_GT(fs::file_size(path), 0U);
    // An extension that nobody knows tells nothing.
    if (writer.extension != ".npy" && writer.extension != ".md") {
      EXPECT_EQ(write(writer, folder_.path("work/v1.2")).exit_code, 0);
      fs::remove(folder_.path("work/v1.2"));
    }
    fs::remove(path);
  }
}

TEST_F(Overwriting, KeepsInputsAndModelsOfFolders) {
  const std::string model = folder_.path("mine/mine.tflite");
  fs::create_directories(folder_.path("mine"));
  ASSERT_EQ(run({"export", model_path("test_model"), "--output", model}).exit_code, 0);
  const std::string before = read_bytes(model);
  const std::string images = folder_.path("images");
  expect_refused(run({"export", model, "--output", model}), 2, "the model itself");
  expect_refused(run({"quantize", model, "--calibrate", images, "--output", model, "--force"}), 2,
                 "the model itself");
  expect_refused(run({"quantize", model_path("test_model"), "--calibrate", images, "--no-test",
                      "--output", model}),
                 2, "--force");
  EXPECT_EQ(read_bytes(model), before);
  EXPECT_EQ(run({"quantize", model_path("test_model"), "--calibrate", images, "--no-test",
                 "--output", model, "--force"})
                .exit_code,
            0);
  EXPECT_NE(read_bytes(model), before);
}

// A command that writes a file without asking would be missed by the list above.
TEST(OverwritingSources, EveryCommandThatWritesAsksFirst) {
  int writers = 0;
  for (const auto& entry : fs::directory_iterator(data_path("../../apps/tinysplit"))) {
    const std::string text = read_bytes(entry.path());
    bool writes = false;
    for (const char* const call : {"write_file_atomically(", "write_npz(", "write_npy(",
                                   "write_analytics(", "std::ofstream", "fopen("}) {
      writes = writes || text.find(call) != std::string::npos;
    }
    if (!writes) continue;
    ++writers;
    const bool asks = text.find("check_output(") != std::string::npos ||
                      text.find("check_model_folder(") != std::string::npos;
    EXPECT_TRUE(asks) << entry.path() << " writes files without check_output()";
  }
  EXPECT_GE(writers, 8);
}

}  // namespace
}  // namespace tinysplit::test
