#include "core/file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

namespace tinysplit {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string system_reason() { return std::strerror(errno); }

Status write_all(int fd, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return failed_precondition(system_reason());
    }
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return failed_precondition(system_reason());
  return ok_status();
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const std::string message = "cannot open " + path.string() + ": " + system_reason();
    return errno == ENOENT || errno == ENOTDIR ? not_found(message) : unavailable(message);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    return unavailable("cannot read " + path.string() + ": " + system_reason());
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid_argument(path.string() + " is not a regular file");
  }
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes) {
    return out_of_range(path.string() + " has " + std::to_string(info.st_size) +
                        " bytes, at most " + std::to_string(max_bytes) + " are read");
  }
  std::string contents(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t done = 0;
  while (done < contents.size()) {
    const ssize_t count = ::read(file.get(), contents.data() + done, contents.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unavailable("cannot read " + path.string() + ": " + system_reason());
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  contents.resize(done);
  return contents;
}

Status write_file_atomically(const std::filesystem::path& path, std::string_view contents) {
  static std::atomic<unsigned> counter{0};
  const std::string temporary = path.string() + ".tmp-" + std::to_string(::getpid()) + "-" +
                                std::to_string(counter.fetch_add(1));
  const std::string what = "cannot write " + path.string();
  Status status;
  {
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.get() < 0) return failed_precondition(what + ": " + system_reason());
    status = write_all(file.get(), contents).with_context(what);
  }
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = failed_precondition(what + ": " + system_reason());
  }
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace tinysplit
