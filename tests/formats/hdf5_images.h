#pragma once

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tinysplit::test {

// Files made or changed by the HDF5 library, in memory.
struct Hdf5Image {
  // A new file, filled by `fill`. `newest` writes the format that the library likes best.
  static std::string make(const std::function<void(hid_t file)>& fill, bool newest = false);
  // A copy of `bytes`, changed by `edit`.
  static std::string edit(const std::string& bytes, const std::function<void(hid_t file)>& edit);
};

// Each creates the groups on the way.
void write_floats(hid_t file, const std::string& path, const std::vector<hsize_t>& dims,
                  const std::vector<float>& values, hid_t creation = H5P_DEFAULT,
                  hid_t file_type = H5T_IEEE_F32LE);
void make_group(hid_t file, const std::string& path);
// Attributes of one string (scalar) or a list, of variable or fixed length.
void write_text(hid_t file, const std::string& object, const std::string& name,
                const std::string& text, bool variable);
void write_texts(hid_t file, const std::string& object, const std::string& name,
                 const std::vector<std::string>& texts, bool variable);

}  // namespace tinysplit::test
