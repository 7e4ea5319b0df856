#include "formats/keras/zip_archive.h"

#include <zip.h>

#include <algorithm>
#include <cstdint>

#include "core/limits.h"

namespace tinysplit::keras {
namespace {

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::string take_message(zip_error_t& error) {
  std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return message;
}

bool points_out(std::string_view name) {
  if (name.starts_with('/') || name.starts_with('\\')) return true;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find_first_of("/\\", begin), name.size());
    if (name.substr(begin, end - begin) == "..") return true;
    begin = end + 1;
  }
  return false;
}

Status check_entry_names(zip_t* archive) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count > static_cast<zip_int64_t>(limits::kMaxModelArchiveEntries)) {
    return resource_exhausted("the zip file has " + std::to_string(count) + " entries, at most " +
                              std::to_string(limits::kMaxModelArchiveEntries) + " are allowed");
  }
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
    if (name == nullptr || points_out(name)) {
      return invalid_argument("entry " + std::to_string(i) +
                              " of the zip file has a name that points out of it");
    }
  }
  return ok_status();
}

Status check_unpacked_size(const zip_stat_t& entry, std::size_t max_bytes) {
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  const std::string what = "\"" + std::string(entry.name) + "\" in the zip file ";
  if ((entry.valid & kNeeded) != kNeeded) return invalid_argument(what + "does not say its size");
  if (entry.size > max_bytes) {
    return resource_exhausted(what + "unpacks to " + std::to_string(entry.size) +
                              " bytes, at most " + std::to_string(max_bytes) + " are allowed");
  }
  if (entry.size > limits::kMinUnpackedAllowance &&
      entry.size / limits::kMaxUnpackRatio > entry.comp_size) {
    return resource_exhausted(what + "unpacks to more than " +
                              std::to_string(limits::kMaxUnpackRatio) + " times its packed size");
  }
  return ok_status();
}

}  // namespace

void ZipArchive::Close::operator()(struct zip* archive) const { zip_discard(archive); }

bool ZipArchive::has_signature(std::string_view bytes) {
  using namespace std::string_view_literals;
  return bytes.starts_with("PK\x03\x04"sv) || bytes.starts_with("PK\x05\x06"sv);
}

Result<ZipArchive> ZipArchive::open(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr)
    return invalid_argument("cannot read the zip file: " + take_message(error));
  zip_t* opened = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (opened == nullptr) {
    zip_source_free(source);
    return invalid_argument("the zip file is damaged or cut off: " + take_message(error));
  }
  zip_error_fini(&error);
  ZipArchive archive(opened);
  TINYSPLIT_RETURN_IF_ERROR(check_entry_names(opened));
  return archive;
}

Result<std::optional<std::string>> ZipArchive::read(const std::string& name,
                                                    std::size_t max_bytes) const {
  zip_stat_t entry;
  zip_stat_init(&entry);
  const zip_int64_t index = zip_name_locate(archive_.get(), name.c_str(), 0);
  if (index < 0 ||
      zip_stat_index(archive_.get(), static_cast<zip_uint64_t>(index), 0, &entry) != 0) {
    return std::optional<std::string>();
  }
  TINYSPLIT_RETURN_IF_ERROR(check_unpacked_size(entry, max_bytes));
  const Status damaged = invalid_argument(
      "\"" + name + "\" in the zip file is damaged, encrypted or packed in an unknown way");
  const std::unique_ptr<zip_file_t, CloseFile> file(
      zip_fopen_index(archive_.get(), static_cast<zip_uint64_t>(index), 0));
  if (!file) return damaged;
  std::string contents(static_cast<std::size_t>(entry.size), '\0');
  std::size_t done = 0;
  while (done < contents.size()) {
    const zip_int64_t got = zip_fread(file.get(), contents.data() + done, contents.size() - done);
    if (got <= 0) return damaged;
    done += static_cast<std::size_t>(got);
  }
  // Only reading on to the end makes libzip compare the checksum.
  char beyond = 0;
  if (zip_fread(file.get(), &beyond, 1) != 0) return damaged;
  return std::optional(std::move(contents));
}

}  // namespace tinysplit::keras
