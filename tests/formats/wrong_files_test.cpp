// What people give by mistake, to every reader: one sentence that names the file and what it is.
#include <gtest/gtest.h>
#include <zip.h>

#include <filesystem>
#include <functional>
#include <map>

#include "core/file.h"
#include "formats/image/image.h"
#include "formats/keras_test_files.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"
#include "formats/operator_survey.h"
#include "graph/analytics.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

std::string zip_of(const fs::path& path, const std::string& entry) {
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  static constexpr char kText[] = "hello";
  zip_file_add(archive, entry.c_str(), zip_source_buffer(archive, kText, 5, 0), 0);
  zip_close(archive);
  return read_file(path, 1 << 20).value();
}

struct WrongFile {
  std::string bytes;
  std::string what;  // named by every reader
};

class WrongFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("tinysplit_wrong_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    files_ = {
        {"pointer",
         {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"}},
        {"page", {"<!doctype html><html><head><title>404</title>", "web page"}},
        {"nothing", {"", "empty"}},
        {"notes", {"Dear reader,\nthis is a text.\n", "text, beginning \"Dear reader,\""}},
        {"packed", {std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b", 11), "gzip"}},
        {"saved_model", {std::string("\x08\x01\x12\x04\x0a\x02\x08\x01", 8), "SavedModel"}},
        {"zip_of_notes", {zip_of(folder_ / "scratch", "notes/readme.txt"), "notes/readme.txt"}},
        {"torch", {zip_of(folder_ / "scratch", "model/data.pkl"), "PyTorch"}}};
  }
  void TearDown() override { fs::remove_all(folder_); }

  void expect_named(const Status& status, const fs::path& path, const std::string& what) const {
    SCOPED_TRACE(path.string() + ": " + status.message());
    ASSERT_FALSE(status.ok());
    const std::string& message = status.message();
    EXPECT_NE(message.find(path.string()), std::string::npos);
    EXPECT_NE(message.find(what), std::string::npos) << what;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_EQ(message.find("exception"), std::string::npos);
    EXPECT_NE(status.code(), StatusCode::kInternal);
  }

  fs::path folder_;
  std::map<std::string, WrongFile> files_;
};

TEST_F(WrongFiles, ModelReadersSayWhatTheyWereGiven) {
  for (const auto& [name, file] : files_) {
    // The name of a file is no reason to take it for a model.
    for (const char* extension : {".keras", ".h5", ".tflite", ".onnx", ".pb"}) {
      const fs::path path = folder_ / (name + extension);
      ASSERT_TRUE(write_file_atomically(path, file.bytes).ok());
      expect_named(read_model(path).status(), path, file.what);
      expect_named(survey_model(path).status(), path, file.what);
    }
  }
}

TEST_F(WrongFiles, ReadersOfOtherFilesSayWhatTheyWereGiven) {
  for (const auto& [name, file] : files_) {
    const fs::path path = folder_ / name;
    ASSERT_TRUE(write_file_atomically(path, file.bytes).ok());
    if (!file.bytes.starts_with("PK")) expect_named(read_arrays(path).status(), path, file.what);
    expect_named(read_image(path, Shape{1, 8, 8, 3}).status(), path, file.what);
    expect_named(read_analytics(path).status(), path, file.what);
  }
}

TEST_F(WrongFiles, FilesThatWereCutShortAreDamaged) {
  const fs::path data = fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data";
  for (const char* name : {"open_sizes/keras3.keras", "open_sizes/keras3.h5",
                           "open_sizes/lite.tflite", "open_sizes/torch.onnx"}) {
    const std::string whole = read_file(data / name, 1 << 24).value();
    for (const std::size_t part : {whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
      const fs::path path = folder_ / fs::path(name).filename();
      ASSERT_TRUE(write_file_atomically(path, whole.substr(0, part)).ok());
      expect_named(read_model(path).status(), path, "");
      EXPECT_FALSE(survey_model(path).ok() && read_model(path).ok());
    }
  }
}

TEST_F(WrongFiles, FoldersSayWhatTheyHold) {
  const auto expect_folder = [&](const char* file, const char* part) {
    const fs::path folder = folder_ / "model";
    fs::create_directories(folder);
    ASSERT_TRUE(write_file_atomically(folder / file, "x").ok());
    const Status status = resolve_model(folder).status();
    EXPECT_EQ(status.code(), StatusCode::kNotFound);
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
    fs::remove_all(folder);
  };
  expect_folder("saved_model.pb", "from_saved_model");
  expect_folder("other.onnx", "give the file, ");
  expect_folder("notes.txt", "such as ");
  const fs::path folder = folder_ / "a_folder.keras";
  fs::create_directories(folder);
  EXPECT_FALSE(read_model(folder).ok());
}

}  // namespace
}  // namespace tinysplit
