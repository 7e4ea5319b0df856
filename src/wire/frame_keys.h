#pragma once

#include <cstddef>
#include <cstdint>

// The integer keys of frames, as docs/protocol.md lists them. A number once given is never reused.
namespace tinysplit::frame_keys {

// Of every frame.
inline constexpr std::uint64_t kVersion = 0;
inline constexpr std::uint64_t kKind = 1;
inline constexpr std::uint64_t kId = 2;

namespace request {
inline constexpr std::uint64_t kModel = 3;
inline constexpr std::uint64_t kModelDigest = 4;
inline constexpr std::uint64_t kDeviceId = 5;
inline constexpr std::uint64_t kCut = 6;
inline constexpr std::uint64_t kTensors = 7;
inline constexpr std::uint64_t kDeviceLayerTimes = 8;
inline constexpr std::uint64_t kLinkSamples = 9;
inline constexpr std::uint64_t kConstraints = 10;
inline constexpr std::uint64_t kEncodeTime = 11;
}  // namespace request

namespace constraints {
inline constexpr std::uint64_t kRamBytes = 0;
inline constexpr std::uint64_t kFlashBytes = 1;
inline constexpr std::uint64_t kForbiddenCuts = 2;
inline constexpr std::uint64_t kPrivateInput = 3;
}  // namespace constraints

namespace reply {
inline constexpr std::uint64_t kModelDigest = 3;
inline constexpr std::uint64_t kOutputs = 4;
inline constexpr std::uint64_t kDecodeTime = 5;
inline constexpr std::uint64_t kQueueTime = 6;
inline constexpr std::uint64_t kEdgeTime = 7;
inline constexpr std::uint64_t kNext = 8;
}  // namespace reply

namespace next {
inline constexpr std::uint64_t kCut = 0;
inline constexpr std::uint64_t kScenario = 1;
inline constexpr std::uint64_t kPredictedTime = 2;
}  // namespace next

namespace error {
inline constexpr std::uint64_t kCode = 3;
inline constexpr std::uint64_t kMessage = 4;
}  // namespace error

inline constexpr std::size_t kDigestBytes = 32;               // SHA-256
inline constexpr std::uint64_t kTagFloat32LittleEndian = 85;  // RFC 8746 section 2

}  // namespace tinysplit::frame_keys
