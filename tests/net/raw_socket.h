#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "bounded_wait.h"

namespace tinysplit {

// A blocking TCP socket of loopback, so that tests can send what no client would. A call that
// nothing comes of for kPatience ends as if the peer were gone.
class RawSocket {
 public:
  explicit RawSocket(int fd = -1) : fd_(fd) {
    const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
      if (fd_ >= 0) ::setsockopt(fd_, SOL_SOCKET, option, &patience, sizeof patience);
    }
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RawSocket& operator=(RawSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~RawSocket() { close(); }

  // Not open if the connection was refused.
  static RawSocket connect(std::uint16_t port) {
    RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      socket.close();
    }
    return socket;
  }

  static RawSocket listen() {
    RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(0);
    ::bind(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(socket.fd_, 16);
    return socket;
  }

  RawSocket accept() const { return RawSocket(::accept(fd_, nullptr, nullptr)); }

  std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  bool is_open() const { return fd_ >= 0; }

  // False once the peer is gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Up to `max` bytes; empty at the end of the stream or after a reset.
  std::string receive(std::size_t max = 65536) const {
    std::string bytes(max, '\0');
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

  std::string receive_all() const {
    std::string all;
    for (std::string part = receive(); !part.empty(); part = receive()) all += part;
    return all;
  }

  // Until `end` has come, or the stream ended.
  std::string receive_until(std::string_view end) const {
    std::string all;
    while (all.find(end) == std::string::npos) {
      const std::string part = receive(1);
      if (part.empty()) break;
      all += part;
    }
    return all;
  }

  // A response with Content-Length; empty if the stream ended before.
  std::string receive_response(bool with_body = true) const {
    std::string head = receive_until("\r\n\r\n");
    const std::size_t field = head.find("Content-Length: ");
    std::size_t left = field == std::string::npos ? 0 : std::stoul(head.substr(field + 16));
    for (std::string part; with_body && left > 0; left -= part.size()) {
      part = receive(left);
      if (part.empty()) return {};
      head += part;
    }
    return head;
  }

  void shutdown() const { ::shutdown(fd_, SHUT_RDWR); }
  void shutdown_send() const { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int fd_;
};

}  // namespace tinysplit
