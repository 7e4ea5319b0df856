#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/shape.h"
#include "core/status.h"

namespace tinysplit::keras {

// Reads the part of HDF5 that h5py writes for Keras, straight off untrusted bytes: superblock 0 and
// 1, old-style groups, attributes of strings, datasets that are contiguous or compact. All else
// (dense storage, chunks, filters, links of any kind to elsewhere, shared types) is refused by
// name.
//
// Why not the HDF5 library: Debian 12's 1.10.8 does not survive damaged files. Of 4,000 copies of a
// small model with 1 to 4 bytes changed, 17 ended in a segmentation fault inside of it (H5HG_read)
// and 17 were not read after 5 seconds.
//
// Source: HDF5 File Format Specification 3.0, sections II to IV; "III.A" and the like below are its
// numbers. Every read is bounds-checked, B-trees cannot loop (levels fall), the number of records
// read in total is bounded by limits::kMaxHdf5Records, the data read in total by the size of the
// file. Not thread-safe.
class Hdf5File {
 public:
  using Address = std::uint64_t;  // of an object header

  struct Dataset {
    Shape shape;
    std::string type;                      // "float32", or in words what else it is
    std::optional<std::string_view> data;  // nothing was ever written, if empty

    bool is_float32() const { return type == "float32"; }
    // Of an element, where read() takes it; else 0.
    std::size_t float_bytes() const {
      return is_float32() ? 4 : type == "float16" ? 2 : type == "float64" ? 8 : 0;
    }
  };

  // `bytes` is the whole file and must outlive the result.
  // Errors: INVALID_ARGUMENT (no HDF5, damaged), UNIMPLEMENTED (newer format).
  static Result<Hdf5File> open(std::string_view bytes);

  static bool has_signature(std::string_view bytes);

  Address root() const { return root_; }

  // Names in a group, with their objects. The pointer stays good as long as the file.
  // Errors: INVALID_ARGUMENT, UNIMPLEMENTED, RESOURCE_EXHAUSTED.
  using Members = std::map<std::string, Address, std::less<>>;
  Result<const Members*> members(Address group);

  // The object at `path` ("layers/dense/vars") below `group`; nothing if there is none.
  Result<std::optional<Address>> find(Address group, std::string_view path);

  // An attribute of one string, or of a list of them; nothing if there is none by this name. The
  // views live as long as the bytes. An empty list of any type is an empty list of strings.
  Result<std::optional<std::vector<std::string_view>>> strings(Address object,
                                                               std::string_view attribute);

  // Errors: INVALID_ARGUMENT (no dataset, more data than the file has), UNIMPLEMENTED (its
  // storage), OUT_OF_RANGE (its shape).
  Result<Dataset> dataset(Address object);

  // Copies the data of a dataset of floats, rounded to float32 if they are float64. Precondition:
  // float_bytes() is not 0, as many elements as in `out`.
  // Errors: INVALID_ARGUMENT (never written), RESOURCE_EXHAUSTED (datasets overlap).
  Status read(const Dataset& dataset, std::span<float> out);

 private:
  struct Message {
    std::uint16_t type;
    std::string_view data;
  };
  using Messages = std::vector<Message>;

  explicit Hdf5File(std::string_view bytes) : bytes_(bytes) {}

  Status spend(std::size_t records);
  Result<Messages> object_header(Address address);
  Status add_members(std::uint64_t tree, int level, std::string_view heap, Members& out);
  Status add_symbols(std::uint64_t node, std::string_view heap, Members& out);
  Result<std::string_view> local_heap(std::uint64_t address);
  Result<std::string_view> global_heap_object(std::uint64_t address, std::uint32_t index);
  Result<std::vector<std::string_view>> attribute_strings(std::string_view type, const Shape& shape,
                                                          std::string_view data);

  std::string_view bytes_;
  Address root_ = 0;
  std::size_t records_read_ = 0;
  std::size_t data_bytes_read_ = 0;
  std::map<Address, Members> groups_;
};

}  // namespace tinysplit::keras
