#pragma once

#include <boost/asio.hpp>

namespace tinysplit {

namespace asio = boost::asio;

// Of an asynchronous operation that a coroutine awaits: gives its error code as a value.
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

}  // namespace tinysplit
