// Attributes of HDF5 objects, as far as they are text.
#include "core/limits.h"
#include "formats/keras/byte_reader.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/hdf5_types.h"

namespace tinysplit::keras {
namespace {

std::uint64_t padded(std::uint64_t size) { return (size + 7) / 8 * 8; }

struct Attribute {
  std::string_view name;
  std::string_view type;
  std::string_view space;
  std::string_view data;
};

// IV.A.2.m; version 1 pads each part to 8 bytes.
Result<Attribute> parse_attribute(std::string_view message) {
  ByteReader in(message);
  const int version = in.u8();
  const int flags = in.u8();
  const std::uint16_t name_size = in.u16();
  const std::uint16_t type_size = in.u16();
  const std::uint16_t space_size = in.u16();
  if (version == 3) in.u8();  // character set
  if (version < 1 || version > 3) return damaged_hdf5("an attribute of an unknown version");
  if (version > 1 && flags != 0) return unimplemented("an attribute with a shared HDF5 type");
  const auto part = [&](std::uint16_t size) {
    return in.view(version == 1 ? padded(size) : size).substr(0, size);
  };
  Attribute attribute;
  attribute.name = part(name_size);
  attribute.name = attribute.name.substr(0, attribute.name.find('\0'));
  attribute.type = part(type_size);
  attribute.space = part(space_size);
  attribute.data = in.view(in.remaining());
  if (!in.ok()) return damaged_hdf5("an attribute is cut off");
  return attribute;
}

}  // namespace

Result<std::optional<std::vector<std::string_view>>> Hdf5File::strings(Address object,
                                                                       std::string_view name) {
  using Strings = std::vector<std::string_view>;
  TINYSPLIT_ASSIGN_OR_RETURN(const Messages messages, object_header(object));
  for (const Message& message : messages) {
    if (message.type == kHdf5AttributeInfo) {
      return unimplemented("the HDF5 file has attributes of the newer format; save it with Keras");
    }
    if (message.type != kHdf5Attribute) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const Attribute attribute, parse_attribute(message.data));
    if (attribute.name != name) continue;
    const Result<Shape> shape = parse_dataspace(attribute.space);
    const std::string what = "attribute \"" + std::string(name) + "\"";
    if (!shape.ok()) return shape.status().with_context(what);
    if (shape->num_elements() == 0) return std::optional(Strings());
    Result<Strings> found = attribute_strings(attribute.type, *shape, attribute.data);
    if (!found.ok()) return found.status().with_context(what);
    return std::optional(std::move(*found));
  }
  return std::optional<Strings>();
}

Result<std::vector<std::string_view>> Hdf5File::attribute_strings(std::string_view type,
                                                                  const Shape& shape,
                                                                  std::string_view data) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Hdf5StringType text, parse_string_type(type));
  const auto count = static_cast<std::size_t>(shape.num_elements());
  // The data says how many elements there can be, whatever the shape claims.
  if (shape.rank() > 1 || count > data.size() / text.size)
    return damaged_hdf5("its text is cut off");
  std::vector<std::string_view> strings;
  for (std::size_t i = 0; i < count; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(spend(1));
    std::string_view value = data.substr(i * text.size, text.size);
    if (text.variable_length) {
      ByteReader in(value);
      const std::uint32_t length = in.u32();
      const std::uint64_t address = in.u64();
      const std::uint32_t index = in.u32();
      value = {};
      if (length > 0) {
        TINYSPLIT_ASSIGN_OR_RETURN(value, global_heap_object(address, index));
        if (length > value.size()) return damaged_hdf5("its text is cut off");
        value = value.substr(0, length);
      }
    }
    // Padded with zeros, or ended by one.
    strings.push_back(value.substr(0, value.find('\0')));
  }
  return strings;
}

// III.E
Result<std::string_view> Hdf5File::global_heap_object(std::uint64_t address, std::uint32_t index) {
  ByteReader head(bytes_, address);
  const bool signed_well = head.view(4) == "GCOL";
  head.u32();
  const std::uint64_t size = head.u64();
  constexpr std::uint64_t kHeadBytes = 16;
  ByteReader in(head.view(size < kHeadBytes ? 0 : size - kHeadBytes));
  if (!signed_well || !head.ok()) return damaged_hdf5("a global heap is cut off");
  while (in.remaining() >= kHeadBytes) {
    TINYSPLIT_RETURN_IF_ERROR(spend(1));
    const std::uint32_t found = in.u16();
    in.skip(2 + 4);
    const std::uint64_t bytes = in.u64();
    if (found == 0) break;  // the free space, always last
    const std::string_view object = in.view(bytes);
    if (!in.ok()) return damaged_hdf5("a global heap is cut off");
    if (found == index) return object;
    in.skip(std::min<std::uint64_t>(padded(bytes) - bytes, in.remaining()));
  }
  return damaged_hdf5("a global heap has no object " + std::to_string(index));
}

}  // namespace tinysplit::keras
