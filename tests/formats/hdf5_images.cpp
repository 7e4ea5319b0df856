#include "formats/hdf5_images.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace tinysplit::test {
namespace {

constexpr std::size_t kGrowth = 1 << 16;

hid_t memory_access(const std::string& image) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  EXPECT_GE(H5Pset_fapl_core(access, kGrowth, /*backing_store=*/0), 0);
  if (!image.empty()) {
    std::string copy = image;
    EXPECT_GE(H5Pset_file_image(access, copy.data(), copy.size()), 0);
  }
  return access;
}

std::string take_image(hid_t file) {
  EXPECT_GE(H5Fflush(file, H5F_SCOPE_GLOBAL), 0);
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  EXPECT_GT(size, 0);
  std::string image(static_cast<std::size_t>(std::max<ssize_t>(size, 0)), '\0');
  EXPECT_EQ(H5Fget_file_image(file, image.data(), image.size()), size);
  return image;
}

hid_t parents() {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  EXPECT_GE(H5Pset_create_intermediate_group(links, 1), 0);
  return links;
}

hid_t text_type(bool variable, std::size_t size) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  EXPECT_GE(H5Tset_size(type, variable ? H5T_VARIABLE : std::max<std::size_t>(size, 1)), 0);
  EXPECT_GE(H5Tset_strpad(type, variable ? H5T_STR_NULLTERM : H5T_STR_NULLPAD), 0);
  return type;
}

void write_attribute(hid_t file, const std::string& object, const std::string& name, hid_t space,
                     const std::vector<std::string>& texts, bool variable) {
  std::size_t longest = 0;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  const hid_t type = text_type(variable, longest);
  const hid_t target = H5Oopen(file, object.c_str(), H5P_DEFAULT);
  const hid_t attribute = H5Acreate2(target, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(attribute, 0);
  if (texts.empty()) {
    // Nothing to write.
  } else if (variable) {
    std::vector<const char*> pointers;
    for (const std::string& text : texts) pointers.push_back(text.c_str());
    EXPECT_GE(H5Awrite(attribute, type, pointers.data()), 0);
  } else {
    std::string packed;
    for (std::string text : texts) {
      text.resize(std::max<std::size_t>(longest, 1));
      packed += text;
    }
    EXPECT_GE(H5Awrite(attribute, type, packed.data()), 0);
  }
  H5Aclose(attribute);
  H5Oclose(target);
  H5Tclose(type);
}

}  // namespace

std::string Hdf5Image::make(const std::function<void(hid_t)>& fill, bool newest) {
  const hid_t access = memory_access("");
  if (newest) {
    EXPECT_GE(H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST), 0);
  }
  const hid_t file = H5Fcreate("made in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  EXPECT_GE(file, 0);
  fill(file);
  std::string image = take_image(file);
  H5Fclose(file);
  H5Pclose(access);
  return image;
}

std::string Hdf5Image::edit(const std::string& bytes, const std::function<void(hid_t)>& edit) {
  const hid_t access = memory_access(bytes);
  const hid_t file = H5Fopen("read from memory", H5F_ACC_RDWR, access);
  EXPECT_GE(file, 0);
  edit(file);
  std::string image = take_image(file);
  H5Fclose(file);
  H5Pclose(access);
  return image;
}

void write_floats(hid_t file, const std::string& path, const std::vector<hsize_t>& dims,
                  const std::vector<float>& values, hid_t creation, hid_t file_type) {
  const hid_t space = dims.empty()
                          ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
  const hid_t links = parents();
  const hid_t dataset =
      H5Dcreate2(file, path.c_str(), file_type, space, links, creation, H5P_DEFAULT);
  ASSERT_GE(dataset, 0) << path;
  if (!values.empty()) {
    EXPECT_GE(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  }
  H5Dclose(dataset);
  H5Pclose(links);
  H5Sclose(space);
}

void make_group(hid_t file, const std::string& path) {
  const hid_t links = parents();
  const hid_t group = H5Gcreate2(file, path.c_str(), links, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(group, 0) << path;
  H5Gclose(group);
  H5Pclose(links);
}

void write_text(hid_t file, const std::string& object, const std::string& name,
                const std::string& text, bool variable) {
  const hid_t space = H5Screate(H5S_SCALAR);
  write_attribute(file, object, name, space, {text}, variable);
  H5Sclose(space);
}

void write_texts(hid_t file, const std::string& object, const std::string& name,
                 const std::vector<std::string>& texts, bool variable) {
  const hsize_t count = texts.size();
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  write_attribute(file, object, name, space, texts, variable);
  H5Sclose(space);
}

}  // namespace tinysplit::test
