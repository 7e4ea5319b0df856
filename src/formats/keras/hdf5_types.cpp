#include "formats/keras/hdf5_types.h"

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

bool is_ieee_single(const Datatype& type, ByteReader& in) {
  constexpr std::uint32_t kImpliedBit = 2u << 4;
  constexpr std::uint32_t kSignAt31 = 31u << 8;
  const bool head = type.size == 4 && (type.bits & 0xff71) == (kImpliedBit | kSignAt31);
  const bool bits = in.u16() == 0 && in.u16() == 32;
  const bool exponent = in.u8() == 23 && in.u8() == 8;
  const bool mantissa = in.u8() == 0 && in.u8() == 23;
  return head && bits && exponent && mantissa && in.u32() == 127 && in.ok();
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
      if (is_ieee_single(type, in)) return "float32";
      if (type.size == 4) return order.empty() ? "an unusual 4-byte float" : order + "float32";
      return order + "float" + std::to_string(8ULL * type.size);
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
