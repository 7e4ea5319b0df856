#include "formats/keras/hdf5_types.h"

#include <algorithm>
#include <vector>

#include "formats/keras/byte_reader.h"

namespace tinysplit::keras {
namespace {

constexpr int kFixedPoint = 0;
constexpr int kFloatingPoint = 1;
constexpr int kString = 3;
constexpr int kVariableLength = 9;

struct Datatype {
  int kind = -1;
  std::uint32_t bits = 0;  // the class bit field, 24 bits
  std::uint32_t size = 0;
};

Datatype parse_head(ByteReader& in) {
  Datatype type;
  type.kind = in.u8() & 0x0f;
  type.bits = in.u8();
  type.bits |= std::uint32_t{in.u8()} << 8;
  type.bits |= std::uint32_t{in.u8()} << 16;
  type.size = in.u32();
  return type;
}

// A little-endian format of IEEE 754: sign, exponent, mantissa without its leading one.
struct IeeeFormat {
  std::uint32_t bytes;
  std::uint32_t exponent_bits;
  std::uint32_t mantissa_bits;
};
constexpr IeeeFormat kIeeeFormats[] = {{2, 5, 10}, {4, 8, 23}, {8, 11, 52}};

bool is_ieee(const IeeeFormat& format, const Datatype& type, ByteReader in) {
  constexpr std::uint32_t kImpliedBit = 2u << 4;
  const std::uint32_t sign_at = 8 * format.bytes - 1;
  const bool head =
      type.size == format.bytes && (type.bits & 0xff71) == (kImpliedBit | sign_at << 8);
  const bool bits = in.u16() == 0 && in.u16() == 8 * format.bytes;
  const bool exponent = in.u8() == format.mantissa_bits && in.u8() == format.exponent_bits;
  const bool mantissa = in.u8() == 0 && in.u8() == format.mantissa_bits;
  const std::uint32_t bias = (1u << (format.exponent_bits - 1)) - 1;
  return head && bits && exponent && mantissa && in.u32() == bias && in.ok();
}

}  // namespace

Status damaged_hdf5(const std::string& what) { return invalid_argument("damaged HDF5: " + what); }

Result<Shape> parse_dataspace(std::string_view message) {
  ByteReader in(message);
  const int version = in.u8();
  const std::size_t rank = in.u8();
  in.u8();  // says whether maximum dimensions follow, which do not matter here
  const int kind = in.u8();
  constexpr int kNullDataspace = 2;
  if (version == 1) {
    in.u32();
  } else if (version != 2 || kind == kNullDataspace) {
    return invalid_argument("a dataspace is damaged or of an unknown version");
  }
  if (rank > limits::kMaxRank) {
    return out_of_range("a dataset has " + std::to_string(rank) + " dimensions, at most " +
                        std::to_string(limits::kMaxRank) + " are supported");
  }
  std::vector<std::int64_t> dims;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::uint64_t dim = in.u64();
    if (dim > static_cast<std::uint64_t>(limits::kMaxElements)) {
      return out_of_range("a dataset has a dimension of " + std::to_string(dim) + ", at most " +
                          std::to_string(limits::kMaxElements) + " elements are supported");
    }
    dims.push_back(static_cast<std::int64_t>(dim));
  }
  if (!in.ok()) return invalid_argument("a dataspace is cut off");
  return Shape::create(dims);
}

std::string describe_datatype(std::string_view message) {
  ByteReader in(message);
  const Datatype type = parse_head(in);
  if (!in.ok()) return "damaged";
  const std::string order = (type.bits & 1) != 0 ? "big-endian " : "";
  switch (type.kind) {
    case kFloatingPoint: {
      const std::string name = "float" + std::to_string(8ULL * type.size);
      const bool ieee = std::ranges::any_of(
          kIeeeFormats, [&](const IeeeFormat& format) { return is_ieee(format, type, in); });
      if (ieee || !order.empty()) return order + name;
      return "an unusual " + std::to_string(type.size) + "-byte float";
    }
    case kFixedPoint:
      return order + std::to_string(type.size) + "-byte integer";
    case kString:
    case kVariableLength:
      return "string or list";
    default:
      return "class " + std::to_string(type.kind) + " of HDF5";
  }
}

Result<Hdf5StringType> parse_string_type(std::string_view message) {
  ByteReader in(message);
  const Datatype type = parse_head(in);
  constexpr std::uint32_t kVariableLengthString = 1;
  // Length, address and index of a global heap object.
  constexpr std::uint32_t kReferenceBytes = 16;
  if (in.ok() && type.kind == kString && type.size > 0) return Hdf5StringType{false, type.size};
  if (in.ok() && type.kind == kVariableLength && (type.bits & 0x0f) == kVariableLengthString &&
      type.size == kReferenceBytes) {
    return Hdf5StringType{true, type.size};
  }
  return invalid_argument("is not text");
}

}  // namespace tinysplit::keras
