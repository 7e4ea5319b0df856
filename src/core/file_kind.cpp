#include "core/file_kind.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace tinysplit {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kShownCharacters = 40;
constexpr std::size_t kLookedAt = 4096;  // from the beginning, for what has no signature

constexpr std::string_view kExportTorch =
    "a PyTorch model, which holds Python code; export it with torch.onnx.export and give the .onnx "
    "file";
constexpr std::string_view kConvertTensorflow =
    "; convert it with tf.lite.TFLiteConverter.from_saved_model or tf2onnx and give that file";

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
};

constexpr Signature kSignatures[] = {
    {0, "\x1f\x8b"sv, "packed with gzip; unpack it and give the file inside"},
    {0, "BZh"sv, "packed with bzip2; unpack it and give the file inside"},
    {0, "\xfd\x37zXZ\0"sv, "packed with xz; unpack it and give the file inside"},
    {0, "\x28\xb5\x2f\xfd"sv, "packed with zstd; unpack it and give the file inside"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive; unpack it and give the file inside"},
    {0, "Rar!\x1a\x07"sv, "a RAR archive; unpack it and give the file inside"},
    {257, "ustar"sv, "a tar archive; unpack it and give the file inside"},
    {0, "\x89PNG\r\n\x1a\n"sv, "a PNG image"},
    {0, "\xff\xd8\xff"sv, "a JPEG image"},
    {0, "GIF8"sv, "a GIF image"},
    {0, "BM"sv, "a BMP image"},
    {8, "WEBP"sv, "a WebP image"},
    {0, "%PDF-"sv, "a PDF document"},
    {0, "\x93NUMPY"sv, "a NumPy array (.npy)"},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
    {4, "TFL3"sv, "a TensorFlow Lite model"},
    {0, "GGUF"sv, "a GGUF model, which is not supported"},
    {0,
     "\x7f"
     "ELF"sv,
     "a program or library (ELF)"}};

// What the names in a zip archive, which stand there as they are, say of it.
constexpr Signature kInZip[] = {
    {0, "/data.pkl"sv, kExportTorch},
    {0, "saved_model.pb"sv, "a zip archive of a TensorFlow SavedModel; unpack it first"},
    {0, ".keras"sv, "a zip archive with a .keras file in it; unpack it and give that file"},
    {0, ".tflite"sv, "a zip archive with a .tflite file in it; unpack it and give that file"},
    {0, ".onnx"sv, "a zip archive with an .onnx file in it; unpack it and give that file"},
    {0, ".mlpackage"sv, "a zip archive of a Core ML model, which is not supported"},
    {0, ".npy"sv, "a file of NumPy arrays (.npz)"}};

bool contains_ignoring_case(std::string_view text, std::string_view lower) {
  // Clang 14 cannot compile std::ranges::search of libstdc++.
  const auto found =
      std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                  [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  return found != text.end();
}

bool is_text(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](unsigned char c) {
    return c >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f';
  });
}

std::string_view without_leading_space(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// The first line of a text, printable ASCII of it.
std::string beginning(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, text.find_first_of("\r\n"))) {
    if (shown.size() == kShownCharacters) return shown + "...";
    shown += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return shown;
}

std::string describe_text(std::string_view text) {
  const std::string_view start = without_leading_space(text);
  if (start.empty()) return "nothing but white space";
  if (contains_ignoring_case(start.substr(0, 512), "<html") ||
      contains_ignoring_case(start.substr(0, 512), "<!doctype html")) {
    return "a web page (HTML) in the place of the file, as a link to a page about it gives; "
           "download the file itself";
  }
  if (start.front() == '<') return "XML text, beginning \"" + beginning(start) + "\"";
  if (start.front() == '{' || start.front() == '[') return "JSON text";
  return "text, beginning \"" + beginning(start) + "\"";
}

std::string describe_zip(std::string_view bytes) {
  for (const Signature& name : kInZip) {
    if (bytes.find(name.bytes) != std::string_view::npos) return std::string(name.what);
  }
  constexpr std::size_t kNameLengthAt = 26, kNameAt = 30;  // APPNOTE.TXT 4.3.7
  std::string first;
  if (bytes.size() > kNameAt) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[kNameLengthAt]));
    first = ", the first \"" + beginning(bytes.substr(kNameAt, length)) + "\"";
  }
  return "a zip archive of other files" + first;
}

// A protobuf message of TensorFlow: SavedModel{schema_version = 1, meta_graphs}, or GraphDef{node}.
std::string describe_protobuf(std::string_view bytes) {
  if (bytes.starts_with("\x08\x01\x12"sv)) {
    return "a TensorFlow SavedModel" + std::string(kConvertTensorflow);
  }
  const std::string_view start = bytes.substr(0, kLookedAt);
  if (!start.starts_with('\x0a')) return "";
  for (const std::string_view operation : {"Placeholder"sv, "Const"sv, "NoOp"sv, "VarHandleOp"sv}) {
    if (start.find(operation) != std::string_view::npos) {
      return "a TensorFlow graph (.pb)" + std::string(kConvertTensorflow);
    }
  }
  return "";
}

}  // namespace

std::string describe_file(std::string_view bytes) {
  if (bytes.empty()) return "empty";
  if (bytes.starts_with("version https://git-lfs.github.com/spec/")) {
    return "a Git LFS pointer in the place of the file; fetch that with git lfs pull";
  }
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) {
    return describe_zip(bytes);
  }
  if (is_text(bytes.substr(0, kLookedAt)) && !bytes.starts_with("%PDF-")) {
    return describe_text(bytes.substr(0, kLookedAt));
  }
  for (const Signature& signature : kSignatures) {
    if (bytes.size() >= signature.offset &&
        bytes.substr(signature.offset).starts_with(signature.bytes)) {
      return std::string(signature.what);
    }
  }
  // A pickle of protocol 2 or above; PyTorch wrote these before version 1.6.
  if (bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) {
    return bytes.substr(0, kLookedAt).find("torch") != std::string_view::npos ||
                   bytes.substr(2).starts_with("\x8a\x0a"sv)
               ? std::string(kExportTorch)
               : "a Python pickle, which is not read since it may run code";
  }
  // Safetensors: the length of a header in JSON.
  if (bytes.size() > 9 && bytes[8] == '{' &&
      bytes.substr(0, kLookedAt).find("\"dtype\"") != std::string_view::npos) {
    return "a safetensors file, which has weights but no network; export the model to ONNX";
  }
  return describe_protobuf(bytes);
}

}  // namespace tinysplit
