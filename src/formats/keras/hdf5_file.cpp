#include "formats/keras/hdf5_file.h"

#include <bit>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "formats/keras/byte_reader.h"
#include "formats/keras/hdf5_types.h"
#include "kernels/float16.h"

namespace tinysplit::keras {
namespace {

constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
constexpr int kSizeOfNumbers = 8;  // of offsets and lengths; h5py writes no other

template <typename T>
T take_element(const char*& from) {
  T element;
  std::memcpy(&element, from, sizeof(T));
  from += sizeof(T);
  return element;
}

}  // namespace

bool Hdf5File::has_signature(std::string_view bytes) { return bytes.starts_with(kSignature); }

// II.A
Result<Hdf5File> Hdf5File::open(std::string_view bytes) {
  if (!has_signature(bytes)) return damaged_hdf5("it has no signature");
  Hdf5File file(bytes);
  ByteReader in(bytes, kSignature.size());
  const int version = in.u8();
  if (version > 1) {
    return unimplemented("written in the newer HDF5 format (superblock " + std::to_string(version) +
                         "); save it again with Keras or h5py, without libver=\"latest\"");
  }
  in.skip(4);  // versions of parts that have had one only
  const int size_of_offsets = in.u8();
  const int size_of_lengths = in.u8();
  in.skip(1 + 2 + 2 + 4);  // reserved, tree ranks, flags
  if (version == 1) in.skip(4);
  const std::uint64_t base = in.u64();
  in.skip(8);  // free space
  const std::uint64_t end = in.u64();
  in.skip(8 + 8);  // driver information, name of the root group
  file.root_ = in.u64();
  if (!in.ok()) return damaged_hdf5("its superblock is cut off");
  if (size_of_offsets != kSizeOfNumbers || size_of_lengths != kSizeOfNumbers || base != 0) {
    return unimplemented("HDF5 with offsets of another size than 8 bytes, or with a user block");
  }
  if (end > bytes.size()) {
    return damaged_hdf5("it says that it has " + std::to_string(end) + " bytes, there are " +
                        std::to_string(bytes.size()));
  }
  return file;
}

Status Hdf5File::spend(std::size_t records) {
  records_read_ += records;
  if (records_read_ <= limits::kMaxHdf5Records) return ok_status();
  return resource_exhausted("the HDF5 file has more than " +
                            std::to_string(limits::kMaxHdf5Records) + " records, or loops");
}

// IV.A.1.a; continuations may chain, and each costs a record.
Result<Hdf5File::Messages> Hdf5File::object_header(Address address) {
  ByteReader head(bytes_, address);
  const int version = head.u8();
  head.u8();
  const std::size_t count = head.u16();
  head.u32();
  std::vector<std::string_view> chunks;
  const std::uint32_t size = head.u32();
  head.u32();  // aligns what follows
  chunks.push_back(head.view(size));
  if (!head.ok()) return damaged_hdf5("an object header is cut off");
  if (version != 1) {
    return unimplemented("the HDF5 file has objects of a newer format; save it again with Keras");
  }
  Messages messages;
  for (std::size_t chunk = 0; chunk < chunks.size(); ++chunk) {
    ByteReader in(chunks[chunk]);
    constexpr std::size_t kMessageHead = 8;
    while (messages.size() < count && in.remaining() >= kMessageHead) {
      TINYSPLIT_RETURN_IF_ERROR(spend(1));
      const std::uint16_t type = in.u16();
      const std::uint16_t length = in.u16();
      const int flags = in.u8();
      in.skip(3);
      const std::string_view data = in.view(length);
      if (!in.ok()) return damaged_hdf5("a header message is cut off");
      constexpr int kShared = 2;
      if ((flags & kShared) != 0) return unimplemented("the HDF5 file has shared header messages");
      messages.push_back({type, data});
      if (type == kHdf5Continuation) {
        ByteReader reference(data);
        const std::uint64_t offset = reference.u64();
        const std::uint64_t bytes = reference.u64();
        ByteReader target(bytes_, offset);
        chunks.push_back(target.view(bytes));
        if (!reference.ok() || !target.ok()) return damaged_hdf5("an object header is cut off");
      }
    }
  }
  return messages;
}

Result<std::optional<Hdf5File::Address>> Hdf5File::find(Address group, std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
    if (name.empty()) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const Members* list, members(group));
    const auto found = list->find(name);
    if (found == list->end()) return std::optional<Address>();
    group = found->second;
  }
  return std::optional<Address>(group);
}

