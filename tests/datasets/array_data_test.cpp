#include <gtest/gtest.h>

#include <functional>

#include "datasets/array_block.h"
#include "datasets/dataset.h"
#include "datasets/dataset_files.h"
#include "formats/npy/npy.h"

namespace tinysplit::test {
namespace {

using Arrays = std::vector<NamedTensor>;

template <typename T>
NamedTensor array(const std::string& name, DType dtype, const Shape& shape,
                  const std::function<T(std::size_t)>& number) {
  Tensor tensor(dtype, shape);
  for (std::size_t i = 0; i < tensor.as<T>().size(); ++i) tensor.as<T>()[i] = number(i);
  return {name, std::move(tensor)};
}

NamedTensor floats(const std::string& name, const Shape& shape) {
  return array<float>(name, DType::kFloat32, shape, [](std::size_t i) { return float(i); });
}

NamedTensor integers(const std::string& name, const std::vector<std::int64_t>& numbers) {
  return array<std::int64_t>(name, DType::kInt64, Shape{std::int64_t(numbers.size())},
                             [&](std::size_t i) { return numbers[i]; });
}

std::string npz(Arrays arrays) { return format_npz(arrays).value(); }

// As NumPy writes an array of text.
std::string text_npy(const std::string& descr, std::size_t count, const std::string& data) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" +
                       std::to_string(count) + ",), }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size());
  bytes += '\x00';
  return bytes + header + data;
}

LabelledImages open(const std::filesystem::path& path, Split split,
                    const DatasetOptions& options = {}) {
  auto data = open_dataset(path.string(), split, options);
  EXPECT_TRUE(data.ok()) << data.status().message();
  return data.ok() ? std::move(*data) : LabelledImages{};
}

std::string message_of(const std::filesystem::path& path, const DatasetOptions& options = {}) {
  const auto data = open_dataset(path.string(), Split::kAll, options);
  return data.ok() ? "" : data.status().message();
}

TEST(ArrayData, ReadsSamplesAndLabelsOfOneFile) {
  const TemporaryFolder folder;
  Arrays arrays;
  arrays.push_back(floats("x", Shape{5, 2, 3}));
  arrays.push_back(integers("y", {2, 0, 1, 1, 0}));
  folder.write("data.npz", npz(std::move(arrays)));
  const LabelledImages data = open(folder.path() / "data.npz", Split::kAll);
  EXPECT_FALSE(data.are_pixels);
  EXPECT_EQ(data.images.shape(), (Shape{5, 2, 3}));
  EXPECT_EQ(data.images.as<float>()[29], 29.0F);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{2, 0, 1, 1, 0}));
  EXPECT_EQ(data.classes, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(data.class_numbers, ClassNumbers::kAlone);
  EXPECT_EQ(data.targets.as<float>()[0], 2.0F);
}

TEST(ArrayData, LabelsAreNumbersOneHotRowsOrNames) {
  const TemporaryFolder folder;
  const auto labels_with = [&](NamedTensor answers) {
    Arrays arrays;
    arrays.push_back(floats("x", Shape{3, 2}));
    arrays.push_back(std::move(answers));
    folder.write("data.npz", npz(std::move(arrays)));
    DatasetOptions options;
    options.needs_labels = false;
    return open(folder.path() / "data.npz", Split::kAll, options).labels;
  };
  using Labels = std::vector<std::int32_t>;
  const auto hot = [](std::size_t i) { return i == 1 || i == 3 || i == 5 ? 1.0F : 0.0F; };
  EXPECT_EQ(labels_with(array<float>("y", DType::kFloat32, Shape{3, 2}, hot)), (Labels{1, 1, 1}));
  EXPECT_EQ(labels_with(array<float>("y", DType::kFloat32, Shape{3, 1},
                                     [](std::size_t i) { return float(i % 2); })),
            (Labels{0, 1, 0}));
  EXPECT_EQ(labels_with(array<std::uint8_t>("labels", DType::kBool, Shape{3},
                                            [](std::size_t i) { return std::uint8_t(i == 2); })),
            (Labels{0, 0, 1}));
  EXPECT_EQ(labels_with(array<float>("y", DType::kFloat32, Shape{3},
                                     [](std::size_t i) { return float(i) + 0.5F; })),
            Labels{});
  EXPECT_EQ(labels_with(integers("y", {0, 1, -1})), Labels{});
  EXPECT_EQ(labels_with(floats("y", Shape{3, 2, 2})), Labels{});

  folder.write("text/x.npy", format_npy(floats("", Shape{2, 2}).tensor.view()));
  const std::string wide{"b\0\0\0\xe9\0\0\0a\0\0\0\0\0\0\0", 16};
  folder.write("text/y.npy", text_npy("<U2", 2, wide));
  const LabelledImages data = open(folder.path() / "text", Split::kAll);
  EXPECT_EQ(data.classes, (std::vector<std::string>{"a", "b\xc3\xa9"}));
  EXPECT_EQ(data.labels, (Labels{1, 0}));
  EXPECT_EQ(data.class_numbers, ClassNumbers::kOfNames);
  folder.write("text/classes.npy", text_npy("|S3", 3,
                                            "b\xc3\xa9"
                                            "a\0\0"
                                            "c\0\0"));
  EXPECT_NE(message_of(folder.path() / "text"), "");  // no ASCII
  folder.write("text/y.npy", text_npy("|S1", 2, "ba"));
  folder.write("text/classes.npy", text_npy("|S1", 3, "cba"));
  const LabelledImages named = open(folder.path() / "text", Split::kAll);
  EXPECT_EQ(named.labels, (Labels{1, 2}));
  EXPECT_EQ(named.class_numbers, ClassNumbers::kOfData);
}

