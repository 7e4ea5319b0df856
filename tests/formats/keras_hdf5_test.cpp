// The project's reader of HDF5 against the HDF5 library, which writes every file here.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "formats/hdf5_images.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras_test_files.h"

namespace tinysplit::keras {
namespace {

using namespace test;  // NOLINT

Hdf5File open(const std::string& image) {
  Result<Hdf5File> file = Hdf5File::open(image);
  EXPECT_TRUE(file.ok()) << file.status().to_string();
  return std::move(file).value();
}

Result<Hdf5File::Dataset> dataset_at(Hdf5File& file, const std::string& path) {
  const auto object = file.find(file.root(), path);
  if (!object.ok()) return object.status();
  if (!object->has_value()) return not_found(path);
  return file.dataset(**object);
}

std::vector<float> floats_at(Hdf5File& file, const std::string& path) {
  const auto dataset = dataset_at(file, path);
  EXPECT_TRUE(dataset.ok()) << dataset.status().to_string();
  if (!dataset.ok()) return {};
  EXPECT_TRUE(dataset->is_float32()) << dataset->type;
  std::vector<float> values(static_cast<std::size_t>(dataset->shape.num_elements()));
  const Status read = file.read(*dataset, values);
  EXPECT_TRUE(read.ok()) << read.to_string();
  return values;
}

TEST(Hdf5File, ReadsWhatTheLibraryWrites) {
  const hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(compact, H5D_COMPACT);
  const std::string image = Hdf5Image::make([&](hid_t file) {
    write_floats(file, "a/b/c", {2, 3}, {1, 2, 3, 4, 5, 6});
    write_floats(file, "a/small", {3}, {7, -8, 9.5f}, compact);
    write_floats(file, "scalar", {}, {42});
  });
  H5Pclose(compact);
  Hdf5File file = open(image);
  EXPECT_EQ(floats_at(file, "a/b/c"), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(floats_at(file, "/a//small"), (std::vector<float>{7, -8, 9.5f}));
  EXPECT_EQ(floats_at(file, "scalar"), (std::vector<float>{42}));
  EXPECT_EQ(dataset_at(file, "a/b/c")->shape.to_string(), "[2,3]");
  EXPECT_EQ(dataset_at(file, "scalar")->shape.rank(), 0);
  EXPECT_EQ(dataset_at(file, "a/none").status().code(), StatusCode::kNotFound);
}

// Enough members for a tree of several levels, enough attributes for a header of several parts.
TEST(Hdf5File, ReadsLargeGroupsAndManyAttributes) {
  constexpr int kMembers = 3000;
  constexpr int kAttributes = 200;
  const std::string image = Hdf5Image::make([](hid_t file) {
    for (int i = 0; i < kMembers; ++i) {
      write_floats(file, "layers/member " + std::to_string(i), {1}, {float(i)});
    }
    for (int i = 0; i < kAttributes; ++i) {
      write_text(file, "layers", "attribute " + std::to_string(i), "text " + std::to_string(i),
                 i % 2 == 0);
    }
  });
  Hdf5File file = open(image);
  const auto group = file.find(file.root(), "layers");
  ASSERT_TRUE(group.ok() && group->has_value());
  const auto members = file.members(**group);
  ASSERT_TRUE(members.ok()) << members.status().to_string();
  EXPECT_EQ((*members)->size(), std::size_t{kMembers});
  for (int i = 0; i < kMembers; i += 7) {
    EXPECT_EQ(floats_at(file, "layers/member " + std::to_string(i)), std::vector<float>{float(i)});
  }
  for (int i = 0; i < kAttributes; ++i) {
    const auto text = file.strings(**group, "attribute " + std::to_string(i));
    ASSERT_TRUE(text.ok() && text->has_value()) << text.status().to_string();
    EXPECT_EQ((*text)->at(0), "text " + std::to_string(i));
  }
}

TEST(Hdf5File, ReadsTextOfEveryKind) {
  const std::vector<std::string> names = {"conv2d/kernel:0", "", "b\xc3\xa9ta",
                                          std::string(3000, 'x')};
  const std::string image = Hdf5Image::make([&](hid_t file) {
    write_text(file, "/", "fixed", "one text", false);
    write_text(file, "/", "variable", std::string(200'000, 'v'), true);
    write_texts(file, "/", "fixed list", names, false);
    write_texts(file, "/", "variable list", names, true);
    write_texts(file, "/", "none", {}, true);
    // How Keras writes an empty list.
    const hsize_t zero = 0;
    const hid_t space = H5Screate_simple(1, &zero, nullptr);
    H5Aclose(H5Acreate2(file, "empty numbers", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    const hid_t scalar = H5Screate(H5S_SCALAR);
    H5Aclose(H5Acreate2(file, "number", H5T_STD_I32LE, scalar, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(scalar);
  });
  Hdf5File file = open(image);
  const auto strings = [&](const char* name) { return file.strings(file.root(), name); };
  using Views = std::vector<std::string_view>;
  EXPECT_EQ(strings("fixed")->value(), Views{"one text"});
  EXPECT_EQ(strings("variable")->value().at(0).size(), 200'000u);
  EXPECT_EQ(strings("fixed list")->value(), Views(names.begin(), names.end()));
  EXPECT_EQ(strings("variable list")->value(), Views(names.begin(), names.end()));
  EXPECT_TRUE(strings("none")->value().empty());
  EXPECT_TRUE(strings("empty numbers")->value().empty());
  EXPECT_FALSE(strings("missing")->has_value());
  EXPECT_EQ(strings("number").status().code(), StatusCode::kInvalidArgument);
}

// Every dataset of every golden file, value by value.
TEST(Hdf5File, AgreesWithTheLibraryOnRealFiles) {
  int compared = 0;
  for (const auto& path : golden_models()) {
    const std::string bytes = read_bytes(path);
    const bool archive = path.extension() == ".keras";
    const std::string image = archive ? unzip(bytes).at("model.weights.h5") : bytes;
    Hdf5File ours = open(image);
    Hdf5Image::edit(image, [&](hid_t theirs) {
      std::vector<std::string> names;
      const auto visit = [](hid_t, const char* name, const H5O_info_t* info, void* out) -> herr_t {
        if (info->type == H5O_TYPE_DATASET)
          static_cast<std::vector<std::string>*>(out)->push_back(name);
        return 0;
      };
      H5Ovisit2(theirs, H5_INDEX_NAME, H5_ITER_NATIVE, visit, &names, H5O_INFO_BASIC);
      for (const std::string& name : names) {
        const auto dataset = dataset_at(ours, name);
        ASSERT_TRUE(dataset.ok()) << path << " " << name << " " << dataset.status().to_string();
        if (!dataset->is_float32()) continue;  // counts
        std::vector<float> expected(static_cast<std::size_t>(dataset->shape.num_elements()));
        const hid_t opened = H5Dopen2(theirs, name.c_str(), H5P_DEFAULT);
        H5Dread(opened, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, expected.data());
        H5Dclose(opened);
        EXPECT_EQ(floats_at(ours, name), expected) << path << " " << name;
        ++compared;
      }
    });
  }
  EXPECT_GT(compared, 500);
}

struct Unusual {
  const char* name;
  void (*write)(hid_t file);
  const char* message;
};

void write_chunked(hid_t file) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 2;
  H5Pset_chunk(creation, 1, &chunk);
  write_floats(file, "x", {4}, {1, 2, 3, 4}, creation);
  H5Pclose(creation);
}

void write_compressed(hid_t file) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 2;
  H5Pset_chunk(creation, 1, &chunk);
  H5Pset_deflate(creation, 6);
  write_floats(file, "x", {4}, {1, 2, 3, 4}, creation);
  H5Pclose(creation);
}

void write_external_data(hid_t file) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(creation, "/etc/passwd", 0, 16);
  write_floats(file, "x", {4}, {}, creation);
  H5Pclose(creation);
}

void write_external_link(hid_t file) {
  H5Lcreate_external("/etc/passwd", "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT);
}

void write_soft_link(hid_t file) { H5Lcreate_soft("/x", file, "x", H5P_DEFAULT, H5P_DEFAULT); }

void write_committed_type(hid_t file) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tcommit2(file, "type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  write_floats(file, "x", {1}, {1}, H5P_DEFAULT, type);
  H5Tclose(type);
}

TEST(Hdf5File, RefusesOtherStorageAndLinksByName) {
  for (const Unusual& unusual : {Unusual{"chunked", write_chunked, "in chunks"},
                                 Unusual{"compressed", write_compressed, "compressed"},
                                 Unusual{"external data", write_external_data, "another file"},
                                 Unusual{"external link", write_external_link, ""},
                                 Unusual{"soft link", write_soft_link, "symbolic link"},
                                 Unusual{"committed type", write_committed_type, "shared"}}) {
    SCOPED_TRACE(unusual.name);
    const std::string image = Hdf5Image::make(unusual.write);
    Hdf5File file = open(image);
    const auto dataset = dataset_at(file, "x");
    ASSERT_FALSE(dataset.ok());
    EXPECT_NE(dataset.status().code(), StatusCode::kNotFound);
    EXPECT_NE(dataset.status().message().find(unusual.message), std::string::npos)
        << dataset.status().to_string();
  }
}

TEST(Hdf5File, NamesOtherNumberTypes) {
  const std::string image = Hdf5Image::make([](hid_t file) {
    write_floats(file, "f64", {1}, {1}, H5P_DEFAULT, H5T_IEEE_F64LE);
    write_floats(file, "big", {1}, {1}, H5P_DEFAULT, H5T_IEEE_F32BE);
    write_floats(file, "i32", {1}, {1}, H5P_DEFAULT, H5T_STD_I32LE);
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    write_floats(file, "f16", {1}, {1}, H5P_DEFAULT, half);
    const hid_t odd = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_ebias(odd, 126);
    write_floats(file, "odd", {1}, {1}, H5P_DEFAULT, odd);
    H5Tclose(half);
    H5Tclose(odd);
  });
  Hdf5File file = open(image);
  EXPECT_EQ(dataset_at(file, "f64")->type, "float64");
  EXPECT_EQ(dataset_at(file, "big")->type, "big-endian float32");
  EXPECT_EQ(dataset_at(file, "i32")->type, "4-byte integer");
  EXPECT_EQ(dataset_at(file, "f16")->type, "float16");
  EXPECT_FALSE(dataset_at(file, "odd")->is_float32());
}

TEST(Hdf5File, RefusesTheNewerFormat) {
  const std::string image =
      Hdf5Image::make([](hid_t file) { write_floats(file, "x", {1}, {1}); }, true);
  EXPECT_EQ(Hdf5File::open(image).status().code(), StatusCode::kUnimplemented);
}

TEST(Hdf5File, RefusesDataThatWasNeverWritten) {
  const std::string image = Hdf5Image::make([](hid_t file) { write_floats(file, "x", {4}, {}); });
  Hdf5File file = open(image);
  const auto dataset = dataset_at(file, "x");
  ASSERT_TRUE(dataset.ok());
  std::vector<float> values(4);
  EXPECT_EQ(file.read(*dataset, values).code(), StatusCode::kInvalidArgument);
}

TEST(Hdf5File, RefusesDatasetsThatOverlap) {
  const std::string image = Hdf5Image::make(
      [](hid_t file) { write_floats(file, "x", {1000}, std::vector<float>(1000, 1.0f)); });
  Hdf5File file = open(image);
  const auto dataset = dataset_at(file, "x");
  ASSERT_TRUE(dataset.ok());
  std::vector<float> values(1000);
  EXPECT_TRUE(file.read(*dataset, values).ok());
  Status last;
  for (int i = 0; i < 10 && last.ok(); ++i) last = file.read(*dataset, values);
  EXPECT_EQ(last.code(), StatusCode::kResourceExhausted);
}

// A group that holds itself: a path through it ends where the path ends.
TEST(Hdf5File, FollowsHardLinksOnlyAsFarAsThePathGoes) {
  const std::string image = Hdf5Image::make([](hid_t file) {
    write_floats(file, "a/x", {1}, {5});
    H5Lcreate_hard(file, "a", file, "a/again", H5P_DEFAULT, H5P_DEFAULT);
  });
  Hdf5File file = open(image);
  EXPECT_EQ(floats_at(file, "a/again/again/again/x"), std::vector<float>{5});
}

}  // namespace
}  // namespace tinysplit::keras
