#include "training/model_samples.h"

#include <algorithm>

#include "core/file.h"
#include "formats/image/png_writer.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kSamples = 10;
constexpr std::size_t kMaxClasses = 100;

// A name of a class as part of a file's name.
std::string file_part(const std::string& name) {
  constexpr std::size_t kMaxBytes = 64;
  std::string part = name.substr(0, kMaxBytes);
  for (char& c : part) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!is_plain) c = '_';
  }
  return part;
}

std::string padded(std::size_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

}  // namespace

Status write_samples(const LabelledImages& images, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return failed_precondition("cannot make the folder " + folder.string() + ": " +
                               error.message());
  }
  const std::size_t classes = images.classes.size();
  const std::size_t each = std::max<std::size_t>(1, kSamples / classes);
  const std::size_t digits = std::to_string(classes).size();
  std::vector<std::size_t> written(std::min(classes, kMaxClasses));
  const Shape& shape = images.images.shape();
  const ImageSize size{std::size_t(shape[1]), std::size_t(shape[2]), std::size_t(shape[3])};
  const std::size_t bytes = size.height * size.width * size.channels;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto label = std::size_t(images.labels[i]);
    if (label >= written.size() || written[label] == each) continue;
    const auto pixels = images.images.as<std::uint8_t>().subspan(i * bytes, bytes);
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string png, encode_png(pixels, size));
    std::string name = padded(label, digits) + "_" + file_part(images.classes[label]);
    if (each > 1) name += std::string("_") + static_cast<char>('a' + written[label]);
    TINYSPLIT_RETURN_IF_ERROR(write_file_atomically(folder / (name + ".png"), png));
    ++written[label];
  }
  return ok_status();
}

}  // namespace tinysplit::training
