#include "datasets/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "datasets/dataset_files.h"

namespace tinysplit::test {
namespace {

std::string message_of(const Result<LabelledImages>& data) {
  return data.ok() ? "OK" : data.status().message();
}

std::vector<int> first_pixels(const LabelledImages& data) {
  const auto pixels = data.images.as<std::uint8_t>();
  const std::size_t stride = pixels.size() / data.size();
  std::vector<int> levels;
  for (std::size_t i = 0; i < data.size(); ++i) levels.push_back(pixels[i * stride]);
  return levels;
}

// Two classes of ten images each, told by their level: cats 0 to 9, dogs 100 to 109.
class ImageFolders : public testing::Test {
 protected:
  void SetUp() override { write_classes(""); }

  void write_classes(const std::filesystem::path& part, int count = 10) {
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i) + ".png";
      folder_.write(part / "cat" / name, grey_png(4, 3, static_cast<std::uint8_t>(i)));
      folder_.write(part / "dog" / name, grey_png(4, 3, static_cast<std::uint8_t>(100 + i)));
    }
  }

  Result<LabelledImages> open(Split split, const DatasetOptions& options = {}) const {
    return open_dataset(folder_.path().string(), split, options);
  }

  TemporaryFolder folder_;
};

TEST_F(ImageFolders, AreClassesOfTheirSubFolders) {
  const auto data = open(Split::kAll);
  ASSERT_TRUE(data.ok()) << message_of(data);
  EXPECT_EQ(data->classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(data->images.shape(), (Shape{20, 3, 4, 3}));
  for (std::size_t i = 0; i < data->size(); ++i) {
    EXPECT_EQ(data->labels[i], first_pixels(*data)[i] >= 100 ? 1 : 0);
  }
}

TEST_F(ImageFolders, SplitWithoutOverlapByTheSeed) {
  std::set<std::vector<int>> drawn;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    DatasetOptions options;
    options.seed = seed;
    options.validation_fraction = 0.3;
    const auto train = open(Split::kTrain, options);
    const auto validation = open(Split::kValidation, options);
    ASSERT_TRUE(train.ok() && validation.ok());
    EXPECT_EQ(std::ranges::count(validation->labels, 0), 3);
    EXPECT_EQ(std::ranges::count(validation->labels, 1), 3);
    std::vector<int> together = first_pixels(*train);
    std::ranges::copy(first_pixels(*validation), std::back_inserter(together));
    std::ranges::sort(together);
    EXPECT_EQ(together, first_pixels(*open(Split::kAll)));
    EXPECT_EQ(first_pixels(*validation), first_pixels(*open(Split::kValidation, options)));
    drawn.insert(first_pixels(*validation));
  }
  EXPECT_GT(drawn.size(), 1U);
}

TEST_F(ImageFolders, WithPartsKeepThem) {
  const TemporaryFolder parts;
  for (int i = 0; i < 4; ++i) {
    const std::string name = std::to_string(i) + ".png";
    const auto level = static_cast<std::uint8_t>(i);
    parts.write(std::filesystem::path(i < 2 ? "train/cat" : "test/cat") / name,
                grey_png(2, 2, level));
    parts.write(std::filesystem::path(i < 2 ? "train/dog" : "test/dog") / name,
                grey_png(2, 2, static_cast<std::uint8_t>(100 + level)));
  }
  const std::string path = parts.path().string();
  EXPECT_EQ(first_pixels(*open_dataset(path, Split::kTest)), (std::vector<int>{2, 3, 102, 103}));
  EXPECT_EQ(open_dataset(path, Split::kTrain)->size(), 2U);
  EXPECT_TRUE(*has_test_part(path));
  EXPECT_FALSE(*has_test_part(folder_.path().string()));
  EXPECT_EQ(open(Split::kTest).status().code(), StatusCode::kNotFound);

  parts.write("test/bird/0.png", grey_png(2, 2, 0));
  EXPECT_NE(message_of(open_dataset(path, Split::kTest)).find("training images lack"),
            std::string::npos);
}

TEST_F(ImageFolders, HavePartsOfEveryUsualName) {
  for (const std::string train : {"train", "training", "Training", "TRAIN"}) {
    for (const std::string validation : {"val", "valid", "validation", "dev", "Valid"}) {
      for (const std::string test : {"test", "testing", "Testing"}) {
        const TemporaryFolder parts;
        for (const char* const name : {"cat", "dog"}) {
          parts.write(train + "/" + name + "/0.png", grey_png(2, 2, 1));
          parts.write(validation + "/" + name + "/0.png", grey_png(2, 2, 2));
          parts.write(test + "/" + name + "/0.png", grey_png(2, 2, 3));
        }
        const std::string path = parts.path().string();
        SCOPED_TRACE(train + ", " + validation + ", " + test);
        EXPECT_EQ(first_pixels(*open_dataset(path, Split::kTrain)), (std::vector<int>{1, 1}));
        EXPECT_EQ(first_pixels(*open_dataset(path, Split::kValidation)), (std::vector<int>{2, 2}));
        EXPECT_EQ(first_pixels(*open_dataset(path, Split::kTest)), (std::vector<int>{3, 3}));
        EXPECT_TRUE(open_dataset(path, Split::kAll)->notes.empty());
        EXPECT_EQ(open_dataset(path, Split::kAll)->classes,
                  (std::vector<std::string>{"cat", "dog"}));
      }
    }
  }
}

