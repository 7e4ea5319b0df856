#include "output_file.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/file.h"
#include "core/limits.h"
#include "formats/model_reader.h"
#include "graph/analytics.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kZipSignature = "PK\x03\x04";
constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1a\n";

bool has_text(std::string_view bytes, std::string_view text) {
  return bytes.find(text) != bytes.npos;
}

// The name of the first file of a ZIP archive (APPNOTE 4.3.7); empty of other bytes.
std::string_view first_zip_member(std::string_view bytes) {
  constexpr std::size_t kNameLengthAt = 26, kNameAt = 30;
  if (!bytes.starts_with(kZipSignature) || bytes.size() < kNameAt) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  return bytes.substr(kNameAt, byte(kNameLengthAt) + 256U * byte(kNameLengthAt + 1));
}

bool holds_keras(std::string_view bytes) {
  return bytes.starts_with(kZipSignature) && has_text(bytes, "config.json");
}

bool holds_keras_h5(std::string_view bytes) {
  return bytes.starts_with(kHdf5Signature) && has_text(bytes, "model_config");
}

bool holds_tflite(std::string_view bytes) { return format_of(bytes) == ModelFormat::kTflite; }
bool holds_onnx(std::string_view bytes) { return format_of(bytes) == ModelFormat::kOnnx; }
bool holds_npy(std::string_view bytes) { return bytes.starts_with("\x93NUMPY"); }
bool holds_npz(std::string_view bytes) { return first_zip_member(bytes).ends_with(".npy"); }
bool holds_analytics(std::string_view bytes) { return parse_analytics(bytes, "").ok(); }

bool holds_svg(std::string_view bytes) {
  constexpr std::size_t kProlog = 4096;
  const std::size_t text = bytes.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  return text != bytes.npos && bytes[text] == '<' && has_text(bytes.substr(0, kProlog), "<svg");
}

bool holds_graphviz(std::string_view bytes) { return bytes.starts_with("digraph "); }

bool holds_report_json(std::string_view bytes) {
  const auto json = nlohmann::json::parse(bytes, nullptr, false);
  return json.is_object() && json.contains("calibration") && json.contains("weight_bytes");
}

bool holds_report_markdown(std::string_view bytes) {
  return bytes.starts_with("# ") && bytes.substr(0, bytes.find('\n')).ends_with(" in int8") &&
         has_text(bytes, "| layer | kind | arithmetic |");
}

struct KindRow {
  const char* article_and_name;
  std::array<std::string_view, 3> extensions;  // the first one is the usual one
  bool (*holds)(std::string_view bytes);
};

// Indexed by OutputKind.
constexpr std::array<KindRow, 11> kKinds = {{
    {"a Keras model", {".keras"}, holds_keras},
    {"a Keras model in HDF5", {".h5", ".hdf5", ".hdf"}, holds_keras_h5},
    {"a TensorFlow Lite model", {".tflite", ".lite"}, holds_tflite},
    {"an ONNX model", {".onnx"}, holds_onnx},
    {"an array", {".npy"}, holds_npy},
    {"an archive of arrays", {".npz"}, holds_npz},
    {"an analytics file", {".json"}, holds_analytics},
    {"a drawing in SVG", {".svg"}, holds_svg},
    {"a graph for Graphviz", {".dot", ".gv"}, holds_graphviz},
    {"a report of a quantisation in JSON", {".json"}, holds_report_json},
    {"a report of a quantisation in Markdown", {".md", ".markdown"}, holds_report_markdown},
}};

// Extensions by which other programs, or people, take a file for something that is not written
// here.
constexpr std::string_view kForeignExtensions[] = {
    ".txt",  ".csv",  ".png",  ".jpg", ".jpeg", ".gif",         ".bmp",
    ".webp", ".pdf",  ".html", ".xml", ".py",   ".ipynb",       ".cpp",
    ".cc",   ".c",    ".h",    ".zip", ".gz",   ".tar",         ".yaml",
    ".yml",  ".toml", ".pb",   ".pt",  ".pth",  ".safetensors", ".checkpoint"};

const KindRow& row_of(OutputKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::string extension_of(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return extension;
}

bool has_extension(const KindRow& row, std::string_view extension) {
  return !extension.empty() && std::ranges::find(row.extensions, extension) != row.extensions.end();
}

Status check_name(const OutputFile& output) {
  const KindRow& row = row_of(output.kind);
  const std::string extension = extension_of(output.path);
  if (extension.empty() || has_extension(row, extension)) return ok_status();
  const auto other = std::ranges::find_if(
      kKinds, [&](const KindRow& kind) { return has_extension(kind, extension); });
  const bool is_foreign =
      std::ranges::find(kForeignExtensions, extension) != std::end(kForeignExtensions);
  if (other == kKinds.end() && !is_foreign) return ok_status();
  fs::path suggested = output.path;
  suggested.replace_extension(row.extensions.front());
  return invalid_argument(output.option + " " + output.path.string() +
                          " is named as another kind " + "of file, but " + row.article_and_name +
                          " is written; name it " + suggested.string());
}

std::string what_lies_in(std::string_view bytes) {
  for (const KindRow& row : kKinds) {
    if (row.holds(bytes)) return row.article_and_name;
  }
  return format_of(bytes) == ModelFormat::kKeras ? "an archive of another program"
                                                 : "something that this program did not write";
}

Status check_contents(const OutputFile& output) {
  std::error_code error;
  if (!fs::is_regular_file(output.path, error) || fs::file_size(output.path, error) == 0) {
    return ok_status();
  }
  const KindRow& row = row_of(output.kind);
  const Result<std::string> bytes = read_file(output.path, limits::kMaxModelFileBytes);
  if (bytes.ok() && row.holds(*bytes)) return ok_status();
  const std::string found = bytes.ok() ? "holds " + what_lies_in(*bytes) : "cannot be read";
  return failed_precondition(output.option + " " + output.path.string() + " exists and " + found +
                             ", not " + row.article_and_name +
                             ": it is kept; name another file, or remove it first");
}

bool is_model_kind(OutputKind kind) {
  return kind == OutputKind::kKeras || kind == OutputKind::kKerasH5 ||
         kind == OutputKind::kTflite || kind == OutputKind::kOnnx;
}

Status check_keeps(const OutputFile& output) {
  std::error_code absent;
  if (!fs::is_regular_file(output.path, absent)) return ok_status();
  for (const fs::path& input : output.inputs) {
    if (!fs::equivalent(output.path, input, absent) || absent) continue;
    return invalid_argument(
        output.option + " " + output.path.string() +
        (is_model_kind(output.kind) ? " is the model itself" : " is what the command reads") +
        "; name another file");
  }
  if (!is_model_kind(output.kind) || output.force) return ok_status();
  const fs::path whole = fs::absolute(output.path, absent).lexically_normal();
  if (whole.stem() != whole.parent_path().filename()) return ok_status();
  return failed_precondition(output.option + " " + output.path.string() +
                             " is the model of its folder: it is kept; name another file, or "
                             "replace it with --force");
}

}  // namespace

Status check_output(const OutputFile& output) {
  TINYSPLIT_RETURN_IF_ERROR(check_name(output));
  TINYSPLIT_RETURN_IF_ERROR(check_can_write(output.path));
  TINYSPLIT_RETURN_IF_ERROR(check_keeps(output));
  return check_contents(output);
}

}  // namespace tinysplit
