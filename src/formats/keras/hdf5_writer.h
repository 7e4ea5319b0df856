#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit::keras {

// Writes an HDF5 file in memory by the HDF5 library, in the form that h5py gives to what Keras
// saves and that Hdf5File reads. The same calls give the same bytes: no times are stored. The
// library is trusted with data of our own; files are read by Hdf5File alone. Paths are from the
// root ("layers/dense/vars/0"); groups on the way are made. One thread at a time works with the
// library, whichever writer it uses.
//
// The first call that fails is what finish() returns; calls after it do nothing.
class Hdf5Writer {
 public:
  Hdf5Writer();
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  // A group; one that is there already stays.
  void add_group(const std::string& path);
  // A dataset of float32. The view is copied.
  void add_floats(const std::string& path, const TensorView& values);
  // An attribute of the object at `path` ("/" is the root): one text, however long.
  void add_text(const std::string& path, const std::string& name, const std::string& text);
  // A list of texts; one that is too long for an attribute becomes <name>0, <name>1, ..., as Keras
  // splits it.
  void add_texts(const std::string& path, const std::string& name,
                 const std::vector<std::string>& texts);

  // The file. Call it once, last. Errors: INVALID_ARGUMENT (a value that is not float32, a path
  // that is taken), RESOURCE_EXHAUSTED (memory), INTERNAL (the library's).
  Result<std::string> finish();

 private:
  using Handle = std::int64_t;  // hid_t, so that the library's header stays in one file

  void fail(const std::string& what);
  void add_text_list(const std::string& path, const std::string& name,
                     const std::vector<std::string>& texts);

  Handle file_ = -1;
  Status error_;
};

}  // namespace tinysplit::keras