TEST(ArrayData, PartsAreArraysOfTheirOwnOrMarked) {
  const TemporaryFolder folder;
  Arrays arrays;
  arrays.push_back(floats("x_train", Shape{4, 2}));
  arrays.push_back(integers("y_train", {0, 1, 0, 1}));
  arrays.push_back(floats("test_images", Shape{2, 2}));
  arrays.push_back(integers("test_labels", {1, 1}));
  arrays.push_back(floats("subject", Shape{3}));
  folder.write("parts.npz", npz(std::move(arrays)));
  EXPECT_EQ(open(folder.path() / "parts.npz", Split::kTest).labels,
            (std::vector<std::int32_t>{1, 1}));
  EXPECT_EQ(open(folder.path() / "parts.npz", Split::kAll).size(), 6U);
  EXPECT_TRUE(*has_test_part((folder.path() / "parts.npz").string()));
  const LabelledImages train = open(folder.path() / "parts.npz", Split::kTrain);
  ASSERT_EQ(train.notes.size(), 1U);
  EXPECT_NE(train.notes[0].find("subject"), std::string::npos);

  Arrays marked;
  marked.push_back(floats("x", Shape{4, 2}));
  marked.push_back(integers("y", {0, 1, 1, 0}));
  marked.push_back(integers("split", {0, 2, 0, 1}));
  folder.write("marked.npz", npz(std::move(marked)));
  const LabelledImages test = open(folder.path() / "marked.npz", Split::kTest);
  EXPECT_EQ(test.size(), 1U);
  EXPECT_EQ(test.images.as<float>()[0], 2.0F);
  EXPECT_EQ(open(folder.path() / "marked.npz", Split::kTrain).size(), 2U);
}

TEST(ArrayData, EveryElementTypeKeepsItsNumbers) {
  const TemporaryFolder folder;
  const std::string half_npy = text_npy("<f2", 2, std::string{"\x00\x3c\x00\xc1", 4});
  const auto half = parse_npy(half_npy).value();
  EXPECT_EQ(floats_of(half.view()), (std::vector<float>{1.0F, -2.5F}));
  for (const int bits : {0x0001, 0x8000, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00}) {
    Tensor one(DType::kFloat16, Shape{1});
    one.as<std::uint16_t>()[0] = static_cast<std::uint16_t>(bits);
    const float number = floats_of(one.view())[0];
    EXPECT_EQ(std::signbit(number), bits >= 0x8000) << bits;
  }
  Tensor largest(DType::kFloat16, Shape{2});
  largest.as<std::uint16_t>()[0] = 0x7bff;
  largest.as<std::uint16_t>()[1] = 0x0001;
  EXPECT_EQ(floats_of(largest.view()), (std::vector<float>{65504.0F, 0x1p-24F}));
  const NamedTensor bytes =
      array<std::int8_t>("", DType::kInt8, Shape{3}, [](std::size_t i) { return int(i) - 1; });
  EXPECT_EQ(floats_of(bytes.tensor.view()), (std::vector<float>{-1.0F, 0.0F, 1.0F}));
}

