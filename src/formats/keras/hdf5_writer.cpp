#include "formats/keras/hdf5_writer.h"

#include <hdf5.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace tinysplit::keras {
namespace {

static_assert(sizeof(hid_t) == sizeof(std::int64_t));

constexpr std::size_t kGrowthBytes = std::size_t{1} << 20;
// A header of an object holds 64 KiB; h5py's and Keras' own bound for one attribute.
constexpr std::size_t kMaxAttributeBytes = 64512;

// Debian's library is built for one thread.
std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

// A handle of the library, closed by the function of its kind.
class Scoped {
 public:
  Scoped(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Scoped() {
    if (id_ >= 0) close_(id_);
  }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;
  hid_t get() const { return id_; }
  bool ok() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// While it lives the library prints none of its errors, and is used by one thread.
class LibraryCall {
 public:
  LibraryCall() : lock_(library_mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~LibraryCall() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
  LibraryCall(const LibraryCall&) = delete;
  LibraryCall& operator=(const LibraryCall&) = delete;

 private:
  std::lock_guard<std::mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

// Creation of links makes the groups before the last part of a path.
hid_t link_properties() {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  return links;
}

hid_t text_type(std::size_t bytes) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, bytes);
  H5Tset_strpad(type, bytes == H5T_VARIABLE ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
  if (bytes == H5T_VARIABLE) H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

bool write_attribute(hid_t file, const std::string& path, const std::string& name, hid_t type,
                     hid_t space, const void* data) {
  const Scoped object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object.ok()) return false;
  const Scoped attribute(
      H5Acreate2(object.get(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.ok()) return false;
  return data == nullptr || H5Awrite(attribute.get(), type, data) >= 0;
}

std::size_t longest_of(const std::vector<std::string>& texts) {
  std::size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  return longest;
}

}  // namespace

Hdf5Writer::Hdf5Writer() {
  const LibraryCall call;
  const Scoped access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), kGrowthBytes, /*backing_store=*/0);
  file_ = H5Fcreate("made in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access.get());
  if (file_ < 0) fail("a file in memory");
}

Hdf5Writer::~Hdf5Writer() {
  if (file_ < 0) return;
  const LibraryCall call;
  H5Fclose(file_);
}

void Hdf5Writer::fail(const std::string& what) {
  if (error_.ok()) error_ = internal_error("the HDF5 library could not make " + what);
}

void Hdf5Writer::add_group(const std::string& path) {
  if (!error_.ok()) return;
  const LibraryCall call;
  const Scoped old(H5Gopen2(file_, path.c_str(), H5P_DEFAULT), H5Gclose);
  if (old.ok()) return;
  const Scoped links(link_properties(), H5Pclose);
  const Scoped group(H5Gcreate2(file_, path.c_str(), links.get(), H5P_DEFAULT, H5P_DEFAULT),
                     H5Gclose);
  if (!group.ok()) fail("group \"" + path + "\"");
}

void Hdf5Writer::add_floats(const std::string& path, const TensorView& values) {
  if (!error_.ok()) return;
  if (values.dtype != DType::kFloat32) {
    error_ = invalid_argument("weight \"" + path + "\" is " +
                              std::string(dtype_name(values.dtype)) + ", only float32 is written");
    return;
  }
  const LibraryCall call;
  const std::vector<hsize_t> dims(values.shape.dims().begin(), values.shape.dims().end());
  const Scoped space(dims.empty()
                         ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                     H5Sclose);
  const Scoped links(link_properties(), H5Pclose);
  const Scoped creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  const Scoped dataset(H5Dcreate2(file_, path.c_str(), H5T_IEEE_F32LE, space.get(), links.get(),
                                  creation.get(), H5P_DEFAULT),
                       H5Dclose);
  if (!dataset.ok() ||
      H5Dwrite(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data) < 0) {
    fail("dataset \"" + path + "\"");
  }
}

void Hdf5Writer::add_text(const std::string& path, const std::string& name,
                          const std::string& text) {
  if (!error_.ok()) return;
  const LibraryCall call;
  const Scoped space(H5Screate(H5S_SCALAR), H5Sclose);
  const Scoped type(text_type(H5T_VARIABLE), H5Tclose);
  const char* start = text.c_str();
  if (!write_attribute(file_, path, name, type.get(), space.get(), &start)) {
    fail("attribute \"" + name + "\"");
  }
}

void Hdf5Writer::add_texts(const std::string& path, const std::string& name,
                           const std::vector<std::string>& texts) {
  const std::size_t in_one = kMaxAttributeBytes / longest_of(texts);
  if (texts.size() <= in_one) return add_text_list(path, name, texts);
  for (std::size_t begin = 0, part = 0; begin < texts.size(); begin += in_one, ++part) {
    const auto first = texts.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t count = std::min(in_one, texts.size() - begin);
    add_text_list(path, name + std::to_string(part),
                  {first, first + static_cast<std::ptrdiff_t>(count)});
  }
}

void Hdf5Writer::add_text_list(const std::string& path, const std::string& name,
                               const std::vector<std::string>& texts) {
  if (!error_.ok()) return;
  const std::size_t longest = longest_of(texts);
  std::string packed;
  for (std::string text : texts) {
    text.resize(longest);
    packed += text;
  }
  const LibraryCall call;
  const hsize_t count = texts.size();
  const Scoped space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Scoped type(text_type(longest), H5Tclose);
  const void* data = texts.empty() ? nullptr : packed.data();
  if (!write_attribute(file_, path, name, type.get(), space.get(), data)) {
    fail("attribute \"" + name + "\"");
  }
}

Result<std::string> Hdf5Writer::finish() {
  TINYSPLIT_RETURN_IF_ERROR(error_);
  const LibraryCall call;
  ssize_t size = -1;
  if (H5Fflush(file_, H5F_SCOPE_GLOBAL) >= 0) size = H5Fget_file_image(file_, nullptr, 0);
  if (size <= 0) return internal_error("the HDF5 library could not finish its file");
  std::string image(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file_, image.data(), image.size()) != size) {
    return internal_error("the HDF5 library could not hand out its file");
  }
  return image;
}

}  // namespace tinysplit::keras
