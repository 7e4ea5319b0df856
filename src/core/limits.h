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
inline constexpr std::size_t kMaxModelArchiveEntries = 4096;
// Of a packed file to what it unpacks to, above the first kMinUnpackedAllowance bytes.
inline constexpr std::size_t kMaxUnpackRatio = 200;
inline constexpr std::size_t kMinUnpackedAllowance = std::size_t{16} << 20;
// A TensorFlow Lite file: depth and number of its tables; tensors; bytes of the constants made of
// it for each of its own (integer weights become float32), above kMinUnpackedAllowance; bytes that
// its operators on constants read and write.
inline constexpr std::size_t kMaxTfliteDepth = 32;
inline constexpr std::size_t kMaxTfliteTables = 1'000'000;
inline constexpr std::size_t kMaxTfliteTensors = 200'000;
inline constexpr std::size_t kMaxTfliteConstantRatio = 8;
inline constexpr std::int64_t kMaxTfliteFoldedBytes = std::int64_t{1} << 30;
inline constexpr std::size_t kMaxHdf5Records = 4'000'000;
// Constants that a model's configuration asks for beyond the weights that its file holds.
inline constexpr std::int64_t kMaxConfigConstants = std::int64_t{1} << 24;
inline constexpr int kMaxProtobufDepth = 32;
// What a reader computes once from constants of a model: elements of all results, and
// multiply-accumulates of one operation.
inline constexpr std::int64_t kMaxFoldedElements = std::int64_t{1} << 27;
inline constexpr std::int64_t kMaxFoldedMacs = std::int64_t{1} << 30;
inline constexpr std::size_t kMaxJsonFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxAnalyticsBytes = std::size_t{8} << 20;
inline constexpr std::size_t kMaxArrayFileBytes = std::size_t{1} << 30;  // .npy and .npz
inline constexpr std::size_t kMaxArrayFileEntries = 4096;
inline constexpr std::size_t kMaxImageFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxImageSide = 16'384;
inline constexpr std::size_t kMaxImagePixels = std::size_t{64} << 20;
inline constexpr int kMaxJpegScans = 500;
inline constexpr std::size_t kMaxIdxFileBytes = std::size_t{1} << 30;  // packed
inline constexpr std::size_t kMaxDatasetImages = 4'000'000;
inline constexpr std::size_t kMaxDatasetClasses = 10'000;
inline constexpr std::size_t kMaxPreprocessingBytes = 4096;
inline constexpr std::size_t kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxTraceFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxTracePoints = 1'000'000;

// Training: bytes of activations and gradients of one network; of a checkpoint; threads of one
// step.
inline constexpr std::int64_t kMaxTrainingBytes = std::int64_t{8} << 30;
inline constexpr std::size_t kMaxCheckpointBytes = std::size_t{4} << 30;
inline constexpr int kMaxTrainingThreads = 256;

// Requests.
inline constexpr std::size_t kMaxHeaderBytes = 16 << 10;
inline constexpr std::size_t kMaxBodyBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxHeldBodyBytes = std::size_t{1} << 30;  // of all connections
inline constexpr std::size_t kMaxFrameTensors = 256;
inline constexpr std::size_t kMaxFrameMapKeys = 64;
inline constexpr std::size_t kMaxIdBytes = 64;  // of a device id or the name of a served model
inline constexpr std::size_t kMaxErrorMessageBytes = 1024;
inline constexpr std::size_t kMaxJsonValues = 200'000;  // of one request
inline constexpr std::size_t kMaxConnections = 1024;
inline constexpr std::size_t kMaxQueuedJobs = 256;

// State kept per device.
inline constexpr std::size_t kMaxDevices = 10'000;
inline constexpr std::size_t kMaxMessagesPerDevice = 100;
inline constexpr std::size_t kMaxLinkSamplesPerMessage = 16;
inline constexpr std::size_t kMaxModelsPerDevice = 16;
inline constexpr double kMaxLayerTimeS = 3600.0;  // longer measured times are taken for garbage
inline constexpr double kMaxLinkTimeS = 3600.0;   // the same of one exchange over the link

}  // namespace tinysplit::limits
