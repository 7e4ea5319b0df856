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

Status cannot_write(const std::filesystem::path& path, int error) {
  std::string message = "cannot write " + path.string() + ": " + std::strerror(error);
  const bool is_full = error == ENOSPC || error == EDQUOT;
  return is_full ? resource_exhausted(std::move(message)) : failed_precondition(std::move(message));
}

// 0, or the system's number of the error.
int write_all(int fd, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// For devices and pipes, which must not be renamed away.
Status write_in_place(const std::filesystem::path& path, std::string_view contents) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return cannot_write(path, errno);
  const int error = write_all(file.get(), contents);
  return error == 0 ? ok_status() : cannot_write(path, error);
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

Status check_can_write(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return cannot_write(path, EISDIR);
    if (!S_ISREG(info.st_mode)) return ok_status();
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  return ::access(folder.c_str(), W_OK | X_OK) == 0 ? ok_status() : cannot_write(path, errno);
}

Status write_file_atomically(const std::filesystem::path& path, std::string_view contents) {
  static std::atomic<unsigned> counter{0};
  std::filesystem::path target = path;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return cannot_write(path, EISDIR);
    if (!S_ISREG(info.st_mode)) return write_in_place(path, contents);
    // A symbolic link stays one: the file that it leads to is replaced.
    std::error_code unresolved;
    target = std::filesystem::canonical(path, unresolved);
    if (unresolved) target = path;
  }
  const std::string temporary = target.string() + ".tmp-" + std::to_string(::getpid()) + "-" +
                                std::to_string(counter.fetch_add(1));
  int error = 0;
  {
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.get() < 0) return cannot_write(path, errno);
    error = write_all(file.get(), contents);
    if (error == 0 && ::fsync(file.get()) != 0) error = errno;
  }
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error == 0) return ok_status();
  ::unlink(temporary.c_str());
  return cannot_write(path, error);
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