TEST_F(ImageFolders, OfATestPartAlone) {
  const TemporaryFolder parts;
  parts.write("test/cat/0.png", grey_png(2, 2, 3));
  parts.write("test/dog/0.png", grey_png(2, 2, 3));
  const std::string path = parts.path().string();
  EXPECT_EQ(open_dataset(path, Split::kTest)->classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(open_dataset(path, Split::kTrain).status().code(), StatusCode::kNotFound);
}

TEST_F(ImageFolders, MayHaveAClassOfThatName) {
  const TemporaryFolder classes;
  classes.write("dev/0.png", grey_png(2, 2, 3));
  classes.write("test/0.png", grey_png(2, 2, 3));
  EXPECT_EQ(open_dataset(classes.path().string(), Split::kTrain)->classes,
            (std::vector<std::string>{"dev", "test"}));
}

TEST_F(ImageFolders, RefuseTwoFoldersOfOnePart) {
  const TemporaryFolder parts;
  for (const char* const name : {"train/cat", "train/dog", "val/cat", "valid/dog"}) {
    parts.write(std::string(name) + "/0.png", grey_png(2, 2, 3));
  }
  EXPECT_NE(message_of(open_dataset(parts.path().string(), Split::kTrain)).find("both the valid"),
            std::string::npos);
}

TEST_F(ImageFolders, SayWhatTheyLeaveOut) {
  const auto note_of = [&](const std::string& words) {
    const auto data = open(Split::kTrain);
    EXPECT_TRUE(data.ok()) << message_of(data);
    for (const std::string& note : data.ok() ? data->notes : std::vector<std::string>{}) {
      if (note.find(words) != std::string::npos) return note;
    }
    return std::string();
  };
  EXPECT_TRUE(open(Split::kTrain)->notes.empty());
  for (const char* const name : {"cat/a.tiff", "cat/b.TIFF", "dog/c.heic", "dog/list"}) {
    folder_.write(name, "something");
  }
  folder_.write("cat/.hidden", "");
  EXPECT_NE(note_of("left out").find("4 files"), std::string::npos);
  EXPECT_NE(note_of("left out").find("1 .heic, 2 .tiff, 1 without extension"), std::string::npos);
  folder_.write("cat/more/0.png", grey_png(4, 3, 9));
  EXPECT_NE(note_of("1 folder within classes").find("cat/more"), std::string::npos);
  folder_.write("loose.png", grey_png(4, 3, 9));
  EXPECT_NE(note_of("1 image of no class").find("loose.png"), std::string::npos);

  std::filesystem::rename(folder_.path() / "cat", folder_.path() / "whole");
  folder_.write("bird/a.tiff", "something");
  EXPECT_NE(message_of(open(Split::kTrain)).find("(but 1 .tiff)"), std::string::npos);

  const TemporaryFolder parts;
  for (const char* const name : {"train/cat", "train/dog", "holdout/cat"}) {
    parts.write(std::string(name) + "/0.png", grey_png(2, 2, 3));
  }
  const auto data = open_dataset(parts.path().string(), Split::kTrain);
  ASSERT_TRUE(data.ok()) << message_of(data);
  ASSERT_EQ(data->notes.size(), 1U);
  EXPECT_NE(data->notes[0].find("holdout is left out"), std::string::npos);
}

TEST_F(ImageFolders, AreResizedAndRecoloured) {
  folder_.write("cat/big.png", grey_png(40, 40, 7));
  EXPECT_NE(message_of(open(Split::kAll)).find("two sizes"), std::string::npos);
  DatasetOptions options;
  options.size = {6, 5, 1};
  const auto data = open(Split::kAll, options);
  ASSERT_TRUE(data.ok()) << message_of(data);
  EXPECT_EQ(data->images.shape(), (Shape{21, 6, 5, 1}));
  EXPECT_EQ(std::ranges::count(first_pixels(*data), 7), 2);
  options.size = {6, 5, 2};
  EXPECT_FALSE(open(Split::kAll, options).ok());
}

TEST_F(ImageFolders, NameTheCorruptImageOrLeaveItOut) {
  const std::string whole = grey_png(4, 3, 5);
  folder_.write("dog/bad.png", whole.substr(0, whole.size() / 2));
  EXPECT_NE(message_of(open(Split::kAll)).find("dog/bad.png"), std::string::npos);
  DatasetOptions options;
  options.skip_bad_images = true;
  const auto data = open(Split::kAll, options);
  ASSERT_TRUE(data.ok()) << message_of(data);
  EXPECT_EQ(data->images.shape()[0], 20);
  EXPECT_EQ(data->size(), 20U);
  ASSERT_EQ(data->skipped.size(), 1U);
  EXPECT_NE(data->skipped[0].find("dog/bad.png"), std::string::npos);
  EXPECT_EQ(first_pixels(*data), first_pixels(*[&] {
              std::filesystem::remove(folder_.path() / "dog/bad.png");
              return open(Split::kAll);
            }()));
}

TEST_F(ImageFolders, TakeOnlySome) {
  DatasetOptions options;
  options.max_images = 5;
  std::size_t read = 0;
  options.on_image = [&](std::size_t, std::size_t total) { read += total == 5 ? 1 : 100; };
  const auto data = open(Split::kAll, options);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->size(), 5U);
  EXPECT_EQ(read, 5U);
  EXPECT_TRUE(std::ranges::is_sorted(first_pixels(*data)));
}