TEST(ArrayData, IsReshapedToWhatAModelTakes) {
  const TemporaryFolder folder;
  folder.write("x.npy", format_npy(floats("", Shape{2, 6}).tensor.view()));
  folder.write("y.npy", format_npy(floats("", Shape{2, 2, 3}).tensor.view()));
  DatasetOptions options;
  options.needs_labels = false;
  options.sample_dims = {2, 3, 1};
  EXPECT_EQ(open(folder.path() / "x.npy", Split::kAll, options).images.shape(),
            (Shape{2, 2, 3, 1}));
  EXPECT_EQ(open(folder.path() / "y.npy", Split::kAll, options).images.shape(),
            (Shape{2, 2, 3, 1}));
  options.sample_dims = {3, 2};
  EXPECT_NE(message_of(folder.path() / "y.npy", options).find("[2,3], the model takes [3,2]"),
            std::string::npos);
  // Without a label, what needs one says so.
  EXPECT_NE(message_of(folder.path() / "y.npy").find("no labels"), std::string::npos);
}

TEST(ArrayData, BytesThatCanBeImagesAreImages) {
  const TemporaryFolder folder;
  const auto byte = [](std::size_t i) { return std::uint8_t(i); };
  Arrays arrays;
  arrays.push_back(array<std::uint8_t>("x", DType::kUint8, Shape{2, 3, 2, 2}, byte));
  arrays.push_back(integers("y", {0, 1}));
  folder.write("first.npz", npz(std::move(arrays)));
  DatasetOptions options;
  options.size = {2, 2, 3};
  const LabelledImages data = open(folder.path() / "first.npz", Split::kAll, options);
  EXPECT_TRUE(data.are_pixels);
  EXPECT_EQ(data.images.shape(), (Shape{2, 2, 2, 3}));
  EXPECT_EQ(data.images.as<std::uint8_t>()[1], 4);  // green of the first pixel
  options.size = {4, 4, 1};
  EXPECT_EQ(open(folder.path() / "first.npz", Split::kAll, options).images.shape(),
            (Shape{2, 4, 4, 1}));
  options.size = {};
  options.sample_dims = {3, 2, 2};
  EXPECT_FALSE(open(folder.path() / "first.npz", Split::kAll, options).are_pixels);
}

TEST(ArrayData, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const auto message = [&](Arrays arrays) {
    folder.write("data.npz", npz(std::move(arrays)));
    return message_of(folder.path() / "data.npz");
  };
  const auto with = [](NamedTensor a, NamedTensor b) {
    Arrays arrays;
    arrays.push_back(std::move(a));
    arrays.push_back(std::move(b));
    return arrays;
  };
  EXPECT_NE(message(with(floats("x", Shape{3, 2}), integers("y", {0, 1}))).find("one for each"),
            std::string::npos);
  EXPECT_NE(message(with(floats("x", Shape{3}), integers("y", {0, 1, 0}))).find("first dimension"),
            std::string::npos);
  EXPECT_NE(message(with(floats("a", Shape{3, 2}), integers("b", {0, 1, 0}))).find("'x'"),
            std::string::npos);
  EXPECT_NE(message(with(integers("y", {0, 1, 0}), integers("split", {0, 1, 0}))).find("'x'"),
            std::string::npos);
  EXPECT_NE(message(with(floats("x", Shape{3, 2}), floats("images", Shape{3, 2}))).find("two"),
            std::string::npos);
  EXPECT_NE(message(with(floats("x", Shape{2, 2}), integers("split", {0, 3}))).find("'split'"),
            std::string::npos);
  EXPECT_NE(message(with(floats("x_train", Shape{2, 2}), floats("x_test", Shape{2, 3})))
                .find("two kinds"),
            std::string::npos);
  EXPECT_NE(message(with(floats("x", Shape{0, 2}), integers("y", {}))).find("[0,2]"),
            std::string::npos);
  folder.write("bad.npz", "PK and no more");
  EXPECT_NE(message_of(folder.path() / "bad.npz").find("bad.npz"), std::string::npos);
}

TEST(ArrayText, RefusesDamage) {
  EXPECT_TRUE(parse_npy_text(text_npy("<U1", 1, std::string("a\0\0\0", 4))).ok());
  for (const auto& [descr, count, data] :
       {std::tuple<std::string, std::size_t, std::string>{"<U1", 1, "abc"},
        {"<U1", 2, std::string(4, '\0')},
        {"<U1", 1, std::string("\0\xd8\0\0", 4)},
        {"<U1", 1, "\xff\xff\xff\xff"},
        {"|S1", 1, "\xff"},
        {"|S0", 1, "x"},
        {"<U99999999999999999999", 1, ""},
        {"<U1x", 1, std::string(4, 'a')},
        {">U1", 1, std::string(4, 'a')},
        {"|S4294967296", 4'000'000, ""},
        {"|S0", 100'000'000, ""}}) {
    EXPECT_FALSE(parse_npy_text(text_npy(descr, count, data)).ok()) << descr;
  }
}

}  // namespace
}  // namespace tinysplit::test
