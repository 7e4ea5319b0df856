#pragma once

#include <cstddef>
#include <cstdint>

// Every bound that untrusted input is held to, in one table. docs/ARCHITECTURE.md repeats it.
namespace tinysplit::limits {

// Tensors and graphs.
inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;  // of one tensor
inline constexpr std::size_t kMaxNameBytes = 256;                    // of a layer, value or model
inline constexpr std::size_t kMaxLayers = 10'000;
inline constexpr std::size_t kMaxNodes = 50'000;
inline constexpr std::int64_t kMaxActivationBytes = std::int64_t{1} << 31;  // all values of a graph

// Files.
inline constexpr std::size_t kMaxModelFileBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxModelConfigBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxJsonFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxArrayFileBytes = std::size_t{1} << 30;  // .npy and .npz
inline constexpr std::size_t kMaxArrayFileEntries = 4096;
inline constexpr std::size_t kMaxImageFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxImageSide = 16'384;
inline constexpr std::size_t kMaxImagePixels = std::size_t{64} << 20;
inline constexpr std::size_t kMaxJsonDepth = 64;

// Requests.
inline constexpr std::size_t kMaxHeaderBytes = 16 << 10;
inline constexpr std::size_t kMaxBodyBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxFrameTensors = 256;
inline constexpr std::size_t kMaxConnections = 1024;
inline constexpr std::size_t kMaxQueuedJobs = 256;

// State kept per device.
inline constexpr std::size_t kMaxDevices = 10'000;
inline constexpr std::size_t kMaxMessagesPerDevice = 100;
inline constexpr std::size_t kMaxLinkSamplesPerMessage = 16;

}  // namespace tinysplit::limits
