#include <gtest/gtest.h>

#include <random>

#include "datasets/csv_table.h"
#include "datasets/dataset.h"
#include "datasets/dataset_files.h"

namespace tinysplit::test {
namespace {

using Numbers = std::vector<float>;
using Words = std::vector<std::string>;

TEST(Csv, DetectsSeparatorsHeadersAndDecimalCommas) {
  const Numbers numbers{1, 2.5F, -3e2F, 4};
  for (const char* text :
       {"1,2.5\n-3e2,4\n", "1;2.5\r\n-300;4", "1;2,5\n-3e2;4\n", "1\t2.5\n-300\t4\n",
        "1  2.5 \n -300 4\n", "a,b\n1,2.5\n-300,4", "\xef\xbb\xbf\"a\",\"b, c\"\n1,2.5\n-300,+4\n",
        "# said\n\n1, 2.5\n\n -300 ,4\n", "x;y\n1;2,5\n-300;4\n"}) {
    const auto table = parse_csv(text);
    ASSERT_TRUE(table.ok()) << text << table.status().message();
    EXPECT_EQ(table->numbers, numbers) << text;
    EXPECT_EQ(table->rows, 2U);
    EXPECT_EQ(table->columns, 2U);
  }
  EXPECT_EQ(parse_csv("a,b\n1,2\n")->header, (Words{"a", "b"}));
  EXPECT_TRUE(parse_csv("1,2\n")->header.empty());
  // Words in both rows are labels, not names of columns.
  const auto labelled = parse_csv("1,cat\n2,\"a \"\"dog\"\"\"\n");
  EXPECT_TRUE(labelled->header.empty());
  EXPECT_EQ(labelled->words, (std::vector<Words>{{"cat", "a \"dog\""}}));
  EXPECT_EQ(labelled->numbers, (Numbers{1, 2}));
}

TEST(Csv, ErrorsNameLineAndColumn) {
  const auto message = [](const std::string& text) {
    const auto table = parse_csv(text);
    return table.ok() ? std::string() : table.status().message();
  };
  EXPECT_NE(message("1,2\n3,x\n").find("line 2, column 2: \"x\""), std::string::npos);
  EXPECT_NE(message("a,b\n1,2\n3,\n").find("line 3, column 2: is empty"), std::string::npos);
  EXPECT_NE(message("1,2\n3\n").find("line 2 has 1 columns"), std::string::npos);
  EXPECT_NE(message("1,2\n3,\"4\n").find("line 2, column 2"), std::string::npos);
  EXPECT_NE(message("1,2\n3,nan\n").find("\"nan\""), std::string::npos);
  EXPECT_NE(message("1,2\n3,1e999\n").find("\"1e999\""), std::string::npos);
  EXPECT_EQ(parse_csv("1,1e-999\n")->numbers, (Numbers{1, 0}));
  EXPECT_NE(message("1,2\n3,-1e999\n"), "");
  EXPECT_NE(message("").find("no rows"), std::string::npos);
  EXPECT_NE(message("a,b\n"), "a,b\n");
}

TEST(Csv, NoBytesCrashIt) {
  std::mt19937 random(5);
  const std::string letters = "01.,;\t \"\n\r-e#a\xff";
  for (int trial = 0; trial < 3000; ++trial) {
    std::string text;
    for (auto i = random() % 40; i > 0; --i) text += letters[random() % letters.size()];
    const auto table = parse_csv(text);
    if (table.ok()) {
      EXPECT_EQ(table->numbers.size() + table->rows * table->words.size(),
                table->rows * table->columns);
    } else {
      EXPECT_FALSE(table.status().message().empty());
    }
  }
}

Result<LabelledImages> open(const TemporaryFolder& folder, const std::string& name,
                            std::vector<std::int64_t> dims = {}, Split split = Split::kAll) {
  DatasetOptions options;
  options.sample_dims = std::move(dims);
  options.needs_labels = false;
  options.min_classes = 1;
  return open_dataset((folder.path() / name).string(), split, options);
}

TEST(CsvData, IsAWindowInEachRow) {
  const TemporaryFolder folder;
  folder.write("named.csv", "a0,a1,label,split\n1,2,run,train\n3,4,walk,test\n5,6,run,train\n");
  const auto data = open(folder, "named.csv", {1, 2});
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_EQ(data->images.shape(), (Shape{3, 1, 2}));
  EXPECT_EQ(data->classes, (Words{"run", "walk"}));
  // Parts one after the other.
  EXPECT_EQ(data->labels, (std::vector<std::int32_t>{0, 0, 1}));
  EXPECT_EQ(open(folder, "named.csv", {1, 2}, Split::kTest)->images.as<float>()[1], 4.0F);

  folder.write("last.csv", "1,2,0\n3,4,1\n");
  EXPECT_EQ(open(folder, "last.csv", {2})->labels, (std::vector<std::int32_t>{0, 1}));
  EXPECT_TRUE(open(folder, "last.csv", {3})->labels.empty());
  EXPECT_FALSE(open(folder, "last.csv", {4}).ok());

  folder.write("parts/train.csv", "1,2,a\n3,4,b\n");
  folder.write("parts/test.csv", "5,6,b\n");
  EXPECT_EQ(open(folder, "parts", {2}, Split::kTest)->labels, (std::vector<std::int32_t>{1}));
}

TEST(CsvData, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  folder.write("x.csv", "time,a\n2026-12-01,2\n2026-12-02,3\n");
  EXPECT_NE(open(folder, "x.csv").status().message().find("x.csv: column 1 (\"time\")"),
            std::string::npos);
  folder.write("x.csv", "a,split\n1,some\n2,train\n");
  EXPECT_NE(open(folder, "x.csv").status().message().find("\"some\""), std::string::npos);
  folder.write("x.csv", "1,2\n3,x\n");
  EXPECT_NE(open(folder, "x.csv").status().message().find("x.csv: line 2"), std::string::npos);
}

TEST(CsvData, IsCutFromARecordingInEachFile) {
  const TemporaryFolder folder;
  folder.write("data/walk/a.csv", "time,ax,ay\n0,1,2\n1,3,4\n2,5,6\n3,7,8\n4,9,10\n");
  folder.write("data/run/b.csv", "1,2\n3,4\n");
  folder.write("data/run/note.md", "x");
  const auto data = open(folder, "data", {2, 2, 1});
  ASSERT_TRUE(data.ok()) << data.status().message();
  EXPECT_EQ(data->images.shape(), (Shape{3, 2, 2, 1}));
  EXPECT_EQ(data->classes, (Words{"run", "walk"}));
  EXPECT_EQ(data->labels, (std::vector<std::int32_t>{0, 1, 1}));
  EXPECT_EQ(data->images.as<float>()[8], 5.0F);
  ASSERT_EQ(data->notes.size(), 1U);
  EXPECT_EQ(open(folder, "data", {4})->images.shape(), (Shape{3, 4}));
  EXPECT_NE(open(folder, "data", {3, 2}).status().message().find("b.csv: it has 2 rows"),
            std::string::npos);
  EXPECT_NE(open(folder, "data", {2, 3}).status().message().find("needs 2 of 3"),
            std::string::npos);
  folder.write("images/a/a.txt", "1,2\n");
  folder.write("images/a/b.png", grey_png(2, 2, 7));
  EXPECT_TRUE(open(folder, "images")->are_pixels);
  folder.write("parts/train/walk/a.csv", "1,2\n");
  folder.write("parts/test/walk/a.csv", "3,4\n5,6\n");
  EXPECT_EQ(open(folder, "parts", {1, 2}, Split::kTest)->size(), 2U);
}

}  // namespace
}  // namespace tinysplit::test
