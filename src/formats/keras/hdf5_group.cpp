// Old-style groups of HDF5: a B-tree of nodes of symbols, whose names lie in a heap.
#include "core/limits.h"
#include "formats/keras/byte_reader.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/hdf5_types.h"

namespace tinysplit::keras {
namespace {

// A name in the heap ends with a zero.
Result<std::string> heap_name(std::string_view heap, std::uint64_t offset) {
  ByteReader in(heap, offset);
  if (!in.ok()) return damaged_hdf5("a name lies outside of its heap");
  const std::string_view rest = heap.substr(static_cast<std::size_t>(offset));
  const std::size_t length = rest.substr(0, limits::kMaxNameBytes + 1).find('\0');
  if (length == rest.npos || length == 0) {
    return damaged_hdf5("a name is empty, has no end or more than " +
                        std::to_string(limits::kMaxNameBytes) + " bytes");
  }
  return std::string(rest.substr(0, length));
}

}  // namespace

Result<const Hdf5File::Members*> Hdf5File::members(Address group) {
  if (const auto known = groups_.find(group); known != groups_.end()) return &known->second;
  TINYSPLIT_ASSIGN_OR_RETURN(const Messages messages, object_header(group));
  for (const Message& message : messages) {
    if (message.type == kHdf5LinkInfo) {
      return unimplemented("the HDF5 file has groups of the newer format; save it with Keras");
    }
    if (message.type != kHdf5SymbolTable) continue;
    ByteReader in(message.data);
    const std::uint64_t tree = in.u64();
    const std::uint64_t heap_address = in.u64();
    if (!in.ok()) return damaged_hdf5("a group is cut off");
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string_view heap, local_heap(heap_address));
    constexpr int kRootLevel = -1;
    Members found;
    TINYSPLIT_RETURN_IF_ERROR(add_members(tree, kRootLevel, heap, found));
    return &groups_.emplace(group, std::move(found)).first->second;
  }
  return damaged_hdf5("an object is not a group");
}

// III.D
Result<std::string_view> Hdf5File::local_heap(std::uint64_t address) {
  ByteReader in(bytes_, address);
  const bool signed_well = in.view(4) == "HEAP";
  in.u32();
  const std::uint64_t size = in.u64();
  in.u64();
  const std::uint64_t data = in.u64();
  ByteReader target(bytes_, data);
  const std::string_view heap = target.view(size);
  if (!signed_well || !in.ok() || !target.ok()) return damaged_hdf5("a heap of names is cut off");
  return heap;
}

// III.A.1. `level`: the level that the parent asks for, which falls by one each time, or -1 for
// any.
Status Hdf5File::add_members(std::uint64_t tree, int level, std::string_view heap, Members& out) {
  ByteReader in(bytes_, tree);
  const bool signed_well = in.view(4) == "TREE";
  constexpr int kGroupTree = 0;
  const int kind = in.u8();
  const int own_level = in.u8();
  const std::size_t entries = in.u16();
  in.skip(8 + 8);  // siblings
  // A tree of more levels than this would have more symbols than any file.
  constexpr int kMaxLevel = 16;
  if (!signed_well || !in.ok() || kind != kGroupTree || own_level > kMaxLevel ||
      (level >= 0 && own_level != level)) {
    return damaged_hdf5("a tree of a group");
  }
  for (std::size_t i = 0; i < entries; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(spend(1));
    in.u64();  // key
    const std::uint64_t child = in.u64();
    if (!in.ok()) return damaged_hdf5("a tree of a group is cut off");
    TINYSPLIT_RETURN_IF_ERROR(own_level > 0 ? add_members(child, own_level - 1, heap, out)
                                            : add_symbols(child, heap, out));
  }
  return ok_status();
}

// III.B and III.C
Status Hdf5File::add_symbols(std::uint64_t node, std::string_view heap, Members& out) {
  ByteReader in(bytes_, node);
  const bool signed_well = in.view(4) == "SNOD";
  in.u16();
  const std::size_t count = in.u16();
  if (!signed_well || !in.ok()) return damaged_hdf5("a node of a group");
  for (std::size_t i = 0; i < count; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(spend(1));
    const std::uint64_t name_offset = in.u64();
    const std::uint64_t object = in.u64();
    const std::uint32_t cache = in.u32();
    in.skip(4 + 16);
    if (!in.ok()) return damaged_hdf5("a node of a group is cut off");
    TINYSPLIT_ASSIGN_OR_RETURN(std::string name, heap_name(heap, name_offset));
    constexpr std::uint32_t kSymbolicLink = 2;
    if (cache == kSymbolicLink) {
      return unimplemented("\"" + name + "\" in the HDF5 file is a symbolic link");
    }
    if (!out.emplace(std::move(name), object).second)
      return damaged_hdf5("a group has a name twice");
  }
  return ok_status();
}

}  // namespace tinysplit::keras
