#pragma once

#include <boost/asio.hpp>
#include <string>

#include "core/status.h"

// Inside of this folder only: what servers and proxies of Asio have in common.
namespace tinysplit {

// Binds and listens on the acceptor's own strand. Port 0 is any free one.
// Errors: UNAVAILABLE naming the address, INVALID_ARGUMENT for a host that cannot be resolved.
Result<boost::asio::ip::tcp::acceptor> open_acceptor(boost::asio::io_context& io,
                                                     const std::string& host, unsigned port);

// The first address of `host`. Errors: UNAVAILABLE.
Result<boost::asio::ip::tcp::endpoint> resolve(boost::asio::io_context& io, const std::string& host,
                                               unsigned port);

// io.run() until it is stopped or out of work; an exception of one handler does not end the others.
void run_io(boost::asio::io_context& io);

}  // namespace tinysplit
