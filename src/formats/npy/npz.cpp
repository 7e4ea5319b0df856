#include <zip.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/limits.h"
#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

struct CloseZip {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using ZipPointer = std::unique_ptr<zip_t, CloseZip>;
using EntryPointer = std::unique_ptr<zip_file_t, CloseEntry>;
using SourcePointer = std::unique_ptr<zip_source_t, FreeSource>;

// An error of libzip with its text.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  zip_error_t* get() { return &error_; }
  std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_{};
};

Result<ZipPointer> open_archive(std::string_view bytes) {
  // libzip takes an empty file for an empty archive.
  if (bytes.empty()) return invalid_argument("not a .npz archive: it is empty");
  ZipError error;
  SourcePointer source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
  if (source == nullptr) return resource_exhausted("cannot read a .npz archive: " + error.text());
  ZipPointer archive(zip_open_from_source(source.get(), ZIP_RDONLY, error.get()));
  if (archive == nullptr) {
    return invalid_argument("not a .npz archive, or a damaged one: " + error.text());
  }
  source.release();  // the archive owns it now
  return archive;
}

// The unpacked bytes of entry `index`, of which at most `max_bytes` may come. What the archive says
// of sizes is a claim: memory grows only with bytes that really came out.
Result<std::string> read_entry(zip_t* archive, zip_uint64_t index, const std::string& name,
                               std::size_t max_bytes) {
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_stat_index(archive, index, 0, &info) != 0) {
    return invalid_argument("entry '" + name + "' of a .npz archive is damaged");
  }
  const bool known = (info.valid & ZIP_STAT_COMP_METHOD) != 0;
  if (!known || (info.comp_method != ZIP_CM_STORE && info.comp_method != ZIP_CM_DEFLATE)) {
    return unimplemented("entry '" + name +
                         "' of a .npz archive is packed neither by 'stored' nor by 'deflate'");
  }
  if (info.encryption_method != ZIP_EM_NONE) {
    return unimplemented("entry '" + name + "' of a .npz archive is encrypted");
  }
  if (info.size > max_bytes) {
    return out_of_range("the arrays of a .npz archive have more than " +
                        std::to_string(limits::kMaxArrayFileBytes) + " bytes unpacked, at entry '" +
                        name + "'");
  }
  const EntryPointer file(zip_fopen_index(archive, index, 0));
  if (file == nullptr) {
    return invalid_argument("entry '" + name +
                            "' of a .npz archive cannot be read: " + zip_strerror(archive));
  }
  std::string bytes;
  while (true) {
    const std::size_t done = bytes.size();
    // One byte more than announced is asked for: reading past the end is what checks the CRC-32.
    const std::size_t wanted = std::min<std::size_t>(info.size - done + 1, kChunkBytes);
    bytes.resize(done + wanted);
    const zip_int64_t count = zip_fread(file.get(), bytes.data() + done, wanted);
    if (count < 0) {
      return invalid_argument("entry '" + name +
                              "' of a .npz archive is damaged: " + zip_file_strerror(file.get()));
    }
    bytes.resize(done + static_cast<std::size_t>(count));
    if (bytes.size() > info.size) {
      return invalid_argument("entry '" + name + "' of a .npz archive unpacks to more than the " +
                              std::to_string(info.size) + " bytes that it announces");
    }
    if (count == 0) break;
  }
  if (bytes.size() != info.size) {
    return invalid_argument("entry '" + name + "' of a .npz archive is truncated");
  }
  return bytes;
}

Result<std::vector<ArrayEntry>> unpack_archive(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ZipPointer archive, open_archive(bytes));
  const zip_int64_t num_entries = zip_get_num_entries(archive.get(), 0);
  if (num_entries < 0 || std::size_t(num_entries) > limits::kMaxArrayFileEntries) {
    return out_of_range("a .npz archive has " + std::to_string(num_entries) + " entries, at most " +
                        std::to_string(limits::kMaxArrayFileEntries) + " are read");
  }
  std::vector<ArrayEntry> arrays;
  std::set<std::string> names;
  std::size_t bytes_left = limits::kMaxArrayFileBytes;
  for (zip_int64_t i = 0; i < num_entries; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* raw_name = zip_get_name(archive.get(), index, 0);
    std::string name = raw_name == nullptr ? "" : raw_name;
    if (!name.ends_with(kSuffix)) {
      return invalid_argument("entry '" + name.substr(0, limits::kMaxNameBytes) +
                              "' of a .npz archive is not named like a .npy array");
    }
    name.resize(name.size() - kSuffix.size());
    if (name.size() > limits::kMaxNameBytes) {
      return out_of_range("a .npz archive has a name of " + std::to_string(name.size()) +
                          " bytes, at most " + std::to_string(limits::kMaxNameBytes) + " are read");
    }
    if (!names.insert(name).second) {
      return invalid_argument("a .npz archive has two arrays named '" + name + "'");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(std::string entry,
                               read_entry(archive.get(), index, name, bytes_left));
    bytes_left -= entry.size();
    arrays.push_back({std::move(name), std::move(entry)});
  }
  return arrays;
}