namespace {

// IV.A.2.i, versions 3 and 4, which agree for these two classes. The result has no value when space
// was never given to the data.
Result<std::optional<std::string_view>> parse_layout(std::string_view message,
                                                     std::string_view file) {
  ByteReader in(message);
  const int version = in.u8();
  const int storage = in.u8();
  if (version != 3 && version != 4) {
    return unimplemented("a dataset has a storage layout of version " + std::to_string(version));
  }
  constexpr int kCompact = 0;
  constexpr int kContiguous = 1;
  if (storage == kCompact) {
    const std::string_view data = in.view(in.u16());
    if (!in.ok()) return damaged_hdf5("the data of a dataset is cut off");
    return std::optional(data);
  }
  if (storage != kContiguous) {
    return unimplemented("a dataset is stored in chunks or elsewhere; save the model with Keras");
  }
  const std::uint64_t address = in.u64();
  const std::uint64_t size = in.u64();
  if (!in.ok()) return damaged_hdf5("a storage layout is cut off");
  if (address == kHdf5Undefined) return std::optional<std::string_view>();
  ByteReader target(file, address);
  const std::string_view data = target.view(size);
  if (!target.ok()) return damaged_hdf5("the data of a dataset is cut off");
  return std::optional(data);
}

}  // namespace

Result<Hdf5File::Dataset> Hdf5File::dataset(Address object) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Messages messages, object_header(object));
  std::optional<Shape> shape;
  std::string type;
  std::string_view layout;
  for (const Message& message : messages) {
    if (message.type == kHdf5Dataspace) {
      TINYSPLIT_ASSIGN_OR_RETURN(shape, parse_dataspace(message.data));
    } else if (message.type == kHdf5Datatype) {
      type = describe_datatype(message.data);
    } else if (message.type == kHdf5Layout) {
      layout = message.data;
    } else if (message.type == kHdf5ExternalFiles) {
      return unimplemented("a dataset lies in another file");
    } else if (message.type == kHdf5Filters) {
      return unimplemented("a dataset is compressed; save the model with Keras");
    }
  }
  if (!shape || type.empty() || layout.empty()) return damaged_hdf5("an object is not a dataset");
  Dataset dataset{*shape, std::move(type), {}};
  TINYSPLIT_ASSIGN_OR_RETURN(dataset.data, parse_layout(layout, bytes_));
  return dataset;
}

Status Hdf5File::read(const Dataset& dataset, std::span<float> out) {
  static_assert(std::endian::native == std::endian::little, "floats are copied as they are");
  if (!dataset.data) return invalid_argument("a dataset was never written");
  const std::size_t bytes = out.size() * dataset.float_bytes();
  if (dataset.data->size() < bytes) {
    return damaged_hdf5("a dataset of shape " + dataset.shape.to_string() + " has " +
                        std::to_string(dataset.data->size()) + " bytes only");
  }
  data_bytes_read_ += bytes;
  if (data_bytes_read_ > bytes_.size()) {
    return resource_exhausted("the datasets of the HDF5 file overlap");
  }
  const char* from = dataset.data->data();
  if (dataset.is_float32()) {
    if (!out.empty()) std::memcpy(out.data(), from, bytes);
    return ok_status();
  }
  for (float& element : out) {
    if (dataset.float_bytes() == sizeof(double)) {
      element = static_cast<float>(take_element<double>(from));
    } else {
      element = native::half_to_float(take_element<std::uint16_t>(from));
    }
  }
  return ok_status();
}

}  // namespace tinysplit::keras
