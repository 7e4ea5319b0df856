#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "core/file.h"
#include "core/limits.h"
#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

class NpyArchive : public testing::Test {
 protected:
  NpyArchive()
      : folder_(fs::path(testing::TempDir()) / ("npy_archive_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~NpyArchive() override { fs::remove_all(folder_); }

  struct Entry {
    std::string name;
    std::string contents;
    zip_int32_t method = ZIP_CM_DEFLATE;
  };

  // An archive by libzip itself.
  std::string archive_of(const std::vector<Entry>& entries, bool encrypted = false) {
    const fs::path path = folder_ / "made.zip";
    int error = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
    for (const Entry& entry : entries) {
      zip_source_t* source =
          zip_source_buffer(archive, entry.contents.data(), entry.contents.size(), 0);
      const auto index =
          static_cast<zip_uint64_t>(zip_file_add(archive, entry.name.c_str(), source, 0));
      EXPECT_EQ(zip_set_file_compression(archive, index, entry.method, 9), 0);
      if (encrypted) {
        EXPECT_EQ(zip_file_set_encryption(archive, index, ZIP_EM_AES_256, "secret"), 0);
      }
    }
    EXPECT_EQ(zip_close(archive), 0);
    return read_file(path, std::size_t{64} << 20).value();
  }

  fs::path folder_;
};

Tensor counting(const Shape& shape) {
  Tensor tensor(DType::kFloat32, shape);
  float next = 0.5F;
  for (float& value : tensor.as<float>()) value = next++;
  return tensor;
}

std::vector<NamedTensor> some_tensors() {
  std::vector<NamedTensor> tensors;
  tensors.push_back({"dense_1", counting({1, 4})});
  tensors.push_back({"block/conv/output", counting({1, 2, 2, 3})});
  tensors.push_back({"größe", counting({2})});
  tensors.push_back({"../up", counting({})});
  return tensors;
}

TEST_F(NpyArchive, RoundTripsThroughAFile) {
  const std::vector<NamedTensor> tensors = some_tensors();
  const fs::path path = folder_ / "arrays.npz";
  ASSERT_TRUE(write_npz(path, tensors).ok());
  const auto again = read_arrays(path);
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  ASSERT_EQ(again->size(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ((*again)[i].name, tensors[i].name);
    EXPECT_EQ((*again)[i].tensor.shape(), tensors[i].tensor.shape());
    EXPECT_TRUE(std::ranges::equal((*again)[i].tensor.bytes(), tensors[i].tensor.bytes()));
  }
  // Nothing but the file is left, neither a temporary one nor one that a name pointed to.
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(NpyArchive, RoundTripsASingleArray) {
  const fs::path path = folder_ / "one.npy";
  ASSERT_TRUE(write_npy(path, counting({2, 3}).view()).ok());
  const auto arrays = read_arrays(path);
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  ASSERT_EQ(arrays->size(), 1U);
  EXPECT_EQ((*arrays)[0].name, "");
  EXPECT_EQ((*arrays)[0].tensor.shape(), Shape({2, 3}));
}

TEST_F(NpyArchive, GivesEqualBytesForEqualTensors) {
  EXPECT_EQ(format_npz(some_tensors()).value(), format_npz(some_tensors()).value());
}

TEST_F(NpyArchive, RoundTripsNoArraysAtAll) {
  const auto arrays = parse_npz(format_npz({}).value());
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  EXPECT_TRUE(arrays->empty());
}

TEST_F(NpyArchive, ReadsNumpysDeflatedArchives) {
  const auto arrays =
      read_arrays(fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/mlperf_tiny/resnet8.npz");
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  ASSERT_EQ(arrays->size(), 2U);
  EXPECT_EQ((*arrays)[0].name, "x0");
  EXPECT_EQ((*arrays)[0].tensor.shape(), Shape({1, 32, 32, 3}));
  EXPECT_EQ((*arrays)[1].name, "y0");
  EXPECT_EQ((*arrays)[1].tensor.shape(), Shape({1, 10}));
}

TEST_F(NpyArchive, RefusesNamesThatCannotBeWritten) {
  const auto write_named = [](const std::string& name) {
    std::vector<NamedTensor> tensors;
    tensors.push_back({name, counting({1})});
    return format_npz(tensors).status().code();
  };
  EXPECT_EQ(write_named(""), StatusCode::kInvalidArgument);
  EXPECT_EQ(write_named(std::string("a\0b", 3)), StatusCode::kInvalidArgument);
  EXPECT_EQ(write_named(std::string(limits::kMaxNameBytes + 1, 'a')), StatusCode::kInvalidArgument);
  EXPECT_EQ(write_named("\xff\xfe"), StatusCode::kInvalidArgument);
  EXPECT_EQ(write_named(std::string(limits::kMaxNameBytes, 'a')), StatusCode::kOk);
  std::vector<NamedTensor> twice;
  twice.push_back({"a", counting({1})});
  twice.push_back({"a", counting({2})});
  EXPECT_EQ(format_npz(twice).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(NpyArchive, SaysWhichFileIsMissingOrDamaged) {
  const fs::path missing = folder_ / "missing.npz";
  EXPECT_EQ(read_arrays(missing).status().code(), StatusCode::kNotFound);
  const fs::path damaged = folder_ / "damaged.npy";
  ASSERT_TRUE(write_file_atomically(damaged, "hello").ok());
  const Status status = read_arrays(damaged).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("damaged.npy"), std::string::npos);
}

TEST_F(NpyArchive, RefusesEveryTruncation) {
  const std::string bytes = format_npz(some_tensors()).value();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_npz(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

TEST_F(NpyArchive, NoticesEveryDamagedByteOfTheData) {
  std::vector<NamedTensor> tensors;
  tensors.push_back({"a", counting({8})});
  const std::string bytes = format_npz(tensors).value();
  const std::string data = format_npy(tensors[0].tensor.view());
  const std::size_t begin = bytes.find(data);
  ASSERT_NE(begin, std::string::npos) << "stored, so the array is there as it is";
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::string damaged = bytes;
    damaged[begin + i] = static_cast<char>(damaged[begin + i] ^ 0x10);
    EXPECT_FALSE(parse_npz(damaged).ok()) << i;
  }
}

TEST_F(NpyArchive, SurvivesEveryDamagedByteOfADeflatedArchive) {
  const std::string bytes = archive_of({{"a.npy", format_npy(counting({64}).view())}});
  ASSERT_TRUE(parse_npz(bytes).ok());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    const auto arrays = parse_npz(damaged);
    if (arrays.ok()) {
      ASSERT_EQ(arrays->size(), 1U) << i;
      EXPECT_EQ((*arrays)[0].tensor.shape(), Shape({64})) << i;
    }
  }
}

TEST_F(NpyArchive, RefusesABomb) {
  // 40 MB of zeros deflate to 40 kB. With the announced size lowered, reading stops just after it.
  const std::string zeros(std::size_t{40} << 20, '\0');
  std::string bytes = archive_of({{"a.npy", zeros}});
  ASSERT_LT(bytes.size(), std::size_t{1} << 20);
  const std::size_t directory = bytes.rfind("PK\1\2");
  ASSERT_NE(directory, std::string::npos);
  for (const std::size_t at : {std::size_t{22}, directory + 24}) {
    bytes.replace(at, 4, std::string("\x80\0\0\0", 4));
  }
  const Status lowered = parse_npz(bytes).status();
  EXPECT_EQ(lowered.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(lowered.message().find("announces"), std::string::npos) << lowered.message();
  // With the announced size raised beyond the limit, nothing is unpacked.
  for (const std::size_t at : {std::size_t{22}, directory + 24}) {
    bytes.replace(at, 4, "\xfe\xff\xff\xff");
  }
  EXPECT_EQ(parse_npz(bytes).status().code(), StatusCode::kOutOfRange);
}

TEST_F(NpyArchive, RefusesWhatIsNoArchiveOfArrays) {
  const std::string array = format_npy(counting({1}).view());
  EXPECT_EQ(parse_npz(archive_of({{"readme.txt", "x"}})).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(parse_npz(archive_of({{"a.npy", "x"}})).status().code(), StatusCode::kInvalidArgument);
  std::string long_name(300, 'a');
  long_name += ".npy";
  EXPECT_EQ(parse_npz(archive_of({{long_name, array}})).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(parse_npz(archive_of({{"a.npy", array}}, true)).status().code(),
            StatusCode::kUnimplemented);
  const Status other = parse_npz(archive_of({{"a.npy", array, ZIP_CM_BZIP2}})).status();
  EXPECT_EQ(other.code(), StatusCode::kUnimplemented) << other.to_string();
}

TEST_F(NpyArchive, RefusesTwoArraysOfOneName) {
  std::string bytes = archive_of(
      {{"a.npy", format_npy(counting({1}).view())}, {"b.npy", format_npy(counting({1}).view())}});
  for (std::size_t at = bytes.find("b.npy"); at != std::string::npos; at = bytes.find("b.npy")) {
    bytes[at] = 'a';
  }
  const Status status = parse_npz(bytes).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("two arrays named 'a'"), std::string::npos) << status.message();
}

TEST_F(NpyArchive, RefusesTooManyEntries) {
  std::vector<Entry> entries;
  const std::string array = format_npy(counting({1}).view());
  for (std::size_t i = 0; i <= limits::kMaxArrayFileEntries; ++i) {
    entries.push_back({std::to_string(i) + ".npy", array, ZIP_CM_STORE});
  }
  EXPECT_EQ(parse_npz(archive_of(entries)).status().code(), StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace tinysplit
