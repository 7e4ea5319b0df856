#include "formats/keras/zip_writer.h"

#include <zip.h>

#include <cstdint>
#include <memory>

namespace tinysplit::keras {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Free {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using ArchivePointer = std::unique_ptr<zip_t, Discard>;
using SourcePointer = std::unique_ptr<zip_source_t, Free>;

constexpr zip_uint16_t kFirstDay = (1 << 5) | 1;  // 1980-01-01 in the bits of MS-DOS

Status failed(zip_error_t* error) {
  return internal_error("cannot make a zip file: " + std::string(zip_error_strerror(error)));
}

Status add_entry(zip_t* archive, const std::string& name, const std::string& contents) {
  SourcePointer source(zip_source_buffer(archive, contents.data(), contents.size(), 0));
  if (!source) return failed(zip_get_error(archive));
  const zip_int64_t added = zip_file_add(archive, name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (added < 0) return failed(zip_get_error(archive));
  (void)source.release();  // the archive owns it now
  const auto index = static_cast<zip_uint64_t>(added);
  if (zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, index, 0, kFirstDay, 0) != 0) {
    return failed(zip_get_error(archive));
  }
  return ok_status();
}

Result<std::string> contents_of(zip_source_t* source) {
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_source_stat(source, &info) != 0 || zip_source_open(source) != 0) {
    return failed(zip_source_error(source));
  }
  std::string bytes(info.size, '\0');
  const zip_int64_t read = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (read < 0 || static_cast<zip_uint64_t>(read) != info.size) {
    return failed(zip_source_error(source));
  }
  return bytes;
}

}  // namespace

Result<std::string> write_zip(const std::vector<std::pair<std::string, std::string>>& entries) {
  zip_error_t error;
  zip_error_init(&error);
  const SourcePointer target(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!target) return failed(&error);
  zip_source_keep(target.get());  // once for the archive, once for us
  ArchivePointer archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, &error));
  if (!archive) {
    zip_source_free(target.get());
    return failed(&error);
  }
  for (const auto& [name, contents] : entries) {
    TINYSPLIT_RETURN_IF_ERROR(add_entry(archive.get(), name, contents));
  }
  if (zip_close(archive.get()) != 0) return failed(zip_get_error(archive.get()));
  (void)archive.release();
  return contents_of(target.get());
}

}  // namespace tinysplit::keras