TEST(Dataset, SaysWhatIsWrongWithAFolder) {
  const auto message = [](const TemporaryFolder& folder) {
    return message_of(open_dataset(folder.path().string(), Split::kTrain));
  };
  const TemporaryFolder nothing;
  EXPECT_NE(message(nothing).find("neither IDX files nor sub-folders"), std::string::npos);
  const TemporaryFolder loose;
  loose.write("a.png", grey_png(2, 2, 1));
  EXPECT_NE(message(loose).find("one sub-folder for each class"), std::string::npos);
  const TemporaryFolder single;
  single.write("cat/a.png", grey_png(2, 2, 1));
  EXPECT_NE(message(single).find("1 class, at least 2"), std::string::npos);
  std::filesystem::create_directories(single.path() / "dog");
  EXPECT_NE(message(single).find("class \"dog\" is empty"), std::string::npos);
  const TemporaryFolder control;
  control.write("a\nb/a.png", grey_png(2, 2, 1));
  EXPECT_NE(message(control).find("control characters"), std::string::npos);
  EXPECT_NE(message_of(open_dataset("no-such", Split::kTrain)).find("no data set"),
            std::string::npos);
}

TEST(Dataset, ReadsFoldersOfIdxFiles) {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte.gz", gzip(idx_bytes({4, 1, 2}, "abcdefgh")));
  folder.write("train-labels-idx1-ubyte", idx_bytes({4}, std::string("\0\1\0\1", 4)));
  folder.write("t10k-images.idx3-ubyte", idx_bytes({1, 1, 2}, "xy"));
  folder.write("t10k-labels.idx1-ubyte", idx_bytes({1}, "\2"));
  const std::string path = folder.path().string();
  const auto test = open_dataset(path, Split::kTest);
  ASSERT_TRUE(test.ok()) << message_of(test);
  EXPECT_EQ(test->images.shape(), (Shape{1, 1, 2, 1}));
  EXPECT_EQ(test->classes, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(first_pixels(*open_dataset(path, Split::kAll)),
            (std::vector<int>{'a', 'c', 'e', 'g', 'x'}));

  folder.write("labels.txt", "shoe\nhat\n");
  EXPECT_NE(message_of(open_dataset(path, Split::kTest)).find("only 2 classes"), std::string::npos);
  folder.write("labels.txt", "shoe\nhat\ncoat\n");
  EXPECT_EQ(open_dataset(path, Split::kTest)->classes[1], "hat");
  folder.write("train-labels-idx1-ubyte", idx_bytes({3}, std::string("\0\1\0", 3)));
  EXPECT_NE(message_of(open_dataset(path, Split::kTrain)).find("4 images"), std::string::npos);
  std::filesystem::remove(folder.path() / "train-labels-idx1-ubyte");
  EXPECT_NE(message_of(open_dataset(path, Split::kTrain)).find("no file of labels"),
            std::string::npos);
}

TEST(Dataset, KnowsFashionMnist) {
  const auto test = open_dataset("fashion-mnist", Split::kTest);
  if (test.status().code() == StatusCode::kNotFound) GTEST_SKIP() << message_of(test);
  ASSERT_TRUE(test.ok()) << message_of(test);
  EXPECT_EQ(test->images.shape(), (Shape{10'000, 28, 28, 1}));
  EXPECT_EQ(test->labels[0], 9);
  EXPECT_EQ(test->classes[9], "ankle_boot");

  const auto footwear = open_dataset("fashion-footwear", Split::kTest);
  ASSERT_TRUE(footwear.ok()) << message_of(footwear);
  EXPECT_EQ(footwear->images.shape(), (Shape{9'000, 20, 20, 3}));
  EXPECT_EQ(std::ranges::count(footwear->labels, 1), 3'000);
}

}  // namespace
}  // namespace tinysplit::test