Status check_names(std::span<const NamedTensor> tensors) {
  std::set<std::string> names;
  for (const NamedTensor& named : tensors) {
    if (named.name.empty() || named.name.size() > limits::kMaxNameBytes ||
        named.name.find('\0') != std::string::npos) {
      return invalid_argument("an array of a .npz archive needs a name of 1 to " +
                              std::to_string(limits::kMaxNameBytes) + " bytes without NUL");
    }
    if (!names.insert(named.name).second) {
      return invalid_argument("two arrays of a .npz archive are named '" + named.name + "'");
    }
  }
  return ok_status();
}

Status add_entry(zip_t* archive, const std::string& name, const std::string& contents) {
  SourcePointer source(zip_source_buffer(archive, contents.data(), contents.size(), 0));
  if (source == nullptr) return internal_error(zip_strerror(archive));
  const zip_int64_t index =
      zip_file_add(archive, (name + std::string(kSuffix)).c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (index < 0) return invalid_argument("array '" + name + "': " + zip_strerror(archive));
  source.release();  // the archive owns it now
  // 1980-01-01, the first day there is: equal arrays shall give equal files.
  constexpr zip_uint16_t kFirstDay = 1U << 5U | 1U;
  const auto entry = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, entry, 0, kFirstDay, 0) != 0) {
    return internal_error("array '" + name + "': " + zip_strerror(archive));
  }
  return ok_status();
}

Result<std::string> contents_of(zip_source_t* source) {
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_source_stat(source, &info) != 0 || zip_source_open(source) != 0) {
    return internal_error("cannot read back a .npz archive");
  }
  std::string bytes(info.size, '\0');
  const zip_int64_t count = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (count < 0 || std::size_t(count) != bytes.size()) {
    return internal_error("cannot read back a .npz archive");
  }
  return bytes;
}

}  // namespace

Result<std::vector<ArrayEntry>> unpack_npz(std::string_view bytes) {
  try {
    return unpack_archive(bytes);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to unpack a .npz archive");
  }
}

Result<std::vector<NamedTensor>> parse_npz(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ArrayEntry> entries, unpack_npz(bytes));
  std::vector<NamedTensor> arrays;
  for (ArrayEntry& entry : entries) {
    Result<Tensor> tensor = parse_npy(entry.bytes);
    if (!tensor.ok()) return tensor.status().with_context("array '" + entry.name + "'");
    entry.bytes = {};  // of all arrays, only one is held twice
    arrays.push_back({std::move(entry.name), std::move(tensor).value()});
  }
  return arrays;
}

Result<std::string> format_npz(std::span<const NamedTensor> tensors) {
  TINYSPLIT_RETURN_IF_ERROR(check_names(tensors));
  // The sources of the entries refer to these strings until the archive is closed.
  std::vector<std::string> contents;
  contents.reserve(tensors.size());
  for (const NamedTensor& named : tensors) contents.push_back(format_npy(named.tensor.view()));
  if (contents.empty()) return std::string("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);

  ZipError error;
  const SourcePointer source(zip_source_buffer_create(nullptr, 0, 0, error.get()));
  if (source == nullptr) return resource_exhausted(error.text());
  zip_source_keep(source.get());  // it must outlive the archive, which frees its own reference
  ZipPointer archive(zip_open_from_source(source.get(), ZIP_TRUNCATE, error.get()));
  if (archive == nullptr) {
    zip_source_free(source.get());
    return internal_error("cannot start a .npz archive: " + error.text());
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(add_entry(archive.get(), tensors[i].name, contents[i]));
  }
  if (zip_close(archive.get()) != 0) {
    return internal_error(std::string("cannot pack a .npz archive: ") +
                          zip_strerror(archive.get()));
  }
  archive.release();  // zip_close freed it
  return contents_of(source.get());
}

}  // namespace tinysplit
