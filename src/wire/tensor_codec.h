#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "wire/cbor_reader.h"
#include "wire/cbor_writer.h"
#include "wire/quantization.h"

// Named tensors as CBOR: RFC 8746 tag 40 (multi-dimensional array in row-major order) over a typed
// array in little-endian order. docs/protocol.md has the CDDL.
namespace tinysplit {

// A named tensor that somebody else owns; both must outlive the view.
struct NamedTensorView {
  std::string_view name;
  TensorView tensor;
  QuantizationView quantization{};  // what it points to must outlive the view, too
};

// A named tensor with the quantisation that stood beside it.
struct WireTensor : NamedTensor {
  WireQuantization quantization{};

  NamedTensorView view() const { return {name, tensor.view(), quantization.view()}; }
};

// The same tensors without the quantisation, and the other way round with none.
std::vector<NamedTensor> take_tensors(std::vector<WireTensor> tensors);
std::vector<WireTensor> plain_tensors(std::vector<NamedTensor> tensors);

enum class TensorForm {
  kNative,            // the elements as they are
  kSmallestLossless,  // float32 whose every value is an integer of 0..255 goes as uint8; the reader
                      // restores exactly the same float32 bits
};

// The element type that `tensor` would have on the wire.
DType wire_dtype(const TensorView& tensor, TensorForm form);

// Exact number of bytes that append_tensor writes for a tensor of `dtype` and `shape` with a name
// of `name_bytes` bytes, sent as `sent_as`.
std::size_t encoded_tensor_bytes(std::size_t name_bytes, DType dtype, const Shape& shape,
                                 DType sent_as, const QuantizationView& quantization = {});

// Appends one tensor at about the speed of memcpy; NaN payloads and signed zeros are kept.
// Errors: INVALID_ARGUMENT (a name that is empty, too long or not UTF-8; no data; a quantisation
// that does not fit). Nothing is then written.
Status append_tensor(CborWriter& writer, const NamedTensorView& tensor, TensorForm form);

// Reads one tensor; its elements are copied once, into aligned memory of their own. The length of
// the data is checked against the shape, and both against the bytes that are left and limits.h,
// before anything is allocated. `what` is the field for error messages.
Result<WireTensor> read_tensor(CborReader& reader, std::string_view what);

}  // namespace tinysplit
