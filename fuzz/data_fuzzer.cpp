// Reads the bytes as each kind of file that data come in: IDX (packed or not), .npy, .npz, PNG,
// JPEG, BMP, GIF, WebP, CSV, and as a preprocessing.json. What is accepted has as many bytes as its
// shape says, and an array is the same again once written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "datasets/csv_table.h"
#include "datasets/idx_file.h"
#include "datasets/preprocessing.h"
#include "formats/image/pixels.h"
#include "formats/npy/npy.h"

namespace {

using namespace tinysplit;  // NOLINT

void require(bool condition) {
  if (!condition) std::abort();
}

// Whether it was accepted; an error that says nothing is a fault, too.
template <typename T>
bool accepted(const Result<T>& result) {
  if (!result.ok()) require(!result.status().message().empty());
  return result.ok();
}

void require_same(const Tensor& before, const Tensor& after) {
  require(before.dtype() == after.dtype() && before.shape() == after.shape());
  require(std::memcmp(before.data(), after.data(), before.bytes().size()) == 0);
}

void check(const Tensor& tensor) {
  const auto back = parse_npy(format_npy(tensor.view()));
  require(accepted(back));
  require_same(tensor, *back);
}

void check(const std::vector<NamedTensor>& tensors) {
  const Result<std::string> written = format_npz(tensors);
  if (!accepted(written)) return;
  const auto back = parse_npz(*written);
  require(accepted(back) && back->size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    require_same(tensors[i].tensor, (*back)[i].tensor);
  }
}

void check(const CsvTable& table) {
  require(table.numbers.size() + table.rows * table.words.size() == table.rows * table.columns);
}

void check(const RgbImage& image) {
  require(image.pixels.size() == image.width * image.height * 3);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto tensor = parse_idx(bytes); accepted(tensor)) check(*tensor);
  if (const auto tensor = parse_npy(bytes); accepted(tensor)) check(*tensor);
  if (const auto tensors = parse_npz(bytes); accepted(tensors)) check(*tensors);
  if (const auto image = decode_png(bytes); accepted(image)) check(*image);
  if (const auto image = decode_jpeg(bytes); accepted(image)) check(*image);
  if (const auto image = decode_bmp(bytes); accepted(image)) check(*image);
  if (const auto image = decode_gif(bytes); accepted(image)) check(*image);
  if (const auto image = decode_webp(bytes); accepted(image)) check(*image);
  if (auto image = decode_pixels(bytes); accepted(image)) check(*image);
  static_cast<void>(accepted(parse_npy_text(bytes)));
  if (const auto table = parse_csv(bytes); accepted(table)) check(*table);
  static_cast<void>(accepted(parse_preprocessing(bytes)));
  return 0;
}
